#!/usr/bin/env bash
# Builds the image from the Dockerfile, without a registry: on a stand-in for debian:bookworm-slim
# that debootstrap makes from this machine's own package mirror.
#   build.sh CACHE      stdout: buildah's storage options, the image, the base, one a line
# Base and layers are kept in the folder CACHE: a second build of the same sources takes seconds.
# Nobody else may use CACHE meanwhile; run.py sees to that.
# Exit: 0 built, 1 the build failed, 77 it cannot be tried here.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=$1
suite=bookworm

skip() { echo "SKIP: $*"; exit 77; }
say() { echo "-- $*" >&2; }

[ "$(id -u)" -eq 0 ] || skip "building an image this way takes root"
for tool in buildah debootstrap apt-get; do
  command -v "$tool" >/dev/null || skip "$tool is missing (apt install buildah debootstrap)"
done

# The container's apt must reach what ours reaches: the same mirrors, and the same proxies. These
# go into the stand-in base; the Dockerfile knows nothing of them.
apt_sources() {
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' |
    grep -E " $suite(-updates|-security)? main\$" | sort -u
}
apt_settings() {
  apt-config dump Acquire |
    grep -E '^Acquire::(https?::|Check-Date|Check-Valid-Until|Retries)' || true
  echo 'Acquire::Languages "none";'
}
# What comes from Debian is known only after an update.
sources=$(apt_sources || { apt-get update -qq >&2 && apt_sources; }) ||
  skip "this machine has no package source of Debian $suite"
mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' <<<"$sources")
[ -n "$mirror" ] || skip "this machine has no package source of Debian $suite"

# Plain copies work everywhere; overlays are ten times as quick, but not inside every container.
storage_of() { echo --storage-driver "$1" --root "$cache/$1" --runroot "$cache/$1-run"; }
read -ra storage < <(storage_of overlay)
buildah "${storage[@]}" info >/dev/null 2>&1 || read -ra storage < <(storage_of vfs)
export BUILDAH_ISOLATION=chroot
# What an interrupted run has left.
buildah "${storage[@]}" rm --all >/dev/null 2>&1 || true
rm -rf "$cache"/root-*

have() { buildah "${storage[@]}" inspect --type image "$1" >/dev/null 2>&1; }

# What the official slim image leaves out, so that sizes can be compared with it.
slim_down() {
  local root=$1
  cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'RULES'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
RULES
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  rm -rf "$root"/usr/share/{groff,info,linda,lintian,locale,man}/* "$root"/var/lib/apt/lists/* \
    "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log
  echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' \
    >"$root/etc/apt/apt.conf.d/docker-clean"
}

make_base() { # make_base NAME
  local root container include=()
  [[ $sources == *https:* ]] && include=(--include=ca-certificates)
  say "debootstrap $suite from $mirror"
  root=$(mktemp -d "$cache/root-XXXXXX")
  # shellcheck disable=SC2064 # this very folder
  trap "rm -rf '$root'" EXIT
  debootstrap --variant=minbase "${include[@]}" "$suite" "$root" "$mirror" >"$cache/debootstrap.log" 2>&1 || {
    tail -n 5 "$cache/debootstrap.log" >&2
    skip "debootstrap cannot build from $mirror (see $cache/debootstrap.log)"
  }
  echo "$sources" >"$root/etc/apt/sources.list"
  apt_settings >"$root/etc/apt/apt.conf.d/90host"
  slim_down "$root"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" copy -q "$container" "$root" / >/dev/null
  buildah "${storage[@]}" config --cmd bash \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah "${storage[@]}" commit -q --rm "$container" "$1" >/dev/null
  rm -rf "$root"
}

# Named by what it is made of: another mirror makes another base.
recipe=$({ declare -f make_base slim_down; echo "$sources"; apt_settings; } | sha256sum)
base=localhost/debian:$suite-slim-${recipe:0:12}
have "$base" || make_base "$base"

version=$(sed -nE 's/^project\(paned VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
# What the machine has compiled already need not be compiled again in there.
compiled=()
if compiler_cache=$(ccache -k cache_dir 2>/dev/null) && mkdir -p "$compiler_cache"; then
  compiled=(--volume "$compiler_cache:/root/.cache/ccache")
fi

bud() { # bud STAGE-OPTIONS...
  buildah "${storage[@]}" bud "${compiled[@]}" --layers --format docker --build-arg "BASE=$base" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" -f Dockerfile "$@" . \
    >"$cache/build.log" 2>&1 || { tail -n 30 "$cache/build.log" >&2; return 1; }
}
# The stages are named, so that their layers are kept and everything older is not.
say "building the image (the first time takes minutes)"
bud --target tools -t localhost/paned-check:tools
bud --target build -t localhost/paned-check:build
bud -t localhost/paned-check:latest
buildah "${storage[@]}" rmi --prune >/dev/null 2>&1 || true

echo "${storage[*]}"
echo "localhost/paned-check:latest"
echo "$base"
