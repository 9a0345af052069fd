"""Takes the messages out of one direction of a WebSocket connection (RFC 6455).

The proxy forwards bytes; the assertions are about messages.  Only reading: nothing is ever sent from here.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONTINUATION, _TEXT, _BINARY = 0, 1, 2


@dataclass(frozen=True)
class Message:
    """One data message, joined from its frames."""

    payload: bytes
    frames: int
    largest_frame: int


class WebSocketDecoder:
    """Fed with the bytes as they come, starting with the HTTP head; returns the messages completed."""

    def __init__(self) -> None:
        self.head = b""  # the HTTP head, once it is there
        self._buffer = bytearray()
        self._in_head = True
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes."""
        self._buffer += data
        if self._in_head and not self._skip_head():
            return []
        messages: list[Message] = []
        while (frame := self._take_frame()) is not None:
            final, opcode, payload = frame
            if opcode not in (_CONTINUATION, _TEXT, _BINARY):
                continue  # ping, pong, close
            self._parts.append(payload)
            if final:
                messages.append(Message(b"".join(self._parts), len(self._parts),
                                        max(map(len, self._parts))))
                self._parts = []
        return messages

    def _skip_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self.head = bytes(self._buffer[:end])
        del self._buffer[:end + 4]
        self._in_head = False
        return True

    def _take_frame(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        masked, length, position = buffer[1] >> 7, buffer[1] & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(buffer[2:2 + size], "big")
            position += size
            if len(buffer) < position:
                return None
        end = position + 4 * masked + length
        if len(buffer) < end:
            return None
        final, opcode = bool(buffer[0] & 0x80), buffer[0] & 0x0F
        payload = bytes(buffer[end - length:end])
        if masked:
            payload = _unmask(payload, bytes(buffer[position:position + 4]))
        del buffer[:end]
        return final, opcode, payload


def _unmask(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
