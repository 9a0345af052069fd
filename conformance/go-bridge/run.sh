#!/bin/sh
# Builds the client, starts a server, walks it, stops it.
#   run.sh [-s SUBCOMMAND] PATH-TO-SERVER [BUILD-DIR [CLIENT-OPTION...]]
#   run.sh --build BUILD-DIR    only builds, and prints the path of the client
#   run.sh --built CLIENT [-s SUBCOMMAND] PATH-TO-SERVER [LOG-DIR [CLIENT-OPTION...]]
#   run.sh --same-list CLIENT    cases.txt is what the client lists
#   run.sh --mutations BUILD-DIR PATH-TO-SERVER    the cases see a server that is broken
# Exit: 0 all passed, 1 something failed, 77 the client cannot be built here or nothing could be judged.
set -u

usage() { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }

source_dir=$(cd "$(dirname "$0")" && pwd)

# use_go DIR: sets up Go with its cache in DIR. GOPATH mode: the websocket package comes from the
# distribution, nothing is fetched.
use_go() {
  mkdir -p "$1" || exit 2
  build_dir=$(cd "$1" && pwd)
  export GO111MODULE=off GOFLAGS=-buildvcs=false GOWORK=off GOCACHE="$build_dir/go-cache"
  export GOPATH="${GO_BRIDGE_GOPATH:-/usr/share/gocode}"
  command -v go >/dev/null 2>&1 || { echo "SKIP: go is missing (apt install golang)" >&2; exit 77; }
  go list nhooyr.io/websocket >/dev/null 2>&1 ||
    { echo "SKIP: nhooyr.io/websocket is missing (apt install golang-nhooyr-websocket-dev)" >&2; exit 77; }
}

# build DIR: makes DIR/go-bridge and prints its path; one that is there already goes first.
build() {
  rm -f "$1/go-bridge"
  use_go "$1"
  (cd "$source_dir" && go build -o "$build_dir/go-bridge" .) || exit 1
  echo "$build_dir/go-bridge"
}

# need_client PATH: it is there, or the build was skipped.
need_client() {
  [ -x "$1" ] || { echo "SKIP: no $1: run.sh --build says why"; exit 77; }
}

client=
case ${1-} in
  --build) [ $# -eq 2 ] || usage; build "$2"; exit 0 ;;
  --built)
    [ $# -ge 3 ] || usage
    need_client "$2"
    client=$2; shift 2 ;;
  --same-list)
    [ $# -eq 2 ] || usage
    need_client "$2"
    "$2" -list | diff -u "$source_dir/cases.txt" - && exit 0
    echo "cases.txt is not what the client lists: go-bridge -list > cases.txt"
    exit 1 ;;
  --mutations)
    [ $# -eq 3 ] || usage
    use_go "$2"
    cd "$source_dir" || exit 2
    PANED=$3 exec go test -count=1 -parallel 12 . ;;
esac
subcommand=serve
if [ "${1-}" = -s ]; then [ $# -ge 3 ] || usage; subcommand=$2; shift 2; fi
[ $# -ge 1 ] || usage
server=$1
shift
work_dir=${1:-${TMPDIR:-/tmp}/go-bridge-build}
[ $# -gt 0 ] && shift
[ -n "$client" ] || client=$(build "$work_dir") || exit
[ -x "$server" ] || { echo "run.sh: $server is no program" >&2; exit 2; }

# A killed child stays a zombie until it is waited for: ask for the state, not the pid.
alive() {
  case $(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) in
    '' | Z) return 1 ;;
  esac
}

run_dir=$(mktemp -d "$work_dir/run-XXXXXX") || exit 2
server_pid=
stop() {
  if [ -n "$server_pid" ] && alive "$server_pid"; then
    kill "$server_pid" 2>/dev/null
    tries=50
    while alive "$server_pid" && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
    alive "$server_pid" && { echo "run.sh: SIGTERM did not stop the server in 5 s" >&2; kill -9 "$server_pid"; }
  fi
  rm -rf "$run_dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The first line on stdout is the URL; the fifo stays open so that later lines do no harm.
mkfifo "$run_dir/stdout"
"$server" "$subcommand" --listen ws://127.0.0.1:0 </dev/null >"$run_dir/stdout" 2>"$run_dir/stderr" &
server_pid=$!
exec 3<"$run_dir/stdout"
url=$(timeout 20 head -n 1 <&3)
case $url in
  ws://*) ;;
  *) echo "run.sh: expected a ws:// URL on the first line of stdout, came '$url'; stderr:" >&2
     tail -n 5 "$run_dir/stderr" >&2
     exit 1 ;;
esac
"$client" -url "$url" "$@"
status=$?
if ! alive "$server_pid"; then
  echo "run.sh: the server did not survive; stderr:" >&2
  tail -n 5 "$run_dir/stderr" >&2
  status=1
fi
exit $status
