"""Reads what ninja, ctest and clang_tidy.py print, and knows from it how far they are.

Exists so that every long step says count, time and what runs longest now, and so that a log has only what is worth reading.
Pure.
"""
from __future__ import annotations

import re

from runner.screen import duration

_NINJA = re.compile(r"^\[(\d+)/(\d+)\] (.*)")
_CTEST_START = re.compile(r"^\s*Start\s+\d+: (.+)$")
_CTEST_DONE = re.compile(r"^\s*(\d+)/(\d+) Test +#\d+: (.+?) \.*\s*(Passed|\*\*\*.*?)\s+[\d.]+ sec")
# The lines of a group that say that all is well; its failures stand there, too.
_GROUP_GOOD = re.compile(r"^(PASS|DEVIATES|SKIP|NOT-OFFERED) \S+ .*\(\d+\.\d+\)|^\[( RUN      |       OK |----------|  SKIPPED )\]")
_CMAKE_GOOD = re.compile(r"^(-- |Preset CMake variables:|  \w+=\")")
_NINJA_NOTHING = "ninja: no work to do."


class Progress:
    """How far one command is."""

    def __init__(self) -> None:
        self.done, self.total, self.failed = 0, 0, 0
        self._running: dict[str, float] = {}
        self._last = ""

    def read(self, line: str, now: float) -> bool:
        """Takes a line of output; should a log keep it?"""
        if built := _NINJA.match(line):
            self.done, self.total, self._last = int(built[1]), int(built[2]), built[3].rpartition("/")[2]
            return False
        if started := _CTEST_START.match(line):
            self._running[started[1]] = now
            return False
        if ended := _CTEST_DONE.match(line):
            self.done, self.total = int(ended[1]), int(ended[2])
            self._running.pop(ended[3], None)
            passed, skipped = ended[4] == "Passed", ended[4].startswith("***Skipped")
            self.failed += not passed and not skipped
            return not passed
        return not (_GROUP_GOOD.match(line) or _CMAKE_GOOD.match(line) or line == _NINJA_NOTHING)

    def text(self, now: float) -> str:
        """`812/1034, 1 failed, longest now: TtyFlow.X 41 s`."""
        parts = [f"{self.done}/{self.total}"] if self.total else []
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self._running:
            name, since = min(self._running.items(), key=lambda item: item[1])
            parts.append(f"longest now: {name} {duration(now - since)}")
        elif self._last and self.done < self.total:
            parts.append(self._last)
        return ", ".join(parts)
