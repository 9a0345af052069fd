"""One client as a child process, and what came of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cross import processes
from live import process_group
from live.meeting import NAME as MEETING
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP, BadResults, CaseResult, load_results

_PROGRAM = Path(__file__).resolve().parent.parent / "paned-conformance"
_TAIL_CHARACTERS = 600
_PATIENCE = 3  # five clients share the machine: a limit that fits one must not fail them


@dataclass(frozen=True)
class Tally:
    """What came of a client."""

    client: str
    passed: int
    failed: int
    skipped: int
    not_offered: int
    seconds: float
    reason: str  # the first failure

    @property
    def green(self) -> bool:
        """Whether it can work with the server."""
        return self.passed > 0 and self.failed == 0

    def as_json(self) -> dict[str, Any]:
        """For the result file."""
        return asdict(self)


class Client:
    """A client that runs by itself; its output is kept in `folder`."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        self.name = name
        self.results = folder / "results.json"
        self._command, self._folder = command, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.began = self.ended = 0.0  # time.monotonic()

    def start(self) -> None:
        """Starts it, with a temporary folder of its own."""
        (self._folder / "tmp").mkdir(parents=True)
        with (self._folder / "stdout").open("wb") as stdout, (self._folder / "stderr").open("wb") as stderr:
            self.began = time.monotonic()
            self._process = process_group.start(self._command, self._folder,
                                                {**os.environ, "TMPDIR": str(self._folder / "tmp")}, stdout, stderr)

    @property
    def pid(self) -> int | None:
        """Its process id, once it was started."""
        return self._process.pid if self._process else None

    def running(self) -> bool:
        """Whether it still runs; notes when it first did not."""
        if self._process is None or self.ended:
            return False
        if self._process.poll() is not None:
            self.ended = time.monotonic()
        return not self.ended

    def connections(self, address: tuple[str, int]) -> int:
        """How many connections to the server it has open now."""
        if self._process is None:
            return 0
        return processes.connections_to(address, {self._process.pid} | processes.descendants(self._process.pid))

    def output(self) -> str:
        """What it has printed so far."""
        path = self._folder / "stdout"
        return path.read_text(errors="replace") if path.exists() else ""

    def keep(self, folder: Path) -> None:
        """Copies what it printed and its results to a folder of its name below `folder`."""
        own = folder / self._folder.name
        own.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            if path.is_file():
                shutil.copy(path, own)

    def tallies(self) -> list[Tally]:
        """One, or one for each dialect it spoke."""
        assert self._process is not None
        seconds = self.ended - self.began
        try:
            cases = load_results(self.results).cases
        except BadResults as error:
            tail = (self.output() + (self._folder / "stderr").read_text(errors="replace"))[-_TAIL_CHARACTERS:]
            return [Tally(self.name, 0, 1, 0, 0, seconds, f"status {self._process.returncode}, {error}: {tail}")]
        names = list(dict.fromkeys(case.client for case in cases))
        return [_tally(name, [case for case in cases if case.client == name], seconds) for name in names]

    def cases(self) -> list[CaseResult]:
        """What came of each case; empty when that cannot be known."""
        try:
            return [case for case in load_results(self.results).cases if case.case != MEETING]
        except BadResults:
            return []

    def stop(self) -> None:
        """Ends it if it still runs."""
        if self._process is not None:
            process_group.end(self._process, grace_seconds=10)


class CodexClient(Client):
    """The real codex CLI of one version, scenario by scenario (live/)."""

    def __init__(self, version: str, url: str, server_name: str, scenario: str, jobs: int, meet: Path, folder: Path) -> None:
        super().__init__(f"codex {version}", [
            sys.executable, "-B", str(_PROGRAM), "live", "--server", url, "--server-name", server_name, "--codex", version,
            "--scenario", scenario, "--servers", "shared", "--applicable", "--jobs", str(jobs), "--patience", str(_PATIENCE), "--meet", str(meet),
            "--json", str(folder / "results.json")], folder)
        self._arrival = meet / version

    def arrived(self) -> bool:
        """Whether it holds a connection open."""
        return self._arrival.exists()

    def away(self) -> bool:
        """Whether it never will, or no longer does."""
        return not self.running() or f" {MEETING} (" in self.output()


class GoClient(Client):
    """The Go walk, in both dialects."""

    def __init__(self, binary: Path, url: str, server_name: str, folder: Path) -> None:
        super().__init__("go", [str(binary), "-url", url, "-server-name", server_name,
                                "-json", str(folder / "results.json")], folder)


def _tally(name: str, cases: list[CaseResult], seconds: float) -> Tally:
    def count(*verdicts: str) -> int:
        return sum(case.verdict in verdicts for case in cases)

    reason = next((f"{case.case}: {case.reason}" for case in cases if case.verdict == FAIL), "")
    return Tally(name, count(PASS, DEVIATES), count(FAIL), count(SKIP), count(NOT_OFFERED), round(seconds, 1), reason)
