"""Replays recorded codex sessions against an exec-server and tells where it answers differently.

One line per case: PASS, DEVIATES, FAIL, SKIP or NOT-OFFERED, VERSION/CASE, seconds, and why.  The last line is the sum.
Exit status: 0 nothing failed, 1 something did or the server cannot be tested, 77 the only case was not played, 2 wrong usage.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from live import process_group
from replay.deviations import DEVIATIONS, listing
from replay.folder import choose_cases, find_cases, label_of, load_case
from replay.meta import BadCase
from replay.reach import Unusable, check_server, url_problem
from replay.suite import Suite
from replay.target import Target, split_command, with_full_path
from replay.transcript import ALL
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP, CaseResult, Results

SKIP_EXIT_CODE = 77
PROFILE_NOTE = ("note: recorded commands run in login shells; what the profile of the server's user prints there is output, too.  "
                "Start the server with an empty HOME to see whether it is that.")
LISTEN = ["serve", "--listen", "ws://127.0.0.1:0"]


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("url", nargs="?", metavar="ws://HOST:PORT", help="a server that runs already and sees this "
                                                                        "machine's files")
    parser.add_argument("--paned", metavar="PATH", help="start this paned binary")
    parser.add_argument("--start", metavar="COMMAND", help="start any command that prints its URL on stdout first")
    parser.add_argument("--version", help="only sessions of this codex version")
    parser.add_argument("--case", default="*", metavar="GLOB", help="only these cases (CASE or VERSION/CASE)")
    parser.add_argument("--deny", action="append", default=[], metavar="ID", choices=sorted(DEVIATIONS),
                        help="accept no deviation of this id, whatever the cases allow")
    parser.add_argument("--jobs", type=_positive(int), default=8, metavar="N", help="cases side by side (default 8)")
    parser.add_argument("--idle", type=_positive(float), default=30.0, metavar="SECONDS",
                        help="how long the server may be silent while something is awaited (default 30)")
    parser.add_argument("--transcript", type=_message_count, default=40, metavar="N|all",
                        help="how many messages a failure shows (default 40)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--server-name", metavar="NAME", help="what the results call the server")
    parser.add_argument("--sessions", type=Path, default=Path(__file__).resolve().parent.parent / "sessions",
                        metavar="FOLDER", help="VERSION/CASE folders (default: those beside this program)")
    parser.add_argument("--list", action="store_true", help="just name the cases")
    parser.add_argument("--deviations", action="store_true", help="just say what each id in `allow` accepts")


def main(arguments: argparse.Namespace) -> int:
    """Replays the chosen cases and prints the verdicts; the exit code."""
    if arguments.deviations:
        print(listing())
        return 0
    folders = _chosen(arguments)
    if arguments.list:
        for folder in folders:
            print(f"{label_of(folder):<40} {_description(folder)}")
        return 0
    if sum(given is not None for given in (arguments.url, arguments.paned, arguments.start)) != 1:
        arguments.usage_error("one server is needed: ws://HOST:PORT, --paned PATH or --start COMMAND")
    if arguments.url and (problem := url_problem(arguments.url)):
        arguments.usage_error(problem)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as an exception, so that everything is cleaned up
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix="replay-")))
    target: Target | None = None
    try:
        target = Target(arguments.url, _command(arguments), root)
        return _report(arguments, target, folders)
    except Unusable as error:
        print(f"paned-conformance run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("paned-conformance run: interrupted", file=sys.stderr)
        return 1
    finally:
        if target is not None:
            target.stop()
        for leftover in process_group.kill_leftovers(root):
            print(f"note: killed a process that was left over: {leftover}", file=sys.stderr)
        shutil.rmtree(root, ignore_errors=True)


def _report(arguments: argparse.Namespace, target: Target, folders: list[Path]) -> int:
    started, start = datetime.now(timezone.utc).isoformat(timespec="seconds"), time.monotonic()
    version, cases = asyncio.run(_play(arguments, target, folders))
    server = {"name": _server_name(arguments), "url": target.url,
              "version": _paned_version(arguments.paned) if arguments.paned else version}
    results = Results("replay", server, started, round(time.monotonic() - start, 3), cases)
    failed = results.count(FAIL)
    if death := target.died():
        failed += 1
        print(f"FAIL the server ended although nobody asked it to: {death}")
    if arguments.url and any(case.methods.get("process/output") == FAIL for case in cases):
        print(PROFILE_NOTE)
    if arguments.json:
        results.write(arguments.json)
    passed, skipped, not_offered = results.count(PASS), results.count(SKIP), results.count(NOT_OFFERED)
    deviating = results.count(DEVIATES)
    print(f"{not_offered} not offered, {deviating} deviate")
    print(f"{passed + deviating} passed, {failed} failed, {skipped} skipped")
    if len(folders) == 1 and skipped + not_offered == 1 and not failed:
        return SKIP_EXIT_CODE
    return 1 if failed else 0


async def _play(arguments: argparse.Namespace, target: Target, folders: list[Path]) -> tuple[str, list[CaseResult]]:
    """The version that the server declares, and the results; prints each as it comes."""
    version = await check_server(target.url, target.root)
    cases = []
    suite = Suite(target, arguments.jobs, arguments.idle, arguments.transcript, frozenset(arguments.deny))
    async for outcome in suite.play(folders):
        result = outcome.result
        print(f"{result.verdict.upper()} {label_of(outcome.folder)} ({result.seconds:.1f}) {result.reason}".rstrip())
        if outcome.details:
            print(outcome.details)
        sys.stdout.flush()
        cases.append(result)
    return version, cases


def _chosen(arguments: argparse.Namespace) -> list[Path]:
    every = find_cases(arguments.sessions)
    if not every:
        arguments.usage_error(f"{arguments.sessions}: no folder VERSION/CASE there")
    versions = sorted({folder.parent.name for folder in every})
    if arguments.version not in (None, *versions):
        arguments.usage_error(f"no sessions of version {arguments.version}; there are {', '.join(versions)}")
    chosen = choose_cases(every, arguments.version, arguments.case)
    if not chosen:
        names = sorted({folder.name for folder in every if arguments.version in (None, folder.parent.name)})
        arguments.usage_error(f"no case matches {arguments.case!r}; there are {', '.join(names)}")
    return chosen


def _description(folder: Path) -> str:
    try:
        return load_case(folder).meta.description
    except BadCase as error:
        return f"bad case: {error}"


def _command(arguments: argparse.Namespace) -> list[str]:
    if arguments.url:
        return []
    return with_full_path(split_command(arguments.start) if arguments.start else [str(Path(arguments.paned)), *LISTEN])


def _server_name(arguments: argparse.Namespace) -> str:
    if arguments.server_name:
        return str(arguments.server_name)
    return "paned" if arguments.paned else Path(arguments.start.split()[0]).name if arguments.start else "server"


def _paned_version(path: str) -> str:
    """The second word of `paned --version`."""
    said = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    return said[1] if len(said) > 1 else ""


def _positive(kind: type[int] | type[float]) -> object:
    def parse(text: str) -> float:
        number = kind(text)
        if number <= 0:
            raise argparse.ArgumentTypeError("a positive number is expected")
        return number
    return parse


def _message_count(text: str) -> int:
    if text == "all":
        return ALL
    if not text.isdigit():
        raise argparse.ArgumentTypeError('a number or "all" is expected')
    return int(text)
