"""One WebSocket connection of a case: sends messages, sorts what comes into replies and notifications."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import websockets
from websockets.exceptions import ConnectionClosed

CLOSED: dict[str, Any] = {"closed": True}


class Connection:
    """Reads all the time; what is waited for is looked up in what has come."""

    def __init__(self, socket: Any, strip: Callable[[Any], Any]) -> None:
        self._socket, self._strip = socket, strip
        self._messages: list[Any] = []  # all that came and was not taken, in order
        self._changed = asyncio.Condition()
        self._number = 0
        self.open = True
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, strip: Callable[[Any], Any]) -> Connection:
        """Without compression, pings of our own and limits."""
        return cls(await websockets.connect(url, compression=None, ping_interval=None, max_size=None, max_queue=None,
                                            close_timeout=0.2), strip)

    async def request(self, method: str, params: dict[str, Any]) -> int:
        """Sends a request made of these members; the number it is known by."""
        self._number += 1
        await self.send(json.dumps({"id": self._number, "method": method, **params}))
        return self._number

    async def send(self, data: Any, opcode: int | None = None) -> None:
        """A text, bytes or a list of fragments, or one frame of a kind; a connection that is gone shows when
        a reply is waited for."""
        try:
            if opcode is None:
                await self._socket.send(data)
            else:
                await self._socket.write_frame(True, opcode, data)
        except ConnectionClosed:
            self.open = False

    async def take(self, wanted: Callable[[Any], bool], seconds: float) -> Any:
        """The first message that is wanted; CLOSED or None when it does not come."""
        taken = await self._wait(lambda: next((m for m in self._messages if wanted(m)), None), seconds)
        if taken is not None:
            self._messages.remove(taken)
            return taken
        return None if self.open else dict(CLOSED)

    async def reply(self, number: Any, seconds: float) -> Any:
        """The reply to a request, without its id."""
        reply = await self.take(lambda message: _answers(message, number), seconds)
        if reply is None:
            return {"timeout": seconds}
        reply.pop("id", None)
        return reply

    async def probe(self, replies: int) -> list[Any]:
        """All that has an id and came before the answer to a harmless request, or `replies` of such."""
        await self.send('{"id":"probe","method":"environment/status"}')
        await self._wait(lambda: any(_answers(message, "probe") for message in self._messages) or None, 5)
        await self._wait(lambda: sum("id" in message for message in self._messages) > replies or None, 2)
        brought = [message for message in self._messages if "id" in message]
        self._messages = [message for message in self._messages if "id" not in message]
        return [message for message in brought if message["id"] != "probe"]

    def notifications(self) -> list[Any]:
        """What came and nobody took."""
        return [message for message in self._messages if "id" not in message]

    async def drop(self) -> None:
        """TCP ends, without a Close frame."""
        self._reader.cancel()
        self._socket.transport.abort()
        self.open = False

    async def _wait(self, found: Callable[[], Any], seconds: float) -> Any:
        async def until() -> Any:
            async with self._changed:
                await self._changed.wait_for(lambda: found() is not None or not self.open)
                return found()
        try:
            return await asyncio.wait_for(until(), seconds)
        except asyncio.TimeoutError:
            return None

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                message = json.loads(text)
                async with self._changed:
                    self._messages.append(self._strip(message))
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._changed:
                self.open = False
                self._changed.notify_all()


def _answers(message: Any, number: Any) -> bool:
    return "id" in message and type(message["id"]) is type(number) and message["id"] == number
