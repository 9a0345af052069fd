"""Spells what differs from machine to machine as the cases spell it: the run folder is /tmp/ws, the home /home/executor.

Exists because recordings are exact: the paths in them are those of the machine, plain, percent-encoded in URIs, and
inside base64 text.  Longer paths go first, so that a folder inside the run folder may have a name of its own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from capture.capture_file import Capture
from replay.placeholders import BYTE_FIELDS, RECORDED_HOME, RECORDED_ROOT

STREAMED = frozenset({"chunk", "deltaBase64"})
ABSENT = f"{RECORDED_ROOT}/absent"
RECORDED_CODEX = "/opt/codex"
_NOTHING = r"(?!)"
_NAME_BEGINS = r"(?<![\w.-])"
_NAME_ENDS = r"(?![\w-]|\.\w)"  # /tmp/a is not meant by /tmp/a-b, /tmp/ab and /tmp/a.b
_URI_SAFE = ("/:", "/", "/:@!$&'()*+,;=~")  # what the URL libraries of clients leave as it is


class Spelling:
    """The spellings of one capture."""

    def __init__(self, pairs: Iterable[tuple[str, str]], root: str | None, kept: tuple[str, ...] = ()) -> None:
        """`pairs` are (here, recorded); the folder above `root` becomes /tmp, as the run folder is /tmp/ws.

        What was looked for in vain in a folder above `root` is an absent_probe, except below those in `kept`.
        """
        places = {here.rstrip("/"): recorded for here, recorded in pairs}
        self._root = PurePosixPath(root) if root else None
        self._kept = tuple(map(PurePosixPath, kept))
        self._above: list[PurePosixPath] = []
        if self._root is not None:
            self._above = [folder for folder in self._root.parents if folder != PurePosixPath("/")]
            places[str(self._root)] = RECORDED_ROOT
            for folder in self._above[:1]:
                places.setdefault(str(folder), "/tmp")
        self._recorded = {spelled: recorded for here, recorded in places.items() if here != recorded
                          for spelled in {here, *(quote(here, safe=safe) for safe in _URI_SAFE)}}
        pattern = "|".join(_alternative(spelled) for spelled in sorted(self._recorded, key=len, reverse=True))
        self._text = re.compile(pattern or _NOTHING)
        self._bytes = re.compile((pattern or _NOTHING).encode())

    def value(self, value: Any, member: str = "") -> Any:
        """A message, or a part of it; byte members are spelled inside, but for streamed ones (see pieces)."""
        if isinstance(value, dict):
            return {self.text(name): self.value(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, member) for inner in value]
        if not isinstance(value, str):
            return value
        if member in STREAMED:
            return value
        if member in BYTE_FIELDS:
            try:
                return base64.b64encode(self.data(base64.b64decode(value, validate=True))).decode()
            except (binascii.Error, ValueError):
                return value
        return self.text(value)

    def text(self, text: str) -> str:
        """One string."""
        return self._text.sub(lambda found: self._recorded[found.group()], text)

    def data(self, data: bytes) -> bytes:
        """Bytes."""
        return self.pieces([data])[0]

    def pieces(self, pieces: list[bytes]) -> list[bytes]:
        """Bytes that came in pieces: a path may begin in one and end in another; the first then holds all of it."""
        joined = b"".join(pieces)
        found = [(*match.span(), self._recorded[match.group().decode()].encode()) for match in self._bytes.finditer(joined)]
        return _substitute(joined, [len(piece) for piece in pieces], found)

    def absent_probe(self, path: str) -> str | None:
        """Where a path that was looked for in vain, in a folder above the run folder, is looked for in a replay:
        below a folder that never exists.  None: it was looked for elsewhere."""
        prefix = "file://" if path.startswith("file://") else ""
        bare = PurePosixPath(unquote(path[len(prefix):]) if prefix else path)
        if self._root is None or any(inside in (bare, *bare.parents)
                                     for inside in (self._root, *self._kept)):
            return None
        for folder in self._above:  # the nearest first
            if folder in bare.parents:
                below = str(bare.relative_to(folder))
                return f"{prefix}{ABSENT}/{quote(below) if prefix else below}"
        return None

    def left_over(self, value: Any, member: str = "") -> str:
        """A path of the machine that is still somewhere in it; "" if none is."""
        if isinstance(value, dict):
            found = (self.left_over(name) or self.left_over(inner, name) for name, inner in value.items())
        elif isinstance(value, list):
            found = (self.left_over(inner, member) for inner in value)
        elif not isinstance(value, str):
            return ""
        else:
            text = base64.b64decode(value).decode(errors="replace") if member in BYTE_FIELDS else value
            found = (here for here, recorded in self._recorded.items() if recorded != "/tmp" and here in text)
        return next(filter(None, found), "")


def _alternative(spelled: str) -> str:
    """A path of one name, such as /root, is not meant by /data/root."""
    return (_NAME_BEGINS if spelled.count("/") == 1 else "") + re.escape(spelled) + _NAME_ENDS


def _substitute(joined: bytes, lengths: list[int], found: list[tuple[int, int, bytes]]) -> list[bytes]:
    """Pieces of these lengths with what was found replaced in the piece it begins in."""
    result: list[bytes] = []
    start = 0
    for length in lengths:
        end, position, parts = start + length, start, []
        for begin, stop, recorded in found:
            if stop <= start or begin >= end:
                continue
            parts.append(joined[position:max(begin, position)])
            if begin >= start:
                parts.append(recorded)
            position = min(stop, end)
        parts.append(joined[position:end])
        result.append(b"".join(parts))
        start = end
    return result


def spelling_of(capture: Capture) -> Spelling:
    """The spelling of a capture; one without a header was spelled when it was recorded."""
    if capture.header is None:
        return Spelling((), None)
    root, home, codex = (capture.header.get(member) for member in ("root", "home", "codex"))
    pairs = list(capture.spellings)
    if home:
        pairs.append((home, RECORDED_HOME))
    if codex:
        pairs.append((codex, RECORDED_CODEX))
    return Spelling(pairs, root, tuple(filter(None, (home, codex))))
