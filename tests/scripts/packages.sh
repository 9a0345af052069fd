# Installs what a fresh Debian 12 machine lacks. Sourced by ./run and ./test.
# shellcheck shell=bash

# What building and running takes.
BUILD_PACKAGES=(g++ cmake ninja-build libwebsocketpp-dev libasio-dev rapidjson-dev nettle-dev libtomlplusplus-dev tmux
  libcurl4-openssl-dev libcurl4 ca-certificates)
# What the tests of one build take beside that: GoogleTest, clang-format, the programs that terminals run, and what makes
# building quicker.
TEST_PACKAGES=(ccache libgtest-dev clang-format python3 python3-websockets procps vim-tiny less openssl)
# What all of ./test takes beside that: clang-tidy, the fuzzers, and the live clients.
FULL_PACKAGES=(clang-tidy clang libclang-rt-14-dev golang-go golang-nhooyr-websocket-dev)
# What building and running the image takes beside that.
IMAGE_PACKAGES=(buildah debootstrap iproute2)

say() { printf '== %s\n' "$*"; }

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# install_packages NAME...: as root, or with sudo; says what it does.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Missing packages, and neither root nor sudo to install them:" >&2
      echo "  apt install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  say "installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: configures once, builds what changed, shows the build's own progress.
build() {
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
