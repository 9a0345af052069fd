"""What has been said in one replay so far, by both sides.

Exists as the memory that sending (player.py), receiving (inbox.py) and waiting (waiting.py) share.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from replay.accounting import Accounts
from replay.bodies import SeenBody
from replay.case import Case
from replay.compare import Comparer
from replay.deviations import Place
from replay.diff import brief
from replay.expectation import Expectation, Key, ProcessKey
from replay.pids import number_in
from replay.placeholders import Placeholders
from replay.streams import Seen
from replay.transcript import Mismatch, Transcript


@dataclass
class Progress:
    """One replay of one case."""

    case: Case
    places: Placeholders
    expectation: Expectation
    comparer: Comparer
    accounts: Accounts = field(default_factory=Accounts)
    transcript: Transcript = field(default_factory=Transcript)
    frame: int = 0  # line of the recording the player is at
    current: dict[str, int] = field(default_factory=dict)  # each session's connection
    requests: dict[Key, dict[str, Any]] = field(default_factory=dict)  # as sent, in the recorded spelling
    answered: set[Key] = field(default_factory=set)
    seen: dict[ProcessKey, Seen] = field(default_factory=dict)
    starts: dict[ProcessKey, dict[str, Any]] = field(default_factory=dict)
    reads_pending: dict[ProcessKey, int] = field(default_factory=dict)
    read_at: dict[ProcessKey, int] = field(default_factory=dict)  # events that had come when it was last read
    watching: set[int] = field(default_factory=set)  # connections that have asked for hints
    changes: set[tuple[int, int]] = field(default_factory=set)  # hints that came, by connection and watchId
    bodies: dict[tuple[int, str], SeenBody] = field(default_factory=dict)
    numbers: set[ProcessKey] = field(default_factory=set)  # processes whose number is bound
    refused_resume: Key | None = None  # a resume that has to be tried again

    @classmethod
    def of(cls, case: Case, root: str) -> Progress:
        """Nothing said yet; `root` is this run's folder."""
        places = Placeholders(root)
        return cls(case, places, Expectation(case), Comparer(case.meta.allow, places.bound))

    def place(self, method: str, params: dict[str, Any], key: ProcessKey | None, *path: str) -> Place:
        """Where a comparison begins."""
        return Place(method, params, path, on_terminal=key in self.seen and self.seen[key].on_terminal)

    def fail(self, text: str, method: str = "", *details: str, frame: int = 0) -> Mismatch:
        """What to raise."""
        return Mismatch(frame or self.frame, text, method, "\n".join(detail for detail in details if detail))

    def about_process(self, key: ProcessKey) -> str:
        """The request that began a process, for a report."""
        return f"request   {brief(self.starts[key], 600)}" if key in self.starts else ""

    def lacks_number(self, key: ProcessKey) -> bool:
        """Is the number of a process due by the recording, and not bound yet?"""
        pattern = self.case.meta.pids.get(key[1])
        expected = self.expectation.processes[key]
        if pattern is None or key in self.numbers:
            return False
        return number_in(pattern, expected.total, expected.closed or expected.read_closed) is not None

    def bind_number(self, key: ProcessKey) -> None:
        """Binds the number that a process tells, once it has come."""
        pattern = self.case.meta.pids.get(key[1])
        if pattern is None or key in self.numbers:
            return
        seen = self.seen[key]
        here = number_in(pattern, lambda stream: seen.joined(stream, True, True), seen.closed or seen.read_closed)
        if here:
            self.places.add_number(self.expectation.numbers[key], here)
            self.numbers.add(key)
