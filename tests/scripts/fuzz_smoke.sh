#!/usr/bin/env bash
# Runs every fuzz target for a moment, so that none of them rots and cheap finds are found; as many at a time as there are
# processors. `cmake --build --preset fuzz --target fuzzers` makes them.
set -euo pipefail
cd "$(dirname "$0")/../../build/fuzz/tests/fuzz"
seconds=${FUZZ_SECONDS:-20}
run() {
  "./$1" -max_total_time="$2" -max_len=4096 -print_final_stats=0 -verbosity=0 2>&1 || { echo "FAILED $1"; exit 1; }
  echo "$1: $2 s"
}
export -f run
printf '%s\n' *_fuzz | grep . | xargs -P "$(nproc)" -I{} bash -c "run {} $seconds"
