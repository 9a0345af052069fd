"""What was said in a replay, kept for the report of a failure."""
from __future__ import annotations

from replay.compare import brief

SHOWN_LINES = 40


class Mismatch(Exception):
    """The server did not do what was recorded."""

    def __init__(self, frame: int, text: str) -> None:
        super().__init__(f"frame {frame}: {text}")
        self.frame = frame


class NotOffered(Exception):
    """The server says that it lacks what the case needs."""


class Transcript:
    """The last messages of a replay in a readable form."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, conn: int, direction: str, text: str) -> None:
        self._lines.append(f"  [{conn}] {direction} {brief(text, 300)}")

    def report(self) -> str:
        cut = len(self._lines) - SHOWN_LINES
        head = [f"  … {cut} earlier messages"] if cut > 0 else []
        return "\n".join(head + self._lines[-SHOWN_LINES:])
