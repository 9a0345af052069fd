"""What ./test shows while it works: lines that stay, and on a terminal one line that says how far it is.

Exists so that no step is silent for minutes, and so that steps that run side by side share one screen.
Threading: any thread.
"""
from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import Protocol, TextIO

_REDRAW_SECONDS = 0.5
_REPORT_SECONDS = 60.0  # between two lines of progress where nothing can be redrawn


class Watched(Protocol):
    """Something that can say how far it is."""

    def status(self) -> str:
        """One short line; empty when there is nothing to say."""


def duration(seconds: float) -> str:
    """`41 s`, `3:12`."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02}"


class Screen:
    """Standard output."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._lock = threading.Lock()
        self._running: list[Watched] = []
        self._drawn = False
        self._closed = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def say(self, text: str) -> None:
        """A line that stays."""
        with self._lock:
            self._erase()
            print(text, file=self._out, flush=True)

    def watch(self, step: Watched) -> None:
        """From now on its status is shown."""
        with self._lock:
            self._running.append(step)

    def forget(self, step: Watched) -> None:
        """Its status is not shown any more."""
        with self._lock:
            self._running.remove(step)
            self._erase()

    def close(self) -> None:
        """Nothing is redrawn any more."""
        self._closed.set()
        self._ticker.join()
        with self._lock:
            self._erase()

    def _tick(self) -> None:
        said = time.monotonic()
        while not self._closed.wait(_REDRAW_SECONDS):
            if self._terminal:
                with self._lock:
                    self._draw()
            elif time.monotonic() - said >= _REPORT_SECONDS:
                said = time.monotonic()
                with self._lock:
                    for status in self._statuses():
                        print(f"   … {status}", file=self._out, flush=True)

    def _statuses(self) -> list[str]:
        return [status for step in self._running if (status := step.status())]

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._erase()
        line = " | ".join(self._statuses())
        print(line[:width], end="", file=self._out, flush=True)
        self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self._out)
            self._drawn = False
