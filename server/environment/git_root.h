// Where a git repository begins, as far as trusting a directory needs it.
// Source: gitrepository-layout(5), measured; protocol/README.md. Threading: thread-safe; blocking,
// for workers.
#pragma once

#include <optional>
#include <string>

namespace paned {

// True when `path`, named ".git", is a repository's: a directory with a HEAD in it, or anything
// that is no directory (a worktree's or a submodule's file).
bool IsGitEntry(const std::string& path);

// The repository around `directory` (absolute), by the nearest ".git": the directory it stands in,
// or, for a linked worktree that its repository knows of, the repository's main directory. Nothing
// outside of git and for other files (a submodule's).
std::optional<std::string> FindGitRoot(const std::string& directory);

}  // namespace paned
