"""Structural comparison of a received message with the recorded one.

Exists to hold the one rule of the suite: everything recorded must come, more may come. A case names in `allow` the
deviations that it accepts (deviations.py); what a server does not announce is not offered, and no difference.
"""
from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from replay.deviations import DEVIATIONS, ENVIRONMENT_METHODS, METHOD_NOT_FOUND, Place, is_integer
from replay.diff import brief, bytes_difference, literal, message_diff
from replay.placeholders import BYTE_FIELDS

# Methods a client calls only when the server announced the capability.
CAPABILITY_OF_METHOD = {
    "environmentConfig/read": "environmentConfigRead",
    "fs/watchMissing": "fsWatchMissing",
    "capabilities/discoverV2": "capabilityDiscoveryV2",
    "fs/writeBlock": "fileWriteStreaming",
}

ANY: dict[str, Callable[[Any], bool]] = {
    "integer": is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str) and value != "",
    "array": lambda value: isinstance(value, list),
    "uri": lambda value: isinstance(value, str) and value.startswith("file:///"),
}


@dataclass(frozen=True)
class Difference:
    """What is wrong in a message: the first thing in one line, and everything as a diff."""

    text: str
    diff: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass
class Comparer:
    """Compares with the deviations of one case and notes the ones that were needed."""

    allow: frozenset[str]
    bound: dict[str, str] = field(default_factory=dict)  # receives values of {"$bind": name}
    capabilities: dict[str, Any] = field(default_factory=dict)  # what the server announced
    used: set[tuple[str, str]] = field(default_factory=set)  # deviation and method that needed it
    not_offered: set[str] = field(default_factory=set)  # methods that were answered with -32601, which was fine

    def reply(self, request: dict[str, Any], expected: dict[str, Any], actual: dict[str, Any],
              on_terminal: bool = False) -> Difference | None:
        """None when the reply is as recorded, else what differs."""
        place = Place(request["method"], request.get("params") or {}, on_terminal=on_terminal)
        error = actual.get("error")
        if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND and self._is_unannounced(place.method):
            self.not_offered.add(place.method)
            return None
        wanted, came = ({name: message[name] for name in ("result", "error") if name in message}
                        for message in (expected, actual))
        for member in came:
            if member not in wanted:
                return Difference(f"unexpected {member}: {brief(came[member])}", message_diff(wanted, came))
        return self.value(place, wanted, came)

    def value(self, place: Place, expected: Any, actual: Any) -> Difference | None:
        """None when the value at this place is as recorded, else what differs."""
        walk = _Walk(self, place)
        left, right = walk.value(expected, actual, place.path)
        if not walk.found:
            return None
        return Difference(walk.found[0], "\n".join([message_diff(left, right), *walk.bytes]))

    def allows(self, place: Place, question: Callable[[Any], bool]) -> bool:
        """Does an allowed deviation answer the question with yes?  Notes that it was needed."""
        for name in sorted(self.allow):
            if question(DEVIATIONS[name]):
                if DEVIATIONS[name].counts:
                    self.used.add((name, place.method))
                return True
        return False

    def optional_tail(self, stream: str, output: bytes) -> int:
        """How many bytes at the end of a recorded output may be missing."""
        tails = [DEVIATIONS[name].may_lack_tail(stream) for name in self.allow]
        return max((len(tail) for tail in tails if tail and output.endswith(tail)), default=0)

    def is_tail_missing(self, stream: str, expected: bytes, came: bytes) -> bool:
        """Is that all that differs?  Notes that it was needed."""
        place = Place("process/output", {})
        return self.allows(place, lambda row: bool(row.may_lack_tail(stream)) and came + row.may_lack_tail(stream) == expected)

    def _is_unannounced(self, method: str) -> bool:
        flag = CAPABILITY_OF_METHOD.get(method)
        return flag is not None and not self.capabilities.get(flag)


class _Walk:
    """One comparison; makes both values ready to be shown, with everything acceptable made equal."""

    def __init__(self, comparer: Comparer, place: Place) -> None:
        self.comparer, self.place = comparer, place
        self.found: list[str] = []
        self.bytes: list[str] = []

    def value(self, expected: Any, actual: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
        before, bytes_before = len(self.found), len(self.bytes)
        here = Place(self.place.method, self.place.params, path, self.place.on_terminal)
        pair = self._compare(expected, actual, path)
        if len(self.found) > before and self._may_differ(here, expected, actual):
            del self.found[before:], self.bytes[bytes_before:]
            return actual, actual
        return pair

    def _compare(self, expected: Any, actual: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
        if isinstance(expected, dict) and set(expected) == {"$any"}:
            if ANY[expected["$any"]](actual):
                return actual, actual
            return self._wrong(path, f"any {expected['$any']} expected, came {literal(actual)}",
                               f"any {expected['$any']}", actual)
        if isinstance(expected, dict) and set(expected) == {"$bind"}:
            return self._bind(expected["$bind"], actual, path)
        if isinstance(expected, dict):
            return self._members(expected, actual, path)
        if isinstance(expected, list):
            return self._elements(expected, actual, path)
        if type(expected) is type(actual) and expected == actual:
            return expected, actual
        if path[-1:] and path[-1] in BYTE_FIELDS and isinstance(expected, str) and isinstance(actual, str):
            return self._bytes(expected, actual, path)
        return self._wrong(path, f"expected {literal(expected)}, came {literal(actual)}", expected, actual)

    def _may_differ(self, here: Place, expected: Any, actual: Any) -> bool:
        if _is_capability(here):
            return actual is False
        return self.comparer.allows(here, lambda row: row.may_differ(here, expected, actual))

    def _may_lack(self, here: Place) -> bool:
        if _is_capability(here) or here.path[-1] == "capabilities" and here.method in ENVIRONMENT_METHODS:
            return True
        return self.comparer.allows(here, lambda row: row.may_lack(here))

    def _bind(self, name: str, actual: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
        if not isinstance(actual, str) or not actual:
            return self._wrong(path, f"a string expected, came {literal(actual)}", "any string", actual)
        known = self.comparer.bound.setdefault(name, actual)
        if known != actual:
            return self._wrong(path, f"expected {known} again, came {actual}", known, actual)
        return actual, actual

    def _members(self, expected: dict[str, Any], actual: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
        if not isinstance(actual, dict):
            return self._wrong(path, f"an object expected, came {literal(actual)}", _shown(expected), actual)
        left: dict[str, Any] = {}
        right: dict[str, Any] = {}
        more = {name: value for name, value in actual.items() if name not in expected}
        for name, value in expected.items():
            inner = path + (name,)
            if name in actual:
                left[name], right[name] = self.value(value, actual[name], inner)
            elif not self._may_lack(Place(self.place.method, self.place.params, inner, self.place.on_terminal)):
                self.found.append(f"{_dotted(inner)} is missing, expected {literal(_shown(value))}")
                left[name] = _shown(value)
                left.update(more)  # beside what is missing, because it may be there by another name
                right.update(more)
        return {**left, **more}, {**right, **more}

    def _elements(self, expected: list[Any], actual: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
        if not isinstance(actual, list):
            return self._wrong(path, f"an array expected, came {literal(actual)}", _shown(expected), actual)
        if expected and all(isinstance(item, dict) and "fileName" in item for item in expected + actual):
            # The order of a directory listing is not part of the protocol.
            expected = sorted(expected, key=lambda item: str(item["fileName"]))
            actual = sorted(actual, key=lambda item: str(item["fileName"]))
        if len(expected) != len(actual):
            return self._wrong(path, f"{len(expected)} elements expected, came {len(actual)}: {brief(actual)}",
                               _shown(expected), actual)
        pairs = [self.value(left, right, path + (str(index),))
                 for index, (left, right) in enumerate(zip(expected, actual))]
        return [left for left, _ in pairs], [right for _, right in pairs]

    def _bytes(self, expected: str, actual: str, path: tuple[str, ...]) -> tuple[Any, Any]:
        try:
            left, right = (base64.b64decode(text, validate=True) for text in (expected, actual))
        except (binascii.Error, ValueError):
            return self._wrong(path, f"no base64: {literal(actual)}", expected, actual)
        self.bytes.append(bytes_difference(_dotted(path), left, right))
        return self._wrong(path, f"other bytes than recorded, see below: expected {brief(expected, 60)}, came "
                                 f"{brief(actual, 60)}", f"{len(left)} bytes, see below",
                           f"{len(right)} other bytes, see below")

    def _wrong(self, path: tuple[str, ...], text: str, left: Any, right: Any) -> tuple[Any, Any]:
        self.found.append(f"{_dotted(path)}: {text}")
        return left, right


def _is_capability(place: Place) -> bool:
    """A flag with which a server says what it offers; it may say less than the recorded one."""
    return place.path[-2:-1] == ("capabilities",) and place.method in ENVIRONMENT_METHODS


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path) or "message"


def _shown(expected: Any) -> Any:
    """A recorded value with matchers spelled for people."""
    if isinstance(expected, dict):
        if set(expected) == {"$any"}:
            return f"any {expected['$any']}"
        if set(expected) == {"$bind"}:
            return "any string"
        return {name: _shown(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [_shown(value) for value in expected]
    return expected
