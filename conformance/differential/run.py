"""The differential test: the same calls to codex's own exec-server and to paned; the replies must be equal.

Every difference must be one that a case allows by the id of a row of the deviation table of
protocol/README.md.  Last line: `N cases, N same, N deviate, N failed`.
Exit 0: nothing failed; 1: something did; 77: there is no codex binary.  See README.md.
"""
from __future__ import annotations

import argparse
import asyncio
import dataclasses
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any

from differential import all_cases, everywhere
from differential.case import Case
from differential.compare import UNPLAYED, Verdict, deviation_ids, judge
from differential.player import Player
from differential.target import Target

from live import process_group

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "protocol" / "README.md"
EXIT_SKIPPED = 77
CASE_SECONDS = 60.0
ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash", "DIFF_PLAIN": "plain",
               "DIFF_TOKEN": "token", "DIFF_EMPTY": "", "DIFF_BAD_HEADER": "a\nb"}


def main(arguments: argparse.Namespace) -> int:
    """Plays the cases and prints the verdicts; the exit code."""
    if not (arguments.paned or arguments.list or arguments.itself) or (arguments.paned and arguments.itself):
        arguments.usage_error("--paned PATH is needed, or --itself, or --list")
    chosen = [(number, case) for number, case in enumerate(all_cases.CASES)
              if fnmatch.fnmatchcase(case.name, arguments.case)]
    if not chosen:
        sys.exit(f"no case matches {arguments.case!r}")
    if arguments.list:
        print("\n".join(case.name for _, case in chosen))
        return 0
    codex = arguments.codex_binary or _fetch(arguments.codex)
    if codex is None:
        return EXIT_SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that everything is cleaned up
    os.environ.update(ENVIRONMENT)
    os.umask(0o022)
    listen = ["--listen", "ws://127.0.0.1:0"]
    reference = [str(codex), "exec-server", *listen]
    commands = (reference, [str(arguments.paned.resolve()), "serve", *listen] if arguments.paned else reference)
    if arguments.itself:
        chosen = [(number, dataclasses.replace(case, allow=())) for number, case in chosen]
    root = Path(tempfile.mkdtemp(prefix="paned-diff-")).resolve()
    try:
        return asyncio.run(_compare(chosen, commands, root, arguments))
    finally:
        process_group.kill_leftovers(root)
        shutil.rmtree(root, ignore_errors=True)


async def _compare(chosen: list[tuple[int, Case]], commands: tuple[list[str], list[str]], root: Path,
                   arguments: argparse.Namespace) -> int:
    rules, began = everywhere.Everywhere(), time.monotonic()
    reference = Target(commands[0], root / "ref", lambda message: message)
    own = Target(commands[1], root / "own", rules.strip)
    known, turn = deviation_ids(TABLE), asyncio.Semaphore(arguments.jobs)

    async def one(number: int, case: Case) -> Verdict:
        async with turn:
            start = time.monotonic()
            sides = await asyncio.gather(_play(case, number, reference), _play(case, number, own))
            verdict = judge(case, *sides, known)
            verdict.seconds = time.monotonic() - start
            if verdict.faults:
                print(f"FAIL {case.name}\n{textwrap.indent(chr(10).join(verdict.faults), '  ')}", flush=True)
            return verdict
    try:
        await reference.start()
        await own.start()
        verdicts = await asyncio.gather(*(one(number, case) for number, case in chosen))
        ended = [name for name, target in (("codex", reference), ("paned", own)) if target.ended()]
    finally:
        await reference.stop()
        await own.stop()
    if arguments.json:
        arguments.json.write_text(json.dumps([_as_json(verdict) for verdict in verdicts], indent=1, default=repr),
                                  encoding="utf-8")
    faults = [f"{name} ended in the middle of the run" for name in ended]
    if len(chosen) == len(all_cases.CASES) and not arguments.itself:
        faults += [f"`{rule}` is a rule for all messages, and none of them needs it" for rule in everywhere.RULES
                   if not rules.met[rule] or rule not in known]
    return _report(verdicts, rules, faults, time.monotonic() - began)


async def _play(case: Case, number: int, target: Target) -> Any:
    try:
        return await asyncio.wait_for(Player(case, number, target).play(), CASE_SECONDS)
    except Exception as error:  # whatever it is, it must show as a fault of this case
        return [{UNPLAYED: f"{type(error).__name__}: {error}"}]


def _report(verdicts: list[Verdict], rules: everywhere.Everywhere, faults: list[str], seconds: float) -> int:
    words = Counter(verdict.word for verdict in verdicts)
    met = Counter(deviation for verdict in verdicts for deviation in verdict.deviations)
    print(f"{sum(verdict.case.calls for verdict in verdicts)} messages to each server in {seconds:.1f} s")
    print("deviations met, by cases: " + ", ".join(f"{name} {count}" for name, count in sorted(met.items())))
    print("in all messages: " + ", ".join(f"{name} {count}" for name, count in sorted(rules.met.items())))
    for fault in faults:
        print(f"FAIL the whole: {fault}")
    print(f"{len(verdicts)} cases, {words['SAME']} same, {words['DEVIATES']} deviate, {words['FAIL']} failed")
    return 1 if faults or words["FAIL"] else 0


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {"case": verdict.case.name, "verdict": verdict.word, "seconds": round(verdict.seconds, 2),
            "faults": verdict.faults,
            "deviations": sorted(verdict.deviations), "codex": verdict.reference, "paned": verdict.own}


def _fetch(version: str) -> Path | None:
    fetched = subprocess.run([HERE.parent / "live" / "fetch_codex.sh", version], stdout=subprocess.PIPE, text=True,
                             check=False)  # its stderr says why a test is skipped
    if fetched.returncode == EXIT_SKIPPED:
        return None
    if fetched.returncode != 0:
        sys.exit("fetch_codex.sh failed")
    return Path(fetched.stdout.strip())


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("--paned", type=Path, metavar="PATH", help="the paned binary")
    parser.add_argument("--codex", metavar="VERSION", default="0.169.0", help="version of the reference, by npm")
    parser.add_argument("--codex-binary", type=Path, metavar="PATH", help="a native codex binary instead")
    parser.add_argument("--itself", action="store_true", help="two codex servers: what differs here is left to chance")
    parser.add_argument("--case", default="*", metavar="GLOB", help="only the cases whose name matches")
    parser.add_argument("--jobs", type=int, default=16, metavar="N", help="cases at a time (default 16)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every observation of both servers")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and end")
