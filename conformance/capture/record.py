"""Records what a client and a server say to each other.

--upstream: stands between any client and any server, and writes what goes through to a file; ends with SIGINT or
SIGTERM.  --codex: lets the real codex CLI of a version play the scenarios of `paned-conformance live` with the
exec-server of the same version, records each, and makes cases for `paned-conformance run` from what passed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from capture import every_scenario, relay

_CASES = Path(__file__).resolve().parent.parent / "sessions"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--upstream", metavar="URL", help="record what goes to this server: ws://HOST:PORT[/path]")
    mode.add_argument("--codex", metavar="VERSION", help="record the scenarios with this version of codex, e.g. 0.169.0")
    between = parser.add_argument_group("with --upstream")
    between.add_argument("--out", type=Path, metavar="FILE", help="where the capture goes (needed)")
    between.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT",
                         help="where clients connect (default: loopback, any port); the first line of stdout is the URL")
    for name, what in (("root", "folder the session works in; convert spells it /tmp/ws"),
                       ("home", "home of the server; convert spells it /home/executor"),
                       ("client", "name and version of the client"), ("server", "name and version of the server")):
        between.add_argument(f"--{name}", metavar="DIR" if "folder" in what or name == "home" else "NAME",
                             help=f"note in the file: {what}")
    whole = parser.add_argument_group("with --codex")
    whole.add_argument("--scenario", default="*", metavar="GLOB", help="only the scenarios whose name matches")
    whole.add_argument("--sessions", type=Path, default=_CASES, metavar="FOLDER",
                       help="where the cases go, as VERSION/CASE (default: those of this suite)")
    whole.add_argument("--replace", action="store_true", help="record cases anew that are there; else they are left alone")
    whole.add_argument("--keep-captures", type=Path, metavar="FOLDER", help="keep the captures there, as VERSION/CASE.jsonl")
    whole.add_argument("--jobs", type=int, default=2, metavar="N", help="scenarios at a time (default 2)")


def main(arguments: argparse.Namespace) -> int:
    """Records; the exit code."""
    if arguments.codex:
        return every_scenario.record(arguments.codex, arguments.scenario, arguments.sessions, arguments.replace,
                                     arguments.keep_captures, arguments.jobs)
    if arguments.out is None:
        arguments.usage_error("--upstream needs --out FILE")
    notes = relay.Notes(arguments.root, arguments.home, arguments.client, arguments.server)
    return relay.record(arguments.upstream, arguments.listen, arguments.out, notes)
