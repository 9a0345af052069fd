"""Takes what was said out of one direction of a WebSocket connection (RFC 6455, RFC 7692).

The proxy forwards bytes; assertions and recordings are about messages.  Only reading: nothing is ever sent from here.
What cannot be read is handed out as bytes, so that it is never lost silently.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Union

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_CONTROL = {_PING: "ping", _PONG: "pong"}
_LONGEST_HEAD = 65536
_END_OF_HEAD = b"\r\n\r\n"
_FLUSH = b"\0\0\xff\xff"  # what RFC 7692 takes off the end of a compressed message


@dataclass(frozen=True)
class Head:
    """The HTTP head that opens the direction, without the empty line."""

    data: bytes

    def header(self, name: str) -> str:
        """The values of a header, joined; "" without it."""
        return ", ".join(value for own, value in self.headers() if own == name.lower())

    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, and values."""
        lines = self.data.decode("latin-1").split("\r\n")[1:]
        return [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def words(self) -> list[str]:
        """The three parts of the first line: method, path, version; or version, status, reason."""
        return [*self.data.decode("latin-1").split("\r\n")[0].split(" ", 2), "", "", ""][:3]


@dataclass(frozen=True)
class Message:
    """One data message, joined from its frames."""

    payload: bytes
    frames: int
    largest_frame: int
    is_text: bool = True


@dataclass(frozen=True)
class Control:
    """A control frame: ping, pong or close; only close has a code."""

    kind: str
    payload: bytes
    code: int | None = None


@dataclass(frozen=True)
class Unreadable:
    """Bytes that are no WebSocket, and why; all further bytes of the direction are handed out like this."""

    reason: str
    data: bytes


Event = Union[Head, Message, Control, Unreadable]


class _Fault(Exception):
    """The next bytes break the rules of the protocol."""


class WebSocketDecoder:
    """Fed with the bytes as they come, starting with the HTTP head; returns what they complete."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._opcode = _TEXT
        self._compressed = False
        self._fault = ""
        self._inflater: zlib._Decompress | None = None
        self._keeps_context = True

    def feed(self, data: bytes) -> list[Event]:
        """What `data` completes."""
        if self._fault:
            return [Unreadable(self._fault, data)]
        self._buffer += data
        events: list[Event] = []
        try:
            if self.head is None:
                self._take_head(events)
            while self.head is not None and (frame := self._take_frame()) is not None:
                self._note_frame(*frame, events)
        except _Fault as fault:
            events.append(self._give_up(str(fault)))
        return events

    def finish(self) -> list[Event]:
        """The direction is at its end: what is left of something that was not completed."""
        if self._fault or not (self._buffer or self._parts):
            return []
        return [self._give_up("the connection ended within " + ("a message" if self.head else "the HTTP head"))]

    def give_up(self, reason: str) -> list[Event]:
        """The caller knows that no WebSocket follows; what was held back so far."""
        return [self._give_up(reason)]

    def agree(self, answer: Head, sender: str) -> None:
        """Follows the extensions of the server's answer in the direction of `sender` (client, server)."""
        extensions = answer.header("sec-websocket-extensions")
        if "permessage-deflate" in extensions:
            self._inflater = zlib.decompressobj(-15)
            self._keeps_context = f"{sender}_no_context_takeover" not in extensions

    def _give_up(self, reason: str) -> Unreadable:
        self._fault = reason
        left = b"".join(self._parts) + bytes(self._buffer)
        self._parts, self._buffer = [], bytearray()
        return Unreadable(reason, left)

    def _take_head(self, events: list[Event]) -> None:
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise _Fault(f"no HTTP head within {_LONGEST_HEAD} bytes")
            return
        self.head = Head(bytes(self._buffer[:end]))
        del self._buffer[:end + len(_END_OF_HEAD)]
        events.append(self.head)
        if self.head.data.startswith(b"HTTP/"):
            status = self.head.words()[1]
            if status != "101":
                raise _Fault(f"the upgrade was answered with status {status}")
            self.agree(self.head, "server")

    def _take_frame(self) -> tuple[bool, int, bool, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        masked, length, position = buffer[1] >> 7, buffer[1] & 0x7F, 2
        opcode, compressed = buffer[0] & 0x0F, bool(buffer[0] & 0x40)
        if buffer[0] & 0x30 or (compressed and self._inflater is None):
            raise _Fault("a frame with reserved bits that were not agreed on")
        if opcode not in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
            raise _Fault(f"a frame with the unknown opcode {opcode}")
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(buffer[2:2 + size], "big")
            position += size
            if len(buffer) < position:
                return None
        end = position + 4 * masked + length
        if len(buffer) < end:
            return None
        final = bool(buffer[0] & 0x80)
        payload = bytes(buffer[end - length:end])
        if masked:
            payload = _unmask(payload, bytes(buffer[position:position + 4]))
        del buffer[:end]
        return final, opcode, compressed, payload

    def _note_frame(self, final: bool, opcode: int, compressed: bool, payload: bytes, events: list[Event]) -> None:
        if opcode == _CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else None
            events.append(Control("close", payload[2:], code))
            return
        if opcode in _CONTROL:
            events.append(Control(_CONTROL[opcode], payload))
            return
        if (opcode == _CONTINUATION) != bool(self._parts):
            raise _Fault("a continuation of nothing" if not self._parts else "a new message within a message")
        if opcode != _CONTINUATION:
            self._opcode, self._compressed = opcode, compressed
        self._parts.append(payload)
        if final:
            parts, self._parts = self._parts, []
            joined = b"".join(parts)
            events.append(Message(self._inflated(joined) if self._compressed else joined, len(parts),
                                  max(map(len, parts)), self._opcode == _TEXT))

    def _inflated(self, data: bytes) -> bytes:
        assert self._inflater is not None
        try:
            return self._inflater.decompress(data + _FLUSH)
        except zlib.error as error:
            self._parts = [data]
            raise _Fault(f"a compressed message that cannot be read: {error}") from error
        finally:
            if not self._keeps_context:
                self._inflater = zlib.decompressobj(-15)


def _unmask(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
