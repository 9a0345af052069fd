"""Reads a capture file: its header, what the recorder noted about the run, and what was said.

Exists so that the format (README.md) is known in one place; captures of the first recorder, which have no header, are
read, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from capture.facts import EVENT, VERDICT_EVENT

JsonObject = dict[str, Any]
_ABOUT_THE_RUN = frozenset({"recording", "spelling", EVENT, VERDICT_EVENT})


class Unconvertible(Exception):
    """This capture cannot become a case; the text says why."""


@dataclass
class Capture:
    """One capture file; `entries` are (line number, line) of what happened on connections."""

    path: Path
    header: JsonObject | None = None
    spellings: list[tuple[str, str]] = field(default_factory=list)
    case: JsonObject = field(default_factory=dict)
    verdict: JsonObject | None = None
    entries: list[tuple[int, JsonObject]] = field(default_factory=list)

    @property
    def version(self) -> str:
        """The codex version, by the folder."""
        return self.path.resolve().parent.name

    @property
    def name(self) -> str:
        """Of the case, by the file."""
        return self.path.stem


def read_capture(path: Path) -> Capture:
    """Reads a file.  Its last line may be cut off: the recorder may have been killed.  Raises Unconvertible."""
    capture = Capture(path)
    lines = path.read_bytes().split(b"\n")
    complete, cut_off = lines[:-1], lines[-1]
    for number, line in enumerate(complete if cut_off else lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise Unconvertible(f"line {number} is not JSON: {error}") from error
        if not isinstance(entry, dict):
            raise Unconvertible(f"line {number} is no JSON object")
        event = entry.get("ev")
        if event not in _ABOUT_THE_RUN:
            if not isinstance(entry.get("conn"), int):
                raise Unconvertible(f'line {number} names no connection ("conn")')
            capture.entries.append((number, entry))
        elif event == "recording":
            capture.header = entry
        elif event == "spelling":
            capture.spellings.append((entry["here"], entry["recorded"]))
        elif event == EVENT:
            capture.case = entry
        else:
            capture.verdict = entry
    return capture
