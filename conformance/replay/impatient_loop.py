"""An event loop that does not wait: when nothing is left to do, its clock jumps to the next timer.

Exists for the self-test, where both sides of a conversation live in one loop: that nothing comes for 20 seconds is seen
at once, and a busy machine does not make it seen too early.
"""
from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

_SETTLE_SECONDS = 0.02  # bytes on their way through loopback count as something left to do


class _ImpatientSelector(selectors.DefaultSelector):
    """Waits no longer than it takes to see that nothing happens; `skipped` is what it did not wait."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, _SETTLE_SECONDS))
        if not events:
            self.skipped += timeout
        return events


class ImpatientLoop(asyncio.SelectorEventLoop):
    """Use with `run`."""

    def __init__(self) -> None:
        self._impatient = _ImpatientSelector()
        super().__init__(self._impatient)

    def time(self) -> float:
        return super().time() + self._impatient.skipped


def run(main: Coroutine[Any, Any, None]) -> None:
    """asyncio.run with such a loop."""
    with asyncio.Runner(loop_factory=ImpatientLoop) as runner:
        runner.run(main)
