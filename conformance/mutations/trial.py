"""One case of the suite, run through a proxy as its user runs it: `paned-conformance run URL --case …`.

Exists so that a mutation is judged by what a user sees: the exit code, the last line and the reason of the failure.
"""
from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from mutations.change import NewChange
from mutations.proxy import Proxy

_PROGRAM = Path(__file__).resolve().parent.parent / "paned-conformance"
_LAST_LINE = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")
_FAILED = re.compile(r"^FAIL \S+ \([\d.]+\) (.*?)(?=^  recording: |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What one run said."""

    case: str
    applied: int  # how often the proxy changed something
    green: bool  # exit code 0 and one case passed
    failed: bool  # exit code 1 and one case failed
    reason: str  # of the failure, or the end of the output when it was neither


async def run_case(upstream: str, case: str, new_change: NewChange, idle_seconds: float) -> Outcome:
    """Runs one case through a proxy of its own."""
    async with Proxy(upstream, new_change) as proxy:
        runner = await asyncio.create_subprocess_exec(
            sys.executable, "-B", str(_PROGRAM), "run", "--server", proxy.url, "--case", case, "--idle", f"{idle_seconds:g}",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        try:
            output = (await runner.communicate())[0].decode(errors="replace")
        finally:
            if runner.returncode is None:
                runner.kill()
        return _outcome(case, proxy.applied, runner.returncode, output)


def _outcome(case: str, applied: int, exit_code: int | None, output: str) -> Outcome:
    last = _LAST_LINE.fullmatch(output.rstrip("\n").rpartition("\n")[2])
    counts = last.groups() if last else ()
    green = exit_code == 0 and counts == ("1", "0", "0")
    failed = exit_code == 1 and counts == ("0", "1", "0")
    found = _FAILED.search(output) if failed else None
    reason = found[1].strip() if found else "" if green else f"exit code {exit_code}: {output[-2000:].strip()}"
    return Outcome(case, applied, green, failed, reason)
