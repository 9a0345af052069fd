#!/usr/bin/env bash
# Runs every fuzz target for a moment, so that none of them rots and cheap finds are found.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/scripts/packages.sh
source tests/scripts/packages.sh
build fuzz
found=0
for target in build/fuzz/tests/fuzz/*_fuzz; do
  [ -x "$target" ] || continue
  found=1
  say "$(basename "$target")"
  "$target" -max_total_time="${FUZZ_SECONDS:-20}" -max_len=4096 -print_final_stats=0 -verbosity=0
done
[ "$found" = 1 ] || { echo "no fuzz targets were built" >&2; exit 1; }
