"""Both ends of a WebSocket connection, byte by byte, for the tests of this folder.

Exists because a library sends only what is usual; the tests need frames cut anywhere, odd ones and wrong ones.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

from capture.tcp_proxy import Address

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
REQUEST = (b"GET /some/path?token=secret-query HTTP/1.1\r\nHost: server\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Authorization: Bearer secret-token\r\nSec-WebSocket-Key: secret-key\r\nSec-WebSocket-Version: 13\r\n\r\n")
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
_SECONDS = 30.0


def frame(opcode: int, payload: bytes, final: bool = True, masked: bool = False, reserved: int = 0) -> bytes:
    """One frame, as it goes over the wire."""
    length = len(payload)
    size, extended = ((length, b"") if length < 126 else (126, length.to_bytes(2, "big")) if length < 65536
                      else (127, length.to_bytes(8, "big")))
    head = bytes([final << 7 | reserved << 4 | opcode, masked << 7 | size]) + extended
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def read_all(end: socket.socket) -> bytes:
    """Everything until the other end says no more."""
    parts = []
    while part := end.recv(65536):
        parts.append(part)
    return b"".join(parts)


def read_exactly(end: socket.socket, length: int) -> bytes:
    """So many bytes; fewer when the other end said no more."""
    data = b""
    while len(data) < length and (part := end.recv(length - len(data))):
        data += part
    return data


def connect(address: Address) -> socket.socket:
    """A client that sends every write at once."""
    client = socket.create_connection(address, timeout=_SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


@contextlib.contextmanager
def server(play: Callable[[socket.socket], None]) -> Iterator[Address]:
    """A server that plays this on every connection, and then closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            play(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(_SECONDS)
