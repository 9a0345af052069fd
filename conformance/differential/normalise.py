"""Takes out of a message what differs between any two runs: folders, ports, session ids, times, versions.

Bytes are shown as text where they are text. Nothing else is touched: what is left must be equal.
"""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from typing import Any

BYTES = ("dataBase64", "chunk", "deltaBase64", "bodyBase64")
MOMENTS = ("modifiedAtMs", "createdAtMs")
_LONG, _HOUR_MS = 2000, 3_600_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_PEER = re.compile(r"exec-server websocket 127\.0\.0\.1:\d+")
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?")
_PROVIDER = re.compile(r"sha256:[0-9a-f]{64}")


class Normaliser:
    """The private texts of one server's run, and what they are shown as."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = sorted(texts.items(), key=lambda item: -len(item[0]))
        self._sessions: dict[str, str] = {}

    def message(self, message: Any, member: str = "") -> Any:
        """A whole message or a part of one; `member` is the name it has."""
        if isinstance(message, dict):
            return {self.text(name): self.message(value, name) for name, value in message.items()}
        if isinstance(message, list):
            return [self.message(value, member) for value in message]
        if isinstance(message, str):
            return self._string(message, member)
        if member in MOMENTS and isinstance(message, int) and abs(message - time.time() * 1000) < _HOUR_MS:
            return "<now>"
        return message

    def text(self, text: str) -> str:
        """A text without what is private to this run."""
        for private, shown in self._texts:
            text = text.replace(private, shown)
        return _PEER.sub("exec-server websocket <peer>", text)

    def data(self, data: bytes) -> str:
        """Bytes as a short text."""
        try:
            text = self.text(data.decode())
        except UnicodeDecodeError:
            text = f"(not UTF-8) {data.decode('latin-1')}"
        if len(data) <= _LONG:
            return text
        return f"<{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}>"

    def _string(self, text: str, member: str) -> str:
        if member in BYTES:
            try:
                return self.data(base64.b64decode(text, validate=True))
            except binascii.Error:
                return f"<bad base64> {text}"
        if member == "sessionId" and _UUID.fullmatch(text):
            return self._sessions.setdefault(text, f"<session {len(self._sessions) + 1}>")
        if member == "executorVersion" and _VERSION.fullmatch(text):
            return "<version>"
        if member == "providerId" and _PROVIDER.fullmatch(text):
            return "<provider>"
        for session, shown in self._sessions.items():
            text = text.replace(session, shown)
        return self.text(text)


def sorted_entries(method: str, reply: Any) -> Any:
    """fs/readDirectory promises no order."""
    if method == "fs/readDirectory" and isinstance(reply.get("result"), dict):
        reply["result"].get("entries", []).sort(key=lambda entry: str(entry.get("fileName")))
    return reply
