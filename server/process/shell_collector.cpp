#include "server/process/shell_collector.h"

namespace paned {
namespace {

// Nothing here relies on options, aliases or functions the user may have set: builtins are called
// as such, no word is split, and a failure counts for nothing even under errexit. A request may
// name the wrong kind of shell: there the code gives up. `@` is the mark.

// The options come last, and xtrace is the last of them: restoring leaves no trace.
constexpr char kBash[] = R"sh(
[ -n "${BASH_VERSION-}" ] || exit 1
if [ -z "${BASH_ENV-}" ] && [ -r "${HOME-}/.bashrc" ]; then . "$HOME/.bashrc"; fi
\builtin printf '\0@\0' || \builtin :
\builtin shopt -p || \builtin :
\builtin declare -f || \builtin :
\builtin declare -Fx || \builtin :
\builtin alias -p || \builtin :
\builtin set +o || \builtin :
\builtin printf '\0@\0' || \builtin :
/usr/bin/env -0 || /bin/env -0 || \builtin :
\builtin printf '\0@\0'
)sh";

// Options that only the start of a shell decides are left out.
constexpr char kZsh[] = R"sh(
[ -n "${ZSH_VERSION-}" ] || exit 1
if [ -r "${ZDOTDIR:-${HOME-}}/.zshrc" ]; then . "${ZDOTDIR:-$HOME}/.zshrc"; fi
\builtin printf '\0@\0' || \builtin :
\builtin functions || \builtin :
\builtin setopt | while IFS= \builtin read -r paned_option; do
  case $paned_option in
    (*[!a-z0-9]*|interactive|shinstdin|singlecommand|restricted|privileged|monitor|zle) ;;
    (*) \builtin print -r -- "setopt $paned_option" ;;
  esac
done || \builtin :
(\builtin setopt norcquotes; \builtin alias -L) || \builtin :
\builtin printf '\0@\0' || \builtin :
/usr/bin/env -0 || /bin/env -0 || \builtin :
\builtin printf '\0@\0'
)sh";

// Some shells print an alias as a command, some as a word. ENV names a file for interactive shells;
// what POSIX expands in it is parameters, of which the home directory is what people use.
constexpr char kSh[] = R"sh(
paned_file=${ENV-}
case $paned_file in
  "~/"*) paned_file=${HOME-}/${paned_file#*/} ;;
  '$HOME/'*|'${HOME}/'*) paned_file=${HOME-}/${paned_file#*/} ;;
esac
case $paned_file in
  '') ;;
  /*) ;;
  *) paned_file=./$paned_file ;;
esac
if [ -f "$paned_file" ] && [ -r "$paned_file" ]; then . "$paned_file"; fi
unset paned_file
printf '\0@\0' || :
if [ -n "${BASH_VERSION-}" ]; then
  shopt -p || :
  declare -f || :
  declare -Fx || :
elif [ -n "${KSH_VERSION-}" ]; then
  typeset -f || :
fi
alias | while IFS= read -r paned_alias; do
  case $paned_alias in
    'alias '*) printf '%s\n' "$paned_alias" ;;
    [!' ']*=*) printf 'alias %s\n' "$paned_alias" ;;
    *) printf '%s\n' "$paned_alias" ;;
  esac
done || :
set +o || :
printf '\0@\0' || :
/usr/bin/env -0 || /bin/env -0 || :
printf '\0@\0'
)sh";

const char* TemplateOf(SnapshotShell shell) {
  switch (shell) {
    case SnapshotShell::kBash:
      return kBash;
    case SnapshotShell::kZsh:
      return kZsh;
    case SnapshotShell::kSh:
      break;
  }
  return kSh;
}

}  // namespace

std::string CollectorCode(SnapshotShell shell, std::string_view mark) {
  std::string code;
  for (const char c : std::string_view(TemplateOf(shell))) {
    if (c == '@') {
      code += mark;
    } else {
      code += c;
    }
  }
  return code;
}

std::string MarkLine(std::string_view mark) {
  return std::string(1, '\0') + std::string(mark) + std::string(1, '\0');
}

}  // namespace paned
