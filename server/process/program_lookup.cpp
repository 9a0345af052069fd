#include "server/process/program_lookup.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "server/base/os_error.h"

namespace paned {
namespace {

// Where a name is searched when the child's environment has no PATH.
constexpr std::string_view kDefaultPath = "/usr/local/bin:/bin:/usr/bin";

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string_view SearchPath(const std::vector<std::string>& env) {
  for (const std::string& entry : env) {
    if (entry.compare(0, 5, "PATH=") == 0) return std::string_view(entry).substr(5);
  }
  return kDefaultPath;
}

// A look before the leap: a spawn that fails costs far more than a stat. Relative candidates count
// from the child's directory.
bool Exists(const std::string& candidate, const std::string& cwd) {
  struct stat status = {};
  const std::string path = candidate.front() == '/' ? candidate : cwd + "/" + candidate;
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

}  // namespace

Error StartError(int error_number, std::string path, std::string hint) {
  return {ErrorKind::kInternal, OsErrorText(error_number), std::move(path), {}, std::move(hint)};
}

std::optional<Error> RefusePlan(const LaunchPlan& plan) {
  if (plan.argv.front().empty()) {
    return Error{ErrorKind::kInternal, "missing program for pipe spawn"};
  }
  if (std::any_of(plan.argv.begin(), plan.argv.end(), HasNul) ||
      (plan.arg0 && HasNul(*plan.arg0))) {
    return Error{ErrorKind::kInternal, "nul byte found in provided data"};
  }
  if (std::any_of(plan.env.begin(), plan.env.end(), HasNul)) {
    return Error{ErrorKind::kInternal, "data provided contains a nul byte"};
  }
  return std::nullopt;
}

std::vector<std::string> ProgramCandidates(const LaunchPlan& plan) {
  const std::string& name = plan.argv.front();
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> candidates;
  std::string_view rest = SearchPath(plan.env);
  while (true) {
    const std::size_t colon = rest.find(':');
    std::string entry(rest.substr(0, colon));
    std::string candidate = entry.empty() ? "./" + name : entry + "/" + name;
    if (Exists(candidate, plan.cwd)) candidates.push_back(std::move(candidate));
    if (colon == std::string_view::npos) return candidates;
    rest.remove_prefix(colon + 1);
  }
}

Error ExplainStartFailure(int error_number, const LaunchPlan& plan) {
  if (error_number == 0) error_number = ENOENT;
  struct stat status = {};
  const bool no_directory = ::stat(plan.cwd.c_str(), &status) != 0;
  if (no_directory || !S_ISDIR(status.st_mode)) {
    // The directory's own fault, unless the failure was of another kind.
    if (error_number == ENOENT || error_number == ENOTDIR) {
      error_number = no_directory ? errno : ENOTDIR;
    }
    return StartError(error_number, plan.cwd,
                      "the working directory is missing or not a directory");
  }
  const char* hint = "";
  if (error_number == ENOENT) hint = "the program is not there, nor in the child's PATH";
  if (error_number == EACCES) hint = "the program is not an executable file";
  if (error_number == ENOEXEC) hint = "the file is no binary and has no #! line";
  if (error_number == E2BIG) hint = "argv and env together are larger than the system takes";
  return StartError(error_number, plan.argv.front(), hint);
}

}  // namespace paned
