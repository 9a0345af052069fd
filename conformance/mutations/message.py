"""The messages of a server as the proxy sees them, and what it may send instead.

Exists so that a mutation speaks of "the second output" or "the reply to fs/readFile", not of frames and ids.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]

RESULT, ERROR, NOTIFICATION = "result", "error", "notification"


@dataclass(frozen=True)
class Said:
    """A message of the server; `request` is the one it answers (None for a notification)."""

    text: str
    message: Message
    request: Message | None

    @property
    def kind(self) -> str:
        if self.request is None:
            return NOTIFICATION
        return ERROR if "error" in self.message else RESULT

    @property
    def method(self) -> str:
        """Of the notification, or of the request that is answered."""
        return str((self.request or self.message).get("method"))

    @property
    def process(self) -> str:
        """Whose event this is; "" if it is not about a process."""
        return str((self.message.get("params") or {}).get("processId", ""))

    def copy(self) -> Message:
        """A message that may be changed."""
        return copy.deepcopy(self.message)


@dataclass(frozen=True)
class Fragmented:
    """A text message that goes out as several frames."""

    pieces: list[str]


class Abort:
    """The connection is cut here."""


# Said goes out byte for byte, a Message as compact JSON, str and bytes as they are (text, binary).
Outgoing = Said | Message | str | bytes | Fragmented | Abort


def always(_: Said) -> bool:
    return True


@dataclass(frozen=True)
class Place:
    """Where a mutation strikes: the `occurrence`-th such message of a connection, 0 for each of them."""

    kind: str  # RESULT, ERROR, NOTIFICATION
    method: str
    occurrence: int = 1
    having: Callable[[Said], bool] = always

    def fits(self, said: Said) -> bool:
        """Is it one of those that are counted?"""
        return said.kind == self.kind and said.method == self.method and self.having(said)


def result_of(method: str, occurrence: int = 1, having: Callable[[Said], bool] = always) -> Place:
    return Place(RESULT, method, occurrence, having)


def error_of(method: str, occurrence: int = 1, having: Callable[[Said], bool] = always) -> Place:
    return Place(ERROR, method, occurrence, having)


def event(method: str, occurrence: int = 1, having: Callable[[Said], bool] = always) -> Place:
    return Place(NOTIFICATION, method, occurrence, having)
