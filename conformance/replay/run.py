"""Replays recorded codex sessions against an exec-server and tells where it answers differently.

Exists as the command line of the suite; README.md describes cases, options and deviations.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

from replay import fixture
from replay.case import BadCase, Case, find_cases, load_case
from replay.placeholders import Placeholders, RECORDED_HOME, RECORDED_MCP
from replay.player import Player
from replay.server import Offers, Target
from replay.transcript import Mismatch, NotOffered

PASS, FAIL, SKIP, NOT_OFFERED = "PASS", "FAIL", "SKIP", "NOT-OFFERED"
SKIP_EXIT_CODE = 77


class Skipped(Exception):
    """This machine lacks what the case needs."""


async def check_needs(case: Case, offers: Offers, root: str) -> None:
    for program in case.needs.programs:
        if not Path(program).exists():
            raise Skipped(f"{program} is not here")
    for path in case.needs.absent:
        if Path(path).exists():
            raise Skipped(f"{path} exists here")
    flags = await offers.capabilities() if case.needs.capabilities else {}
    for capability in case.needs.capabilities:
        if not flags.get(capability):
            raise NotOffered(f"capability {capability}")
    if case.needs.tty:
        problem = await offers.start_problem(case.uses_uris(), {"tty": True})
        if problem:
            raise NotOffered(f"tty, {problem}")
    if case.needs.sandbox:
        await check_sandbox(case, offers, root)


async def check_sandbox(case: Case, offers: Offers, root: str) -> None:
    """Runs /bin/true in the sandbox of the case's first confined process."""
    for request in case.requests():
        if request["method"] == "process/start" and request["params"].get("sandbox"):
            wanted = Placeholders(root).to_wire({name: request["params"][name] for name in ("cwd", "sandbox")})
            problem = await offers.start_problem(case.uses_uris(), wanted)
            if problem.startswith("refused"):
                raise NotOffered(f"sandbox, {problem}")
            if problem:
                raise Skipped(f"the server's sandbox does not work here: {problem}")
            return


async def run_case(case: Case, offers: Offers, home: Path | None, idle_seconds: float) -> tuple[str, str, str]:
    """The outcome, the reason in one line, and the transcript of a failure; `home` is the server's, if it is ours."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="replay-")))
    root = folder / "run"
    root.mkdir()
    player = Player(case, offers.url, str(root), idle_seconds)
    try:
        fixture.build(case, root)
        if home is not None:
            player.places.add(RECORDED_HOME, str(home))
        elif case.server_home:
            raise Skipped("the home of this server is not known")
        await check_needs(case, offers, str(root))
        with fixture.mcp_server(case) as mcp_origin:
            if mcp_origin:
                player.places.add(RECORDED_MCP, mcp_origin)
            await player.play()
    except Skipped as reason:
        return SKIP, str(reason), ""
    except NotOffered as reason:
        return NOT_OFFERED, str(reason), ""
    except Mismatch as mismatch:
        return FAIL, str(mismatch), player.transcript.report()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return PASS, "", ""


async def run_all(folders: list[Path], target: Target, idle_seconds: float) -> dict[str, int]:
    counts = {PASS: 0, FAIL: 0, SKIP: 0, NOT_OFFERED: 0}
    for folder in folders:
        start = time.monotonic()
        try:
            case = load_case(folder)
        except (BadCase, KeyError, ValueError, OSError) as error:
            outcome, reason, transcript = FAIL, f"bad case: {error!r}", ""
        else:
            with target.server_for(case) as (offers, home):
                outcome, reason, transcript = await run_case(case, offers, home, idle_seconds)
        counts[outcome] += 1
        label = f"{folder.parent.name}/{folder.name}"
        print(f"{outcome} {label} ({time.monotonic() - start:.1f}) {reason}".rstrip(), flush=True)
        if transcript:
            print(f"  recording: {folder / 'session.jsonl'}\n{transcript}", flush=True)
    return counts


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--server", metavar="URL", help="a server that runs already")
    target.add_argument("--paned", metavar="PATH", help="starts PATH serve --listen ws://127.0.0.1:0")
    target.add_argument("--start", metavar="COMMAND", help="starts any command that prints its URL on stdout")
    parser.add_argument("--version", help="only sessions of this codex version")
    parser.add_argument("--case", default="*", metavar="GLOB", help="only these cases (name or version/name)")
    parser.add_argument("--sessions", type=Path, default=Path(__file__).resolve().parent.parent / "sessions")
    parser.add_argument("--idle", type=float, default=20.0, metavar="SECONDS",
                        help="how long the server may be silent while something is awaited")


def main(arguments: argparse.Namespace) -> int:
    """Replays the chosen cases and prints the verdicts; the exit code."""
    folders = find_cases(arguments.sessions, arguments.version, arguments.case)
    if not folders:
        print("no case matches", file=sys.stderr)
        return 1
    target: Target | None = None
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix="replay-server-")))
    try:
        command = (shlex.split(arguments.start) if arguments.start
                   else [str(Path(arguments.paned or "").resolve()), "serve", "--listen", "ws://127.0.0.1:0"])
        target = Target(arguments.server, command, root)
        counts = asyncio.run(run_all(folders, target, arguments.idle))
        death = target.died()
        if death:
            counts[FAIL] += 1
            print(f"FAIL {death}")
    finally:
        if target is not None:
            target.stop()
        shutil.rmtree(root, ignore_errors=True)
    print(f"{counts[NOT_OFFERED]} not offered")
    print(f"{counts[PASS]} passed, {counts[FAIL]} failed, {counts[SKIP]} skipped")
    if len(folders) == 1 and counts[SKIP] + counts[NOT_OFFERED] == 1:
        return SKIP_EXIT_CODE
    return 1 if counts[FAIL] else 0
