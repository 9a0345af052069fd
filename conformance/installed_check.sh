#!/bin/sh
# Installs the build into a temporary prefix and uses the suite from there, as somebody would who has never seen the sources.
#   installed_check.sh BUILD-DIR
set -eu

fail() { echo "FAIL: $*" >&2; exit 1; }

build_dir=${1:?usage: installed_check.sh BUILD-DIR}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build_dir" --prefix "$work/first" >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; exit 1; }
mv "$work/first" "$work/moved"  # nothing may remember where it was installed
prefix=$work/moved
mkdir "$work/home"
cd /

suite() { env -i PATH="$prefix/bin:/usr/bin:/bin" HOME="$work/home" LANG=C.UTF-8 TMPDIR="$work" paned-conformance "$@"; }

[ -f "$prefix/share/man/man1/paned-conformance.1" ] || fail "no man page"
[ -f "$prefix/share/paned/protocol/README.md" ] || fail "no list of deviations"
left=$(find "$prefix/share/paned" -path '*/sessions' -prune -o \( -name 'test_*' -o -name CMakeLists.txt -o -name golden \) -print)
[ -z "$left" ] || fail "installed, but not for users: $left"
find "$prefix" | sort >"$work/before"

sed 's/\\-/-/g' "$prefix/share/man/man1/paned-conformance.1" >"$work/manual"
subcommands=$(suite --help | sed -n '/^subcommands:$/,$s/^  \([a-z-]*\) .*/\1/p')
[ -n "$subcommands" ] || fail "paned-conformance --help names no subcommands"
for subcommand in $subcommands; do
  suite "$subcommand" --help >"$work/help" || fail "paned-conformance $subcommand --help"
  grep -q "paned-conformance $subcommand" "$work/help" || fail "paned-conformance $subcommand --help does not say its name"
  grep -o -e '--[a-z][a-z-]*' "$work/help" | sort -u >"$work/options"
  while read -r option; do
    grep -q -e "$option" "$work/manual" || fail "the man page does not have $subcommand $option"
  done <"$work/options"
done

cases=$(suite run --list | wc -l)
[ "$cases" -gt 50 ] || fail "run --list names $cases cases"
suite run --paned "$prefix/bin/paned" --version 0.169.0 --case simple --json "$work/results.json" >"$work/run" ||
  { cat "$work/run" >&2; fail "a replay against the installed paned"; }
last=$(tail -n 1 "$work/run")
[ "$last" = '1 passed, 0 failed, 0 skipped' ] || fail "a replay ended with: $last"
for format in text json markdown html; do
  suite report "$work/results.json" --format "$format" >"$work/report.$format" || fail "report --format $format"
  grep -q initialize "$work/report.$format" || fail "report --format $format shows no methods"
done
grep -q 'prefers-color-scheme' "$work/report.html" || fail "the page has no style"

find "$prefix" | sort >"$work/after"
cmp -s "$work/before" "$work/after" || fail "the installed tree was written to: $(diff "$work/before" "$work/after")"
echo "$(echo "$subcommands" | wc -w) subcommands, $cases cases"
