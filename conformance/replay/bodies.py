"""Streamed bodies of http/request: what the recording has of them and what came in this run.

Exists because a body is cut into deltas as the network likes: only the joined bytes, the numbering and
the end can be compared.
"""
from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any


@dataclass
class ExpectedBody:
    """A body as far as it is due."""

    due: int = 0
    done_due: bool = False
    data: bytes = b""  # all of the recording
    done: bool = False

    def record(self, params: dict[str, Any]) -> None:
        """Looks ahead: a delta of the recording."""
        self.data += base64.b64decode(params["deltaBase64"])
        self.done = self.done or params["done"]

    def note(self, params: dict[str, Any]) -> None:
        """This delta of the recording is due now."""
        self.due += len(base64.b64decode(params["deltaBase64"]))
        self.done_due = self.done_due or params["done"]


class SeenBody:
    """A body as it came; `add` says what is wrong."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.seq = 0
        self.done = False

    def add(self, params: dict[str, Any], expected: ExpectedBody) -> str:
        """Takes one http/request/bodyDelta."""
        if self.done:
            return "a delta after the last one"
        if params.get("seq") != self.seq + 1 or isinstance(params.get("seq"), bool):
            return f"seq {params.get('seq')!r} after {self.seq}"
        if not isinstance(params.get("done"), bool) or params.get("error") is not None:
            return f"done {params.get('done')!r}, error {params.get('error')!r}"
        try:
            piece = base64.b64decode(params.get("deltaBase64"), validate=True)
        except (ValueError, TypeError):
            return "bad base64"
        if expected.data[len(self.data):len(self.data) + len(piece)] != piece:
            return f"other bytes than recorded after {len(self.data)} bytes"
        self.data += piece
        self.seq, self.done = self.seq + 1, params["done"]
        if self.done and (not expected.done or len(self.data) != len(expected.data)):
            return f"it ended after {len(self.data)} of {len(expected.data)} bytes (recorded end: {expected.done})"
        return ""

    def missing(self, expected: ExpectedBody) -> str:
        """What is due and has not come; "" if nothing."""
        if len(self.data) >= expected.due and (self.done or not expected.done_due):
            return ""
        return f"{len(self.data)} of {expected.due} bytes came, last delta {self.done} (recorded {expected.done_due})"
