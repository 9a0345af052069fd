"""All clients at once against one server: the real codex CLI of several versions and the Go walk.

A line per client, then whether all were connected at one moment, whether the server survived and left nothing behind,
then `N clients green, N not`.  Exit 0: all green and all of that true; 1: not; 77: codex or Go cannot be had here.
See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from cross import processes
from cross.client import Client, CodexClient, GoClient, Tally
from cross.gathering import gather, wait_for_all
from cross.target import Target
from live.server_process import ServerError
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP

FORMAT = 1
EXIT_SKIPPED = 77
_FOLDER = Path(__file__).resolve().parent.parent
_GO = "go"
_REASON_WIDTH = 160


class Skip(Exception):
    """A client cannot be had on this machine."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--paned", type=Path, metavar="PATH", help="start this paned binary")
    target.add_argument("--codex", metavar="VERSION", help="start codex's own exec-server of this version")
    target.add_argument("url", nargs="?", metavar="ws://URL", help="a server that runs already and sees this machine's files")
    parser.add_argument("--clients", default="0.120.0,0.135.0,0.150.1,0.169.0,go", metavar="LIST",
                        help="versions of codex, and go (default %(default)s)")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only these scenarios of the codex clients")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="scenarios at a time and client (default 2)")
    parser.add_argument("--server-name", default="", metavar="NAME", help="what the results call a server given by its URL")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE (for paned-conformance report)")
    parser.add_argument("--cases", action="store_true", help="also print a line for each case of each client, and their sum")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep there what each client printed and its results")


def main(arguments: argparse.Namespace) -> int:
    """Lets the clients work and prints what came of it; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that everything is cleaned up
    names = [name for name in arguments.clients.split(",") if name]
    processes.adopt_orphans()
    root = Path(tempfile.mkdtemp(prefix="paned-cross-")).resolve()
    clients: list[Client] = []
    target: Target | None = None
    try:
        go = _go_binary(root / "go-build") if _GO in names else None
        for version in dict.fromkeys([name for name in names if name != _GO] + ([arguments.codex] if arguments.codex else [])):
            _codex_binary(version)
        target = _target(arguments, root / "server")
        return _cross(arguments, names, go, target, root, clients)
    except Skip as skip:
        print(f"SKIP: {skip}")
        return EXIT_SKIPPED
    except ServerError as error:
        sys.exit(f"server: {error}")
    finally:
        for client in clients:
            client.stop()
        if target is not None:
            target.stop()
        processes.kill_all(processes.descendants(os.getpid()))
        shutil.rmtree(root, ignore_errors=True)


def _cross(arguments: argparse.Namespace, names: Sequence[str], go: Path | None, target: Target, root: Path,
           clients: list[Client]) -> int:
    started, begun = datetime.now(timezone.utc), time.monotonic()
    meet = root / "meet"
    meet.mkdir()
    codex = [CodexClient(name, target.url, target.name, arguments.scenario, arguments.jobs, meet, root / name)
             for name in names if name != _GO]
    others = [GoClient(go, target.url, target.name, root / _GO)] if go else []
    clients += [*codex, *others]
    met = gather(codex, others, target, meet)
    print("connections at one moment: " + ", ".join(f"{name} {count}" for name, count in met.items()), flush=True)
    wait_for_all(clients, target)
    if arguments.keep:
        for client in clients:
            client.keep(arguments.keep)
    tallies = [tally for client in clients for tally in client.tallies()]
    if arguments.cases:
        _print_cases(clients)
    _print_table(tallies)
    for client in clients:
        print(f"{client.name}: from {client.began - begun:.1f} s to {client.ended - begun:.1f} s")
    complaints = target.complaints() + target.stop()
    if not all(met.values()):
        complaints.insert(0, "the clients were never all connected at the same moment")
    print("\n".join(f"WRONG: {complaint}" for complaint in complaints)
          or f"server {target.name}: the same process to the end, nothing left behind")
    if arguments.json:
        server = {"name": target.name, "url": target.url, "version": target.version}
        _write(arguments.json, server, started, time.monotonic() - begun, tallies, met, complaints)
    green = sum(tally.green for tally in tallies)
    print(f"{green} clients green, {len(tallies) - green} not")
    return 0 if green == len(tallies) and not complaints else 1


def _target(arguments: argparse.Namespace, folder: Path) -> Target:
    if arguments.paned:
        return Target.of_paned(arguments.paned, folder)
    if arguments.codex:
        return Target.of_codex(_codex_binary(arguments.codex), arguments.codex, folder)
    return Target.of_url(arguments.server_name, arguments.url)


def _codex_binary(version: str) -> Path:
    return Path(_fetched([_FOLDER / "live" / "fetch_codex.sh", version]))


def _go_binary(folder: Path) -> Path:
    return Path(_fetched([_FOLDER / "go-bridge" / "run.sh", "--build", folder]))


def _fetched(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode == EXIT_SKIPPED:
        raise Skip(said.removeprefix("SKIP: "))
    if done.returncode != 0:
        sys.exit(f"{Path(command[0]).name} failed: {said}")
    return done.stdout.strip()


def _print_cases(clients: Sequence[Client]) -> None:
    cases = [case for client in clients for case in client.cases()]
    for case in cases:
        name = f"{case.client.removeprefix('codex ').replace(' ', '.')}.{case.case}"
        print(f"{case.verdict.upper()} {name} ({case.seconds:.1f}) {case.reason}".rstrip())
    passed, failed, skipped, not_offered = (sum(case.verdict in verdicts for case in cases) for verdicts in (
        (PASS, DEVIATES), (FAIL,), (SKIP,), (NOT_OFFERED,)))
    print(f"{passed} passed, {failed} failed, {skipped} skipped, {not_offered} not offered")


def _print_table(tallies: Sequence[Tally]) -> None:
    print(f"{'client':<16}{'passed':>8}{'failed':>8}{'skipped':>9}{'not offered':>13}{'seconds':>9}  first failure")
    for tally in tallies:
        print(f"{tally.client:<16}{tally.passed:>8}{tally.failed:>8}{tally.skipped:>9}{tally.not_offered:>13}"
              f"{tally.seconds:>9.1f}  {tally.reason[:_REASON_WIDTH]}".rstrip())


def _write(path: Path, server: dict[str, str], started: datetime, seconds: float, tallies: Sequence[Tally],
           met: dict[str, int], complaints: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "format": FORMAT, "suite": "cross", "server": server, "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1), "clients": [tally.as_json() for tally in tallies],
        "connections": met, "complaints": list(complaints)}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
