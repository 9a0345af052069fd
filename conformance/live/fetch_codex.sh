#!/bin/sh
# Prints the path of the native codex binary of one version, e.g. `fetch_codex.sh 0.169.0`.
#
# Why it exists: the live test needs the real CLI, and an install is 300 MB. It is made once, with npm, into
# ${PANED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/paned}/codex/VERSION and only read afterwards; the folder
# appears by a rename, so a broken or parallel install is never seen. Without npm or a registry: exit 77.
set -eu

skip() {
  echo "SKIP: $1" >&2
  exit 77
}

native_binary() {
  find "$1" -path '*/vendor/*/codex' -type f -perm -u+x 2>/dev/null | head -n 1
}

version=${1:?usage: fetch_codex.sh VERSION}
case $version in
  */* | .*) echo "not a version: $version" >&2; exit 2 ;;
esac
cache=${PANED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/paned}/codex
binary=$(native_binary "$cache/$version")
if [ -n "$binary" ]; then
  echo "$binary"
  exit 0
fi

command -v npm >/dev/null 2>&1 || skip "npm is not installed"
mkdir -p "$cache" || skip "cannot write $cache"
staging=$(mktemp -d "$cache/.staging-$version-XXXXXX") || skip "cannot write $cache"
trap 'rm -rf "$staging"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$staging"

timeout 600 npm install --prefix "$staging" --no-audit --no-fund --ignore-scripts --fetch-retries 1 \
  "@openai/codex@$version" >"$staging/install.log" 2>&1 \
  || skip "npm cannot install @openai/codex@$version: $(grep -m 1 -i 'err' "$staging/install.log" || echo 'timed out')"
[ -n "$(native_binary "$staging")" ] || skip "@openai/codex@$version has no native binary for $(uname -sm)"

# -T: a folder that another install put there meanwhile is not nested into; it is used instead.
mv -T "$staging" "$cache/$version" 2>/dev/null || true
binary=$(native_binary "$cache/$version")
[ -n "$binary" ] || { echo "$cache/$version is there but holds no codex: remove it" >&2; exit 1; }
echo "$binary"
