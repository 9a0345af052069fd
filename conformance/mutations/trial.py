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
from report.results import DEVIATES, FAIL, PASS, BadResults, load_results

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM, _SESSIONS = _ROOT / "paned-conformance", _ROOT / "sessions"


class NoSuchCase(Exception):
    """A mutation or control names a case that is not there."""


@dataclass(frozen=True)
class Outcome:
    """What one run said."""

    applied: int  # how often the proxy changed something
    struck: int  # on how many connections; a case has at least one
    exit_code: int | None
    last_line: str
    failures: dict[str, str]  # case -> why it did not pass
    output: str  # its end

    def all_green(self, cases: int) -> bool:
        """Does the suite say that every case passed?"""
        return self.exit_code == 0 and self.last_line == f"{cases} passed, 0 failed, 0 skipped"

    def all_failed(self, cases: int) -> bool:
        """Does the suite say that every case failed?"""
        return self.exit_code == 1 and self.last_line == f"0 passed, {cases} failed, 0 skipped"


async def run_cases(upstream: str, cases: Sequence[str], new_change: NewChange, idle_seconds: float) -> Outcome:
    """Runs these cases through a proxy of their own."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        sessions, results = Path(name) / "sessions", Path(name) / "results.json"
        for case in cases:
            _link(sessions, case)
        async with Proxy(upstream, new_change) as proxy:
            exit_code, output, errors = await _run(proxy.url, "--sessions", str(sessions), "--json", str(results),
                                           "--idle", f"{idle_seconds:g}")
        return Outcome(proxy.applied, proxy.struck, exit_code, output.rstrip("\n").rpartition("\n")[2],
                       _failures(results, cases), f"{output[-2000:]}{errors[-2000:]}".strip())


async def _run(url: str, *options: str) -> tuple[int | None, str, str]:
    """Exit code, stdout and stderr."""
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-B", str(_PROGRAM), "run", url, *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        said = await runner.communicate()
    finally:
        if runner.returncode is None:
            runner.kill()
    output, errors = (text.decode(errors="replace") for text in said)
    return runner.returncode, output, errors


def _link(sessions: Path, case: str) -> None:
    """Makes the case one of those in the folder."""
    if not (_SESSIONS / case).is_dir():
        raise NoSuchCase(f"{_SESSIONS / case}: no such case; a mutation or control names it")
    (sessions / case).parent.mkdir(parents=True, exist_ok=True)
    (sessions / case).symlink_to(_SESSIONS / case)


def _failures(results: Path, cases: Sequence[str]) -> dict[str, str]:
    """Why cases did not pass; the results are in the order of the names."""
    try:
        found = zip(sorted(cases), load_results(results).cases, strict=True)
        return {label: case.reason if case.verdict == FAIL else f"{case.verdict}: {case.reason}"
                for label, case in found if case.verdict not in (PASS, DEVIATES)}
    except (BadResults, ValueError):
        return {}
