"""Structural comparison of a received message with the recorded one.

Exists to hold the one rule of the suite (everything recorded must come, more may come) and the
named deviations from it; a case states in meta.allow which deviations it accepts.
"""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Callable

Path = tuple[str, ...]

# Methods a client calls only when the server announced the capability.
CAPABILITY_OF_METHOD = {
    "environmentConfig/read": "environmentConfigRead",
    "fs/watchMissing": "fsWatchMissing",
    "capabilities/discoverV2": "capabilityDiscoveryV2",
    "fs/writeBlock": "fileWriteStreaming",
}
IDENTITY_MEMBERS = ("executorVersion", "providerId", "prependPathDirs")
METHOD_NOT_FOUND = -32601
INVALID_REQUEST = -32600


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


ANY: dict[str, Callable[[Any], bool]] = {
    "integer": _is_int,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str) and value != "",
    "array": lambda value: isinstance(value, list),
    "uri": lambda value: isinstance(value, str) and value.startswith("file:///"),
}


@dataclass
class Comparer:
    """Compares with the deviations of one case; `bound` receives values of {"$bind": name}."""

    allow: frozenset[str]
    capabilities: dict[str, Any]
    bound: dict[str, str] = field(default_factory=dict)

    def reply(self, request: dict[str, Any], expected: dict[str, Any], actual: dict[str, Any]) -> str | None:
        """None when the reply is as recorded, else what differs."""
        if self._is_allowed_error(request, expected, actual):
            return None
        for member in ("result", "error"):
            if member in expected and member not in actual:
                return f"a {member} is expected, came: {brief(actual)}"
            if member in actual and member not in expected:
                return f"unexpected {member}: {brief(actual)}"
            if member in expected:
                found = self.value(expected[member], actual[member], (member,))
                if found:
                    return found
        return None

    def value(self, expected: Any, actual: Any, path: Path) -> str | None:
        if isinstance(expected, dict):
            if set(expected) == {"$any"}:
                if ANY[expected["$any"]](actual):
                    return None
                return f"{show(path)}: any {expected['$any']} expected, came {brief(actual)}"
            if set(expected) == {"$bind"}:
                return self._bind(expected["$bind"], actual, path)
            return self._members(expected, actual, path)
        if isinstance(expected, list):
            return self._elements(expected, actual, path)
        same_type = type(expected) is type(actual)
        if (same_type and expected == actual) or self._may_differ(expected, actual, path):
            return None
        return f"{show(path)}: expected {brief(expected)}, came {brief(actual)}"

    def _bind(self, name: str, actual: Any, path: Path) -> str | None:
        if not isinstance(actual, str) or not actual:
            return f"{show(path)}: a string expected, came {brief(actual)}"
        if self.bound.setdefault(name, actual) != actual:
            return f"{show(path)}: expected {self.bound[name]} again, came {actual}"
        return None

    def _members(self, expected: dict[str, Any], actual: Any, path: Path) -> str | None:
        if not isinstance(actual, dict):
            return f"{show(path)}: an object expected, came {brief(actual)}"
        for name, value in expected.items():
            inner = path + (name,)
            if name not in actual:
                if self._may_be_missing(inner):
                    continue
                return f"{show(inner)} is missing, expected {brief(value)}"
            found = self.value(value, actual[name], inner)
            if found:
                return found
        return None

    def _elements(self, expected: list[Any], actual: Any, path: Path) -> str | None:
        if not isinstance(actual, list):
            return f"{show(path)}: an array expected, came {brief(actual)}"
        if len(expected) != len(actual):
            return f"{show(path)}: {len(expected)} elements expected, came {len(actual)}: {brief(actual)}"
        if expected and all(isinstance(item, dict) and "fileName" in item for item in expected + actual):
            # The order of a directory listing is not part of the protocol.
            expected = sorted(expected, key=lambda item: str(item["fileName"]))
            actual = sorted(actual, key=lambda item: str(item["fileName"]))
        for index, (left, right) in enumerate(zip(expected, actual)):
            found = self.value(left, right, path + (str(index),))
            if found:
                return found
        return None

    def _may_be_missing(self, path: Path) -> bool:
        if "capability-flags" in self.allow and ("capabilities" in path[-2:]):
            return True
        return "server-identity" in self.allow and path[-1] in IDENTITY_MEMBERS

    def _may_differ(self, expected: Any, actual: Any, path: Path) -> bool:
        if "capability-flags" in self.allow and path[-2:-1] == ("capabilities",):
            return actual is False
        if "created-at" in self.allow and path[-1:] == ("createdAtMs",):
            return _is_int(actual) and actual >= 0
        if "exit-code-128" in self.allow and path[-1:] == ("exitCode",):
            return expected == -1 and _is_int(actual) and 128 < actual <= 192
        return False

    def _is_allowed_error(self, request: dict[str, Any], expected: dict[str, Any], actual: dict[str, Any]) -> bool:
        error = actual.get("error")
        if not isinstance(error, dict):
            return False
        method = request["method"]
        if "method-not-offered" in self.allow and error.get("code") == METHOD_NOT_FOUND:
            flag = CAPABILITY_OF_METHOD.get(method)
            return flag is not None and not self.capabilities.get(flag)
        if "read-directory" in self.allow and method == "fs/readFile":
            text = f"path `{request['params']['path']}` is not a file"
            return (expected.get("error", {}).get("message") == "Is a directory (os error 21)"
                    and error.get("code") == INVALID_REQUEST and error.get("message") == text)
        return False


def show(path: Path) -> str:
    return ".".join(path) or "message"


def brief(value: Any, limit: int = 200) -> str:
    """A value for a message, long ones cut in the middle."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit // 2]}…({len(text)})…{text[-limit // 4:]}"
