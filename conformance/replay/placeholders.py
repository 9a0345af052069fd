"""Translates between the recorded spelling of a session and the one of this run.

Exists because a recording names things that differ in every run: the run folder (recorded as
/tmp/ws), the server's home and the MCP server a case needs, in plain, percent-encoded and base64
spelling, the session id a server hands out, and process ids that a program prints.
"""
from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

RECORDED_ROOT = "/tmp/ws"
RECORDED_HOME = "/home/executor"
RECORDED_MCP = "http://mcp.test"
BYTE_FIELDS = frozenset({"chunk", "dataBase64", "bodyBase64", "deltaBase64"})


class _Place:
    """One thing with two names."""

    def __init__(self, recorded: str, here: str) -> None:
        self.recorded, self.here = recorded, here
        self.uri = quote(here, safe="/:")
        self.text = re.compile(re.escape(recorded) + r"(?![\w-])")
        self.bytes = re.compile(re.escape(recorded.encode()) + rb"(?![\w-])")


class Placeholders:
    """The bindings of one run."""

    def __init__(self, root: str) -> None:
        self.places = [_Place(RECORDED_ROOT, root)]
        self._numbers_here: dict[bytes, bytes] = {}  # by the recorded ones
        self._numbers_recorded: dict[bytes, bytes] = {}  # by those of this run
        self.bound: dict[str, str] = {}

    def add(self, recorded: str, here: str) -> None:
        """From now on `recorded` stands for `here`."""
        self.places.append(_Place(recorded, here))

    def add_number(self, recorded: bytes, here: bytes) -> None:
        """The same for a number: in bytes of both directions and in argv."""
        self._numbers_here[recorded], self._numbers_recorded[here] = here, recorded

    @property
    def generation(self) -> int:
        """Grows with every binding."""
        return len(self.places) + len(self._numbers_here)

    def to_wire(self, value: Any, key: str = "") -> Any:
        """A recorded value as it must be spelled in this run."""
        if isinstance(value, dict):
            if set(value) == {"$bound"}:
                return self.bound[value["$bound"]]
            return {name: self.to_wire(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.to_wire(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key in BYTE_FIELDS:
            raw = _translate(base64.b64decode(value), self._numbers_here)
            for place in self.places:
                raw = place.bytes.sub(lambda _, here=place.here.encode(): here, raw)
            return base64.b64encode(raw).decode()
        if key == "argv":
            value = _translate(value.encode(), self._numbers_here).decode()
        is_uri = value.startswith("file:")
        for place in self.places:
            value = place.text.sub(lambda _, here=place.uri if is_uri else place.here: here, value)
        return value

    def from_wire(self, value: Any, key: str = "") -> Any:
        """A received value in the recorded spelling. Byte fields that arrive in one piece are rewritten
        inside, too; chunks are rewritten by `bytes_from_wire` after they were joined."""
        if isinstance(value, dict):
            return {name: self.from_wire(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.from_wire(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key in BYTE_FIELDS:
            if key in ("chunk", "deltaBase64"):
                return value
            try:
                raw = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                return value
            return base64.b64encode(self.bytes_from_wire(raw)).decode()
        for place in self.places:
            value = value.replace(place.uri, place.recorded).replace(place.here, place.recorded)
        return value

    def bytes_from_wire(self, raw: bytes) -> bytes:
        """The same for bytes."""
        for place in self.places:
            raw = raw.replace(place.uri.encode(), place.recorded.encode()).replace(
                place.here.encode(), place.recorded.encode())
        return _translate(raw, self._numbers_recorded)


def _translate(raw: bytes, numbers: dict[bytes, bytes]) -> bytes:
    """Every number with another value; digits beside it make it another number."""
    return re.sub(rb"\d+", lambda digits: numbers.get(digits[0], digits[0]), raw) if numbers else raw
