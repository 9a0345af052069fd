"""Translates between the recorded spelling of a session and the one of this run.

Exists because a recording names things that differ in every run: the run folder (recorded as
/tmp/ws) in plain, percent-encoded and base64 spelling, and the session id a server hands out.
"""
from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

RECORDED_ROOT = "/tmp/ws"
BYTE_FIELDS = frozenset({"chunk", "dataBase64", "bodyBase64", "deltaBase64"})
_ROOT_TEXT = re.compile(re.escape(RECORDED_ROOT) + r"(?![\w-])")
_ROOT_BYTES = re.compile(re.escape(RECORDED_ROOT.encode()) + rb"(?![\w-])")


class Placeholders:
    """The bindings of one run."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.root_uri = quote(root)
        self.bound: dict[str, str] = {}

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
            raw = base64.b64decode(value)
            return base64.b64encode(_ROOT_BYTES.sub(lambda _: self.root.encode(), raw)).decode()
        replacement = self.root_uri if value.startswith("file:") else self.root
        return _ROOT_TEXT.sub(lambda _: replacement, value)

    def from_wire(self, value: Any, key: str = "") -> Any:
        """A received value in the recorded spelling. Byte fields other than `chunk` are rewritten
        inside, too; chunks are rewritten by `bytes_from_wire` after they were joined."""
        if isinstance(value, dict):
            return {name: self.from_wire(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.from_wire(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key in BYTE_FIELDS:
            if key == "chunk":
                return value
            try:
                raw = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                return value
            return base64.b64encode(self.bytes_from_wire(raw)).decode()
        return value.replace(self.root_uri, RECORDED_ROOT).replace(self.root, RECORDED_ROOT)

    def bytes_from_wire(self, raw: bytes) -> bytes:
        return raw.replace(self.root_uri.encode(), RECORDED_ROOT.encode()).replace(
            self.root.encode(), RECORDED_ROOT.encode())
