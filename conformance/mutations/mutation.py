"""What a mutation and a control are made of."""
from __future__ import annotations

import re
from dataclasses import dataclass

from mutations.change import NewChange


@dataclass(frozen=True)
class Mutation:
    """One way to break replies, and the cases of the suite that must see it."""

    name: str
    description: str
    change: NewChange
    cases: tuple[str, ...]  # VERSION/CASE; each of them must fail
    expected: str  # regex: what the failure must say, so that an accident does not count
    waits: bool = False  # something never comes: the suite has to wait until it gives up

    def explains(self, reason: str) -> bool:
        """Is this the failure that the mutation must cause?"""
        return re.search(self.expected, reason) is not None


@dataclass(frozen=True)
class Control:
    """A proxy that does no harm: every case must be green."""

    name: str
    description: str
    change: NewChange
    cases: tuple[str, ...]
