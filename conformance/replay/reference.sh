#!/bin/sh
# Plays the sessions of one codex version against codex's own exec-server of that version, e.g. `reference.sh 0.169.0`.
#
# Why it exists: a suite that the recorded server does not pass is wrong. Without npm or a registry: exit 77.
set -eu
here=$(dirname "$0")
version=${1:?usage: reference.sh VERSION [OPTION...]}
shift
binary=$("$here/../live/fetch_codex.sh" "$version")
exec "$here/../paned-conformance" run --start "'$binary' exec-server --listen ws://127.0.0.1:0" \
  --version "$version" --server-name "codex $version" "$@"
