"""One recorded session: its frames and what its meta.json says.

Exists so that everything else works on typed frames and never on the file format (README.md).
"""
from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.meta import Meta, Tree

OPEN, SEND, RECV, DROP = "open", "send", "recv", "drop"
KINDS = (OPEN, SEND, RECV, DROP)


@dataclass(frozen=True)
class Frame:
    """One line of session.jsonl; `number` is its line number."""

    number: int
    conn: int
    kind: str
    body: Any


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path
    frames: tuple[Frame, ...]
    meta: Meta
    files: Tree

    @property
    def label(self) -> str:
        """VERSION/CASE."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    def requests(self) -> Iterator[dict[str, Any]]:
        """What the client asks, in order."""
        for frame in self.frames:
            if frame.kind == SEND and "id" in frame.body:
                yield frame.body

    def uses_uris(self) -> bool:
        """Which of the two path spellings this client uses."""
        return any(str(r["params"].get("cwd", r["params"].get("path", ""))).startswith("file:")
                   for r in self.requests() if isinstance(r.get("params"), dict))


def pack_bytes(text: str) -> Any:
    """Long base64 text as {"$zlib": …} when that is shorter, else unchanged."""
    if len(text) < 512:
        return text
    packed = base64.b64encode(zlib.compress(base64.b64decode(text), 9)).decode()
    return {"$zlib": packed} if len(packed) < len(text) else text


def unpack(value: Any) -> Any:
    """Undoes pack_bytes anywhere inside a message."""
    if isinstance(value, dict):
        if set(value) == {"$zlib"}:
            return base64.b64encode(zlib.decompress(base64.b64decode(value["$zlib"]))).decode()
        return {key: unpack(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpack(inner) for inner in value]
    return value
