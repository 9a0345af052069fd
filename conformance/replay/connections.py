"""The WebSocket connections of one replay.

Exists because a client may hold several at once: whatever comes on any of them goes into one queue, in order.
"""
from __future__ import annotations

import asyncio
from typing import Any

import websockets
from websockets.exceptions import WebSocketException

MAX_MESSAGE = 128 * 1024 * 1024
Received = tuple[int, "str | bytes | WebSocketException"]


class Disconnected(Exception):
    """The server is not there, or no longer."""


class Connections:
    """Open connections by the number they have in the recording."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url, self._timeout = url, timeout_seconds
        self._sockets: dict[int, Any] = {}
        self._readers: dict[int, asyncio.Task[None]] = {}
        self._queue: asyncio.Queue[Received] = asyncio.Queue()

    def numbers(self) -> list[int]:
        """Which are open."""
        return sorted(self._sockets)

    async def open(self, conn: int, headers: dict[str, str] | None) -> None:
        """Connects.  Raises Disconnected."""
        try:
            socket = await websockets.connect(self._url, max_size=MAX_MESSAGE, compression=None, origin=None,
                                              ping_interval=None, open_timeout=self._timeout, extra_headers=headers)
        except (OSError, WebSocketException, asyncio.TimeoutError) as error:
            raise Disconnected(f"cannot connect: {error!r}") from error
        self._sockets[conn] = socket
        self._readers[conn] = asyncio.create_task(self._read(conn, socket))

    async def send(self, conn: int, text: str) -> None:
        """Sends one message.  Raises Disconnected."""
        try:
            await self._sockets[conn].send(text)
        except WebSocketException as error:
            raise Disconnected(f"the server closed the connection: {error}") from error

    async def receive(self) -> tuple[int, str | bytes]:
        """The next message and its connection.  Raises Disconnected, and TimeoutError when none comes."""
        while True:
            conn, received = await asyncio.wait_for(self._queue.get(), self._timeout)
            if conn not in self._sockets:
                continue  # came before the connection was dropped, and the client did not read it any more
            if isinstance(received, WebSocketException):
                raise Disconnected(f"the server closed the connection ({received})")
            return conn, received

    async def drop(self, conn: int) -> None:
        """The recorded clients never send a close frame: they drop the connection."""
        socket, reader = self._sockets.pop(conn), self._readers.pop(conn)
        reader.cancel()
        if socket.transport is not None:
            socket.transport.abort()
        await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, conn: int, socket: Any) -> None:
        try:
            while True:
                self._queue.put_nowait((conn, await socket.recv()))
        except WebSocketException as error:
            self._queue.put_nowait((conn, error))
