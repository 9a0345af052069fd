"""What has been seen of a child process in this run, and how it compares with the recording.

Exists because output may be cut into chunks differently by every server and may be read as well as
notified: bytes are compared per process and stream, sequence numbers only for their rules.
"""
from __future__ import annotations

import base64
import fnmatch
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from replay.compare import Comparer
from replay.diff import bytes_difference, first_difference
from replay.placeholders import Placeholders
from replay.read_claims import ReadClaim
from replay.recorded import Expected

RETAINED_BYTES = 1_048_576


@dataclass(frozen=True)
class Problem:
    """A rule that was broken."""

    text: str
    method: str = ""  # the one that is to blame, if not the message that showed it


@dataclass
class Seen:
    """The life of one process in this run; `problems` collects broken rules."""

    places: Placeholders
    comparer: Comparer
    may_overtake: bool = False
    on_terminal: bool = False
    notified: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    read: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    due: int = 1
    early: set[int] = field(default_factory=set)  # events that came before the one that is due
    highest: int = 0  # of all events but `exited`
    known: set[int] = field(default_factory=set)  # events that were notified, or whose time a read has told
    next_seq: int | None = None
    exited: bool = False
    exit_code: int | None = None
    closed: bool = False
    closed_seq: int = 0
    read_exited: bool = False
    read_closed: bool = False
    events: int = 0
    was_away: bool = False
    gap_allowed: bool = False
    read_since_resume: bool = False
    problems: list[Problem] = field(default_factory=list)
    claims: list[ReadClaim] = field(default_factory=list)
    exit_seq: int | None = None
    _joined: dict[tuple[str, int, int, int], bytes] = field(default_factory=dict)

    def _step(self, seq: int, what: str) -> None:
        """Every number once and in order; only `exited` may overtake others and be overtaken, when the case accepts
        that: its number may then be the one that is missing."""
        self.events += 1
        if self.gap_allowed:
            self.due, self.gap_allowed = max(self.due, seq), False
        is_exit, missing = what == "exited", sum(number not in self.early for number in range(self.due, seq))
        if self.closed and not (is_exit and self._awaits_exit and seq == self.due):
            self.problems.append(Problem(f"{what} seq {seq} after closed"))
        elif seq < self.due or seq in self.early or (not is_exit and seq < self.highest):
            self.problems.append(Problem(f"{what} seq {seq} does not ascend (seq {self.due} is due)"))
        elif missing and not (is_exit and self.may_overtake) and not (missing == 1 and self._awaits_exit):
            lost_exit = what == "closed" and missing == 1 and not self.exited
            self.problems.append(Problem(f"{what} seq {seq} leaves a gap (seq {self.due} is due)",
                                         "process/exited" if lost_exit else "process/output"))
        self.highest = self.highest if is_exit else max(self.highest, seq)
        self.early.add(seq)
        self.known.add(seq)
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
        self.read_since_resume = False

    def on_output(self, seq: int, stream: str, chunk: bytes) -> None:
        self._step(seq, "output")
        if not chunk:
            self.problems.append(Problem(f"output seq {seq} is empty"))
        self.notified[seq] = (stream, chunk)
        self._check_same(seq)
        self._check_claims(self.claims, [seq], None)

    def on_exited(self, seq: int, code: int) -> None:
        self._step(seq, "exited")
        if self.exited:
            self.problems.append(Problem("exited twice"))
        self.exited, self.exit_code, self.exit_seq = True, code, seq
        self._check_claims(self.claims, [], seq)

    def on_closed(self, seq: int) -> None:
        self._step(seq, "closed")
        if not self.exited and not self.was_away and not (self.may_overtake and self.due < seq):
            self.problems.append(Problem("closed before exited"))  # that may come late, but its number must be lower
        self.closed, self.closed_seq = True, seq

    def on_read(self, after: int, result: dict[str, Any]) -> None:
        """Takes a reply to process/read whose members were checked already."""
        previous = after
        for chunk in result["chunks"]:
            seq = chunk["seq"]
            if seq <= previous:
                self.problems.append(Problem(f"process/read after {after} returned seq {seq} behind {previous}"))
            previous = seq
            self.read[seq] = (chunk["stream"], base64.b64decode(chunk["chunk"]))
            self._check_same(seq)
        if result["nextSeq"] < previous + 1:
            self.problems.append(Problem(f"process/read: nextSeq {result['nextSeq']} but seq {previous} was returned"))
        if self.closed and result["nextSeq"] > self.closed_seq + 1:
            self.problems.append(Problem(f"process/read: nextSeq {result['nextSeq']} but closed had seq {self.closed_seq}"))
        if result["closed"] and not result["exited"]:
            self.problems.append(Problem("process/read: closed but not exited"))
        if result["exited"] != (result["exitCode"] is not None):
            self.problems.append(Problem(f"process/read: exited {result['exited']} with exitCode {result['exitCode']}"))
        if self.read_closed and not result["closed"]:
            self.problems.append(Problem("process/read: closed is taken back"))
        self.claims.append(ReadClaim(after, result["nextSeq"], frozenset(chunk["seq"] for chunk in result["chunks"]),
                                     result["exited"], result["closed"]))
        self._check_claims(self.claims[-1:], self.notified, self.exit_seq)
        self.next_seq, self.read_since_resume = result["nextSeq"], True
        self.known.update(range(after + 1, result["nextSeq"]))
        self.read_exited = self.read_exited or result["exited"]
        self.read_closed = self.read_closed or result["closed"]

    def _check_same(self, seq: int) -> None:
        if seq in self.notified and seq in self.read and self.notified[seq] != self.read[seq]:
            self.problems.append(Problem(f"seq {seq} was notified and read with different contents"))

    def _check_claims(self, claims: list[ReadClaim], outputs: Iterable[int], exit_seq: int | None) -> None:
        """Do these events bear out what these reads claimed?"""
        if sum(len(chunk) for _, chunk in self.notified.values()) > RETAINED_BYTES:
            outputs = ()  # the oldest may be gone when a client reads
        broken = [claim.broken_by_output(seq) for claim in claims for seq in outputs]
        if exit_seq is not None:
            broken += [claim.broken_by_exit(exit_seq) for claim in claims]
        self.problems += [Problem(text, "process/read") for text in broken if text]

    def after_seq(self) -> int:
        """Where a client continues to read: behind its last read, else behind the last event; after a resume at the
        first event it does not know."""
        if self.was_away:
            return next(number for number in itertools.count() if number + 1 not in self.known)
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
    if lacks_exit(expected, seen) or lacks_close(expected, seen):
        return False
    return not lacking(expected, seen)


def lacks_exit(expected: Expected, seen: Seen) -> bool:
    """Is its exit due?"""
    if expected.over_connections:
        return (expected.exited or expected.read_exited) and not (seen.exited or seen.read_exited)
    return expected.exited and not seen.exited


def lacks_close(expected: Expected, seen: Seen) -> bool:
    """Is its close due?"""
    if expected.over_connections:
        return (expected.closed or expected.read_closed) and not (seen.closed or seen.read_closed)
    return expected.closed and not seen.closed


def lacking(expected: Expected, seen: Seen) -> list[str]:
    """What is due of the output that was notified, by stream."""
    if expected.lines is not None:
        return []
    if expected.over_connections:
        due = {stream: len(expected.total(stream)) for stream in expected.streams()}
    else:
        due = {stream: len(data) for stream, data in expected.notified.items()}
    due = {stream: size - seen.comparer.optional_tail(stream, expected.total(stream)) for stream, size in due.items()}
    came = {stream: len(seen.joined(stream, True, expected.over_connections)) for stream in due}
    return [f"{stream} ({came[stream]} of {due[stream]} bytes came)" for stream in due if came[stream] < due[stream]]


def read_reached(expected: Expected, seen: Seen) -> bool:
    """Has this run read as much as the recording?  After a resume it depends on the moment what is left to be read."""
    if expected.over_connections:
        return True
    if (expected.read_exited and not seen.read_exited) or (expected.read_closed and not seen.read_closed):
        return False
    if expected.lines is not None or lossy(expected):
        return True
    return all(len(seen.joined(stream, False, True)) >= len(data) - seen.comparer.optional_tail(stream, bytes(data))
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
        if seen.comparer.is_tail_missing(stream, total, live):
            total = live
        found += _compare_bytes("process/output", stream, total, live, expected.closed or expected.read_closed)
        if expected.read and not lossy(expected):
            read = seen.joined(stream, False, True)
            least = bytes(expected.read.get(stream, b""))
            if seen.comparer.is_tail_missing(stream, least, read):
                least = read
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
