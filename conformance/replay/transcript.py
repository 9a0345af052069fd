"""What was said in a replay, and how it ended.

Exists so that a failure can be understood without playing it again.
"""
from __future__ import annotations

from replay.diff import brief

ALL = -1


class Mismatch(Exception):
    """The server did not do what was recorded."""

    def __init__(self, frame: int, text: str, method: str = "", details: str = "") -> None:
        super().__init__(text)
        self.frame = frame  # line of session.jsonl
        self.method = method  # what it is about, "" if nothing in particular
        self.details = details  # further lines: request, diff


class NotOffered(Exception):
    """The server says that it lacks what the case needs."""

    def __init__(self, text: str, method: str = "") -> None:
        super().__init__(text)
        self.method = method


class Transcript:
    """The messages of a replay in a readable form."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str, str]] = []

    def add(self, conn: int, direction: str, text: str) -> None:
        """One message; `direction` is "->" for what the client sent."""
        self._lines.append((conn, direction, text))

    def report(self, last: int) -> str:
        """The last messages, cut, or with ALL every one, whole."""
        if last == ALL:
            return "\n".join(f"[{conn}] {direction} {text}" for conn, direction, text in self._lines)
        left_out = max(0, len(self._lines) - last)
        shown = [f"[{conn}] {direction} {brief(text, 300)}" for conn, direction, text in self._lines[left_out:]]
        return "\n".join([f"… {left_out} earlier messages (--transcript all shows them)"] * bool(left_out) + shown)
