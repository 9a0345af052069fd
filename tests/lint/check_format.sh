#!/usr/bin/env bash
# Every C++ file is as clang-format writes it.
set -euo pipefail
cd "$(dirname "$0")/../.."
find protocol server tmux tests conformance -name '*.h' -o -name '*.cpp' | sort |
  xargs clang-format --dry-run --Werror
