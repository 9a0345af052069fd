"""What is known about the child processes of a session: as recorded, and as seen in this run.

Exists because output may be cut into chunks differently by every server and may be read as well as
notified: bytes are compared per process and stream, sequence numbers only for their rules.
"""
from __future__ import annotations

import base64
import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from replay.diff import bytes_difference, first_difference
from replay.placeholders import Placeholders
from replay.read_claims import ReadClaim

RETAINED_BYTES = 1_048_576
Streams = dict[str, bytearray]


@dataclass
class Expected:
    """The recorded life of one process up to some frame."""

    notified: Streams = field(default_factory=dict)
    read: Streams = field(default_factory=dict)
    exited: bool = False
    exit_code: int | None = None
    closed: bool = False
    read_exited: bool = False
    read_closed: bool = False
    over_connections: bool = False
    lines: dict[str, Any] | None = None

    def note_output(self, target: Streams, stream: str, chunk: str) -> None:
        target.setdefault(stream, bytearray()).extend(base64.b64decode(chunk))

    def note_read(self, result: dict[str, Any]) -> None:
        for chunk in result["chunks"]:
            self.note_output(self.read, chunk["stream"], chunk["chunk"])
        self.read_exited = self.read_exited or result["exited"]
        self.read_closed = self.read_closed or result["closed"]
        if result["exited"]:
            self.exit_code = result["exitCode"]

    def total(self, stream: str) -> bytes:
        notified, read = self.notified.get(stream, b""), self.read.get(stream, b"")
        return bytes(max(notified, read, key=len))

    def streams(self) -> set[str]:
        return set(self.notified) | set(self.read)


@dataclass
class Seen:
    """The life of one process in this run; `problems` collects broken rules."""

    places: Placeholders
    may_overtake: bool = False
    on_terminal: bool = False
    notified: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    read: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    due: int = 1
    early: set[int] = field(default_factory=set)
    next_seq: int | None = None
    exited: bool = False
    exit_code: int | None = None
    closed: bool = False
    read_exited: bool = False
    read_closed: bool = False
    events: int = 0
    was_away: bool = False
    gap_allowed: bool = False
    problems: list[str] = field(default_factory=list)
    claims: list[ReadClaim] = field(default_factory=list)
    exit_seq: int | None = None
    _joined: dict[tuple[str, int, int, int], bytes] = field(default_factory=dict)

    def _step(self, seq: int, what: str) -> None:
        """Every number once and in order; only `exited` may come before output with a lower number, and behind
        `closed` (when the case accepts that)."""
        self.events += 1
        if self.gap_allowed:
            self.due, self.gap_allowed = max(self.due, seq), False
        if self.closed and not (what == "exited" and self._awaits_exit):
            self.problems.append(f"{what} seq {seq} after closed")
        elif seq < self.due or seq in self.early:
            self.problems.append(f"{what} seq {seq} does not ascend (seq {self.due} is due)")
        elif seq > self.due and not (what == "exited" and self.may_overtake) \
                and not (what == "closed" and seq == self.due + 1 and self._awaits_exit):
            self.problems.append(f"{what} seq {seq} leaves a gap (seq {self.due} is due)")
        self.early.add(seq)
        while self.due in self.early:
            self.early.remove(self.due)
            self.due += 1

    @property
    def _awaits_exit(self) -> bool:
        """May a number be left out, because `exited` is still to come?"""
        return self.may_overtake and not self.exited

    def resumed(self) -> None:
        """A new connection: what happened while none was there is not notified later."""
        self.was_away = self.gap_allowed = not self.closed

    def on_output(self, seq: int, stream: str, chunk: bytes) -> None:
        self._step(seq, "output")
        if not chunk:
            self.problems.append(f"output seq {seq} is empty")
        self.notified[seq] = (stream, chunk)
        self._check_same(seq)
        self._check_claims(self.claims, [seq], None)

    def on_exited(self, seq: int, code: int) -> None:
        self._step(seq, "exited")
        if self.exited:
            self.problems.append("exited twice")
        self.exited, self.exit_code, self.exit_seq = True, code, seq
        self._check_claims(self.claims, [], seq)

    def on_closed(self, seq: int) -> None:
        self._step(seq, "closed")
        if not self.exited and not self.was_away and not self.may_overtake:
            self.problems.append("closed before exited")
        self.closed = True

    def on_read(self, after: int, result: dict[str, Any]) -> None:
        """Takes a reply to process/read whose members were checked already."""
        previous = after
        for chunk in result["chunks"]:
            seq = chunk["seq"]
            if seq <= previous:
                self.problems.append(f"process/read after {after} returned seq {seq} behind {previous}")
            previous = seq
            self.read[seq] = (chunk["stream"], base64.b64decode(chunk["chunk"]))
            self._check_same(seq)
        if result["nextSeq"] < previous + 1:
            self.problems.append(f"process/read: nextSeq {result['nextSeq']} but seq {previous} was returned")
        if self.closed and result["nextSeq"] > self.due:
            self.problems.append(f"process/read: nextSeq {result['nextSeq']} but closed had seq {self.due - 1}")
        if result["closed"] and not result["exited"]:
            self.problems.append("process/read: closed but not exited")
        if result["exited"] != (result["exitCode"] is not None):
            self.problems.append(f"process/read: exited {result['exited']} with exitCode {result['exitCode']}")
        if self.read_closed and not result["closed"]:
            self.problems.append("process/read: closed is taken back")
        self.claims.append(ReadClaim(after, result["nextSeq"], frozenset(chunk["seq"] for chunk in result["chunks"]),
                                     result["exited"], result["closed"]))
        self._check_claims(self.claims[-1:], self.notified, self.exit_seq)
        self.next_seq = result["nextSeq"]
        self.read_exited = self.read_exited or result["exited"]
        self.read_closed = self.read_closed or result["closed"]

    def _check_same(self, seq: int) -> None:
        if seq in self.notified and seq in self.read and self.notified[seq] != self.read[seq]:
            self.problems.append(f"seq {seq} was notified and read with different contents")

    def _check_claims(self, claims: list[ReadClaim], outputs: Iterable[int], exit_seq: int | None) -> None:
        """Do these events bear out what these reads claimed?"""
        if sum(len(chunk) for _, chunk in self.notified.values()) > RETAINED_BYTES:
            outputs = ()  # the oldest may be gone when a client reads
        self.problems += [problem for claim in claims for seq in outputs if (problem := claim.broken_by_output(seq))]
        if exit_seq is not None:
            self.problems += [problem for claim in claims if (problem := claim.broken_by_exit(exit_seq))]

    def after_seq(self) -> int:
        """Where a client continues to read: behind its last read, else behind the last event."""
        return self.due - 1 if self.next_seq is None else self.next_seq - 1

    def joined(self, stream: str, notified: bool, read: bool) -> bytes:
        """The bytes of one stream in the order of seq, in the recorded spelling of paths."""
        key = (stream, len(self.notified) if notified else -1, len(self.read) if read else -1, self.places.generation)
        if key not in self._joined:
            union = {**(self.read if read else {}), **(self.notified if notified else {})}
            raw = b"".join(chunk for _, (name, chunk) in sorted(union.items()) if name == stream)
            self._joined = {key: self.places.bytes_from_wire(raw)}
        return self._joined[key]

    def streams(self) -> set[str]:
        return {name for name, _ in [*self.notified.values(), *self.read.values()]}


def reached(expected: Expected, seen: Seen) -> bool:
    """Has this run got as far as the recording (events)?"""
    if expected.exited and not (seen.exited or seen.read_exited and expected.over_connections):
        return False
    if expected.closed and not (seen.closed or seen.read_closed and expected.over_connections):
        return False
    if expected.lines is not None:
        return True
    return all(len(seen.joined(stream, True, expected.over_connections)) >= len(data)
               for stream, data in expected.notified.items())


def read_reached(expected: Expected, seen: Seen) -> bool:
    """Has this run read as much as the recording?"""
    if (expected.read_exited and not seen.read_exited) or (expected.read_closed and not seen.read_closed):
        return False
    if expected.lines is not None or lossy(expected):
        return True
    return all(len(seen.joined(stream, False, True)) >= len(data)
               for stream, data in expected.read.items())


def lossy(expected: Expected) -> bool:
    """More output than a server retains: a reader may miss the oldest part."""
    return sum(len(expected.total(stream)) for stream in expected.streams()) > RETAINED_BYTES


@dataclass(frozen=True)
class StreamDifference:
    """What differs at the end of a process, and which method brought it."""

    method: str
    stream: str
    at: int  # byte of the stream
    text: str


def differences(expected: Expected, seen: Seen) -> list[StreamDifference]:
    """What differs at the end of the session (empty: nothing)."""
    if expected.lines is not None:
        return _line_differences(expected.lines, seen.joined("stdout", True, True).decode("utf-8", "replace"))
    found: list[StreamDifference] = []
    for stream in sorted(expected.streams() | seen.streams()):
        total = expected.total(stream)
        live = seen.joined(stream, True, expected.over_connections)
        found += _compare_bytes("process/output", stream, total, live, expected.closed or expected.read_closed)
        if expected.read and not lossy(expected):
            read = seen.joined(stream, False, True)
            least = bytes(expected.read.get(stream, b""))
            if not live.startswith(read) and not expected.over_connections:
                found += _compare_bytes("process/read", stream, live, read, False)
            if len(read) < len(least) and not expected.over_connections:
                found += _compare_bytes("process/read", stream, least, read, True)
    return found


def _compare_bytes(method: str, stream: str, expected: bytes, actual: bytes, complete: bool) -> list[StreamDifference]:
    if actual == expected or (not complete and (expected.startswith(actual) or actual.startswith(expected))):
        return []
    return [StreamDifference(method, stream, first_difference(expected, actual),
                             bytes_difference(f"{stream} ({method})", expected, actual))]


def _line_differences(rules: dict[str, Any], text: str) -> list[StreamDifference]:
    lines = text.splitlines()
    found = [f"stdout: no line matches {wanted!r}" for wanted in rules["lines"]
             if not any(fnmatch.fnmatchcase(line, wanted) for line in lines)]
    if rules.get("exact"):
        found += [f"stdout: unexpected line {line!r}" for line in lines
                  if not any(fnmatch.fnmatchcase(line, wanted) for wanted in rules["lines"])]
    if not found:
        return []
    return [StreamDifference("process/output", "stdout", 0, "\n".join([*found, "stdout was", *(f"    {line}" for line in lines)]))]
