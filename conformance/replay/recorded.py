"""The recorded life of one process, as far as it is due.

Exists because output of a session that outlives its connection is recorded in pieces: some notified, some read after a
resume, some both. What the program has printed is their union by sequence numbers.
"""
from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

Streams = dict[str, bytearray]


@dataclass(frozen=True)
class Piece:
    """Recorded output; adjacent chunks of one stream are stored as one, with the number of the first."""

    seq: int
    next_seq: int  # every number below is known to be part of this piece or of one before it
    stream: str
    data: bytes


@dataclass
class Expected:
    """Grows frame by frame."""

    notified: Streams = field(default_factory=dict)
    read: Streams = field(default_factory=dict)
    exited: bool = False
    exit_code: int | None = None
    closed: bool = False
    read_exited: bool = False
    read_closed: bool = False
    over_connections: bool = False  # the session was resumed while it was there
    lines: dict[str, Any] | None = None
    _pieces: list[Piece] = field(default_factory=list)

    def note_output(self, params: dict[str, Any]) -> None:
        """Takes a process/output."""
        data = base64.b64decode(params["chunk"])
        self.notified.setdefault(params["stream"], bytearray()).extend(data)
        self._pieces.append(Piece(params["seq"], params["seq"] + 1, params["stream"], data))

    def note_read(self, result: dict[str, Any]) -> None:
        """Takes a reply to process/read."""
        chunks = result["chunks"]
        ends = [chunk["seq"] for chunk in chunks[1:]] + [result["nextSeq"]]
        for chunk, end in zip(chunks, ends):
            data = base64.b64decode(chunk["chunk"])
            self.read.setdefault(chunk["stream"], bytearray()).extend(data)
            self._pieces.append(Piece(chunk["seq"], end, chunk["stream"], data))
        self.read_exited = self.read_exited or result["exited"]
        self.read_closed = self.read_closed or result["closed"]
        if result["exited"]:
            self.exit_code = result["exitCode"]

    def total(self, stream: str) -> bytes:
        """All that is due of a stream, whichever way it came."""
        if self.over_connections:
            return self._union(stream)
        return bytes(max(self.notified.get(stream, b""), self.read.get(stream, b""), key=len))

    def streams(self) -> set[str]:
        """Those with output."""
        return set(self.notified) | set(self.read)

    def _union(self, stream: str) -> bytes:
        data, known = bytearray(), 0
        for piece in sorted(self._pieces, key=lambda piece: piece.seq):
            if piece.stream == stream:
                data += piece.data[_overlap(data, piece.data) if piece.seq < known else 0:]
            known = max(known, piece.next_seq)
        return bytes(data)


def _overlap(before: bytes, after: bytes) -> int:
    """How many bytes at the beginning of `after` stand at the end of `before` already."""
    left, right = memoryview(before), memoryview(after)
    return next((size for size in range(min(len(left), len(right)), 0, -1) if left[-size:] == right[:size]), 0)
