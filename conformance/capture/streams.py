"""Finds the byte streams of a session, so that a path is found even where it was cut into two messages.

Exists apart from session.py because streams run across messages, and everything else looks at one message.
"""

from __future__ import annotations

import base64
from typing import Any

from capture.spelling import Spelling

Piece = tuple[dict[str, Any], str]  # an object and its member that holds base64 text
_SAID = tuple[int, Any, Any]  # connection, message, the request it answers


def spell_streams(said: list[_SAID], spelling: Spelling) -> None:
    """Spells the bytes of every stream, in place."""
    streams: dict[tuple[Any, ...], list[Piece]] = {}
    for conn, message, request in said:
        for key, piece in _pieces(conn, message, request):
            streams.setdefault(key, []).append(piece)
    for pieces in streams.values():
        spelled = spelling.pieces([base64.b64decode(part[member]) for part, member in pieces])
        for (part, member), data in zip(pieces, spelled):
            part[member] = base64.b64encode(data).decode()


def _pieces(conn: int, message: Any, request: Any) -> list[tuple[tuple[Any, ...], Piece]]:
    method, params, result = message.get("method"), message.get("params"), message.get("result")
    if method == "process/output":
        return [(("output", conn, params["processId"], params["stream"]), (params, "chunk"))]
    if method == "http/request/bodyDelta":
        return [(("body", conn, params["requestId"]), (params, "deltaBase64"))]
    if method in ("process/write", "fs/writeBlock") and params.get("chunk") is not None:
        return [((method, conn, params.get("processId"), params.get("handleId")), (params, "chunk"))]
    if request is None or not isinstance(result, dict):
        return []
    asked = request.get("params") or {}
    if request["method"] == "process/read":
        return [(("read", conn, asked["processId"], chunk["stream"]), (chunk, "chunk")) for chunk in result["chunks"]]
    if result.get("chunk") is not None:
        return [((request["method"], conn, asked.get("handleId")), (result, "chunk"))]
    return []
