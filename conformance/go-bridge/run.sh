#!/bin/sh
# Builds the client, starts a server, walks it, stops it.
#   run.sh [-s SUBCOMMAND] PATH-TO-PANED [BUILD-DIR [CLIENT-OPTION...]]
# Exit: 0 all passed, 1 something failed, 77 the client cannot be built here.
set -u

subcommand=serve
if [ "${1-}" = -s ]; then subcommand=$2; shift 2; fi
if [ $# -lt 1 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
server=$1
shift
source_dir=$(cd "$(dirname "$0")" && pwd)
build_dir=${1:-${TMPDIR:-/tmp}/go-bridge-build}
[ $# -gt 0 ] && shift
mkdir -p "$build_dir" || exit 2
build_dir=$(cd "$build_dir" && pwd)

# GOPATH mode: the websocket package comes from the distribution, nothing is fetched.
export GO111MODULE=off GOFLAGS=-buildvcs=false GOWORK=off GOCACHE="$build_dir/go-cache"
export GOPATH="${GO_BRIDGE_GOPATH:-/usr/share/gocode}"
command -v go >/dev/null 2>&1 || { echo "SKIP: go is missing (apt install golang)"; exit 77; }
go list nhooyr.io/websocket >/dev/null 2>&1 ||
  { echo "SKIP: nhooyr.io/websocket is missing (apt install golang-nhooyr-websocket-dev)"; exit 77; }
(cd "$source_dir" && go build -o "$build_dir/go-bridge" .) || exit 1
[ -x "$server" ] || { echo "run.sh: $server is no program" >&2; exit 2; }

# A killed child stays a zombie until it is waited for: ask for the state, not the pid.
alive() {
  case $(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) in
    '' | Z) return 1 ;;
  esac
}

run_dir=$(mktemp -d "$build_dir/run-XXXXXX") || exit 2
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
"$server" "$subcommand" --listen ws://127.0.0.1:0 </dev/null >"$run_dir/stdout" 2>"$build_dir/server.log" &
server_pid=$!
exec 3<"$run_dir/stdout"
url=$(timeout 20 head -n 1 <&3)
case $url in
  ws://*) ;;
  *) echo "run.sh: expected a ws:// URL on the first line of stdout, came '$url'; stderr:" >&2
     tail -n 5 "$build_dir/server.log" >&2
     exit 1 ;;
esac
"$build_dir/go-bridge" -url "$url" "$@"
status=$?
if ! alive "$server_pid"; then
  echo "run.sh: the server did not survive; stderr:" >&2
  tail -n 5 "$build_dir/server.log" >&2
  status=1
fi
exit $status
