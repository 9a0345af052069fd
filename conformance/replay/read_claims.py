"""What the replies to process/read claimed about a process, held against its notifications.

Exists because a client believes a read: output below nextSeq is never asked for again, and nothing is awaited behind
exited or closed.  A claim is broken by an event, which may come before or after the reply.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadClaim:
    """One reply to a process/read without maxBytes; the methods tell how an event breaks it, "" if it does not."""

    after: int
    next_seq: int
    seqs: frozenset[int]  # of the chunks it returned
    exited: bool
    closed: bool

    def broken_by_output(self, seq: int) -> str:
        if self.after < seq < self.next_seq and seq not in self.seqs:
            return (f"process/read after {self.after} did not return output seq {seq}, "
                    f"and its nextSeq {self.next_seq} is behind it")
        if self.closed and seq >= self.next_seq:
            return f"process/read said closed with nextSeq {self.next_seq}, but output seq {seq} came"
        return ""

    def broken_by_exit(self, seq: int) -> str:
        """Servers differ in whether nextSeq counts the exit, so both may be equal."""
        if self.exited and seq > self.next_seq:
            return f"process/read said exited with nextSeq {self.next_seq}, but exited has seq {seq}"
        return ""
