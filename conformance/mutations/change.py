"""The kinds of change: what is done to the messages of one connection.

A change object lives as long as its connection and counts in `applied` how often it changed something, so that a
mutation that never struck is not taken for one that was caught.
"""
from __future__ import annotations

from collections.abc import Callable

from mutations.message import Message, NOTIFICATION, Outgoing, Place, Said

Edit = Callable[[Message], list[Outgoing]]  # gets a copy that it may change
Rearrangement = Callable[[list[Said]], list[Outgoing]]


class Change:
    """Passes everything on."""

    def __init__(self) -> None:
        self.applied = 0

    def asked(self, message: Message) -> list[Outgoing] | None:
        """A message of the client; a list is the answer to it and it is not forwarded."""
        return None

    def forwarded(self, message: Message) -> Message:
        """A message of the client; what the server gets instead, the same object if nothing is changed."""
        return message

    def said(self, said: Said) -> list[Outgoing]:
        """A message of the server; what the client gets instead."""
        return [said]


NewChange = Callable[[], Change]


class Strike(Change):
    """Edits the messages at one place."""

    def __init__(self, place: Place, edit: Edit) -> None:
        super().__init__()
        self._place, self._edit, self._met = place, edit, 0

    def said(self, said: Said) -> list[Outgoing]:
        if not self._place.fits(said):
            return [said]
        self._met += 1
        if self._place.occurrence not in (0, self._met):
            return [said]
        self.applied += 1
        return self._edit(said.copy())


class Pair(Change):
    """Holds the message at a place until the next one that fits there has come, then combines both."""

    def __init__(self, place: Place, combine: Callable[[Message, Message], list[Outgoing]]) -> None:
        super().__init__()
        self._place, self._combine = place, combine
        self._met = 0
        self._held: Said | None = None

    def said(self, said: Said) -> list[Outgoing]:
        if not self._place.fits(said):
            return [said]
        if self._held is not None:
            first, self._held = self._held, None
            self.applied += 1
            return self._combine(first.copy(), said.copy())
        self._met += 1
        if self._met != self._place.occurrence:
            return [said]
        self._held = said
        return []


class Tail(Change):
    """Rearranges the end of the first process with output: its last output, exited and closed, in the order they came.

    What is the last output is known only later, so each one is held until the next event of the process.
    """

    def __init__(self, rearrange: Rearrangement) -> None:
        super().__init__()
        self._rearrange = rearrange
        self._process = ""
        self._held: list[Said] = []

    def said(self, said: Said) -> list[Outgoing]:
        if said.kind != NOTIFICATION or not said.process or self.applied:
            return [said]
        if said.method == "process/output" and not self._process:
            self._process = said.process
        if said.process != self._process:
            return [said]
        if said.method == "process/closed":
            self.applied += 1
            return self._rearrange([*self._held, said])
        if said.method == "process/output":
            passed, self._held = self._held, [said]
            return list(passed)
        self._held.append(said)
        return []


class Impostor(Change):
    """Answers a request itself; the server never gets it."""

    def __init__(self, method: str, result: Message, having: Callable[[Message], bool]) -> None:
        super().__init__()
        self._method, self._result, self._having = method, result, having

    def asked(self, message: Message) -> list[Outgoing] | None:
        if self.applied or message.get("method") != self._method or not self._having(message["params"]):
            return None
        self.applied += 1
        return [{"id": message["id"], "result": self._result}]


class Everywhere(Change):
    """Edits every reply and notification, for changes that must do no harm."""

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self._edit = edit

    def said(self, said: Said) -> list[Outgoing]:
        self.applied += 1
        return self._edit(said.copy())


def strike(place: Place, edit: Edit) -> NewChange:
    return lambda: Strike(place, edit)


def pair(place: Place, combine: Callable[[Message, Message], list[Outgoing]]) -> NewChange:
    return lambda: Pair(place, combine)


def tail(rearrange: Rearrangement) -> NewChange:
    return lambda: Tail(rearrange)


def answered_unasked(method: str, result: Message, having: Callable[[Message], bool] = lambda _: True) -> NewChange:
    return lambda: Impostor(method, result, having)


def everywhere(edit: Edit) -> NewChange:
    return lambda: Everywhere(edit)
