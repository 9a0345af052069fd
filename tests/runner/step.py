"""One step of ./test: a command that is run to its end, shown while it runs, and measured.

Threading: a step runs in the thread that calls `run`; the screen may ask for its status from another.
"""
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.progress import Progress
from runner.screen import Screen, duration

BUILD, TEST, LINT = "build", "tests", "lint"


@dataclass(frozen=True)
class Measured:
    """What a step took."""

    name: str
    kind: str
    build: str  # the CMake preset; empty: none
    began: float  # seconds after ./test began
    wall: float
    cpu: float  # of all processes of the step that ended and were waited for
    background: bool


@dataclass
class Step:
    """A command and what is to be known of it."""

    name: str
    kind: str
    build: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    began: float = 0.0

    def status(self) -> str:
        """How far it is: what the screen watches."""
        now = time.monotonic()
        text = self.progress.text(now)
        return f"{self.name}: {duration(now - self.began)}{', ' if text else ''}{text}"


class Lane:
    """Runs steps one after another. Two lanes share the machine: what runs in the background takes only what is left."""

    def __init__(self, screen: Screen, root: Path, origin: float, background: bool) -> None:
        self._screen, self._root, self._origin, self._background = screen, root, origin, background
        self._process: subprocess.Popen[str] | None = None
        self._held = False
        self.measured: list[Measured] = []
        self.failed: list[Step] = []

    def run(self, step: Step) -> bool:
        """Runs a step; what its log keeps is said as soon as it comes. Whether it went well."""
        step.began = time.monotonic()
        if not self._background:
            self._screen.say(f"== {step.name}")
        self._screen.watch(step)
        try:
            code, cpu = self._execute(step)
        finally:
            self._screen.forget(step)
        wall = time.monotonic() - step.began
        self.measured.append(Measured(step.name, step.kind, step.build, step.began - self._origin, wall, cpu, self._background))
        if code != 0:
            self.failed.append(step)
        self._screen.say(f"== {step.name}: {wall:.0f} s{', in the background' if self._background else ''}"
                         f"{'' if code == 0 else ', FAILED'}")
        return code == 0

    def _execute(self, step: Step) -> tuple[int, float]:
        process = subprocess.Popen(
            step.command, cwd=self._root, env={**os.environ, **step.env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            preexec_fn=_take_what_is_left if self._background else None)
        self._process = process
        if self._held:
            self.hold()
        assert process.stdout is not None
        for line in process.stdout:
            line = line.rstrip("\n")
            if step.progress.read(line, time.monotonic()):
                self._screen.say(line)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._process = None
        return process.returncode, usage.ru_utime + usage.ru_stime

    def hold(self) -> None:
        """Stops what runs, and what comes next, until `go_on`."""
        self._held = True
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Ends a hold."""
        self._held = False
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Ends what runs."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        process = self._process
        if process is not None:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                pass  # it has just ended


def _take_what_is_left() -> None:
    """In the child: runs only while nobody else wants to."""
    os.nice(19)
    try:
        # With autogroups a whole session is weighed, not its processes: sched(7).
        Path("/proc/self/autogroup").write_text("19", encoding="ascii")
    except OSError:
        pass
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        pass
