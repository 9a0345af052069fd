"""Edits of one message: the small things a wrong server does."""
from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from mutations.change import Edit
from mutations.message import Abort, Message, Outgoing

Path = tuple[str, ...]


def drop(_: Message) -> list[Outgoing]:
    return []


def double(message: Message) -> list[Outgoing]:
    return [message, message]


def abort(_: Message) -> list[Outgoing]:
    return [Abort()]


def change(*path: str, to: Callable[[Any], Any]) -> Edit:
    """Puts a value computed from the present one."""
    def edit(message: Message) -> list[Outgoing]:
        inner = _inner(message, path)
        inner[path[-1]] = to(inner[path[-1]])
        return [message]
    return edit


def put(*path: str, value: Any) -> Edit:
    """Puts a value whether or not the member is there."""
    def edit(message: Message) -> list[Outgoing]:
        _inner(message, path)[path[-1]] = value
        return [message]
    return edit


def without(*path: str) -> Edit:
    """Takes a member away."""
    def edit(message: Message) -> list[Outgoing]:
        del _inner(message, path)[path[-1]]
        return [message]
    return edit


def before(extra: Message) -> Edit:
    """Says something else first."""
    return lambda message: [extra, message]


def bytes_changed(to: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """A change of bytes as a change of their base64 text."""
    return lambda text: base64.b64encode(to(base64.b64decode(text))).decode()


def without_last_byte(raw: bytes) -> bytes:
    return raw[:-1]


def other_last_byte(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


def _inner(message: Message, path: Path) -> Any:
    inner: Any = message
    for name in path[:-1]:
        inner = inner[name]
    return inner
