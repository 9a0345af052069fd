"""Runs of the suite through a proxy, as its user runs it: `paned-conformance run URL …`.

Exists so that a mutation is judged by what a user sees: the exit code, the last line and the reason of the failure.
"""
from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutations.change import NewChange
from mutations.proxy import Proxy
from report.results import FAIL, PASS, DEVIATES, BadResults, load_results

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM, _SESSIONS = _ROOT / "paned-conformance", _ROOT / "sessions"


class NoSuchCase(Exception):
    """A mutation or control names a case that is not there."""


@dataclass(frozen=True)
class Outcome:
    """What one run said."""

    label: str  # of the case or cases
    applied: int  # how often the proxy changed something
    green: bool  # exit code 0, all cases passed
    failed: bool  # exit code 1, all cases failed
    reason: str  # of the first failure; the end of the output when it was none


async def run_cases(upstream: str, cases: Sequence[str], new_change: NewChange, idle_seconds: float) -> Outcome:
    """Runs these cases through a proxy of their own."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name)
        for case in cases:
            _link(folder / "sessions", case)
        results = folder / "results.json"
        async with Proxy(upstream, new_change) as proxy:
            exit_code, output = await _run(proxy.url, "--sessions", str(folder / "sessions"), "--json", str(results),
                                           "--idle", f"{idle_seconds:g}")
        last = output.rstrip("\n").rpartition("\n")[2]
        green = exit_code == 0 and last == f"{len(cases)} passed, 0 failed, 0 skipped"
        failed = exit_code == 1 and last == f"0 passed, {len(cases)} failed, 0 skipped"
        reason = "" if green else _reason(results) or f"exit code {exit_code}: {output[-2000:].strip()}"
        return Outcome(" ".join(cases), proxy.applied, green, failed, reason)


async def _run(url: str, *options: str) -> tuple[int | None, str]:
    """Exit code and output."""
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-B", str(_PROGRAM), "run", url, *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        output = (await runner.communicate())[0].decode(errors="replace")
    finally:
        if runner.returncode is None:
            runner.kill()
    return runner.returncode, output


def _link(sessions: Path, case: str) -> None:
    """Makes the case one of those in the folder."""
    if not (_SESSIONS / case).is_dir():
        raise NoSuchCase(f"{_SESSIONS / case}: no such case; a mutation or control names it")
    (sessions / case).parent.mkdir(parents=True, exist_ok=True)
    (sessions / case).symlink_to(_SESSIONS / case)


def _reason(results: Path) -> str:
    """Of the first case that did not pass, "" if there are no results."""
    try:
        unlucky = [case for case in load_results(results).cases if case.verdict not in (PASS, DEVIATES)]
    except BadResults:
        return ""
    if not unlucky:
        return ""
    verdict = "" if unlucky[0].verdict == FAIL else f"{unlucky[0].verdict}: "
    return f"{verdict}{unlucky[0].reason}"
