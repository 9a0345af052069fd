"""A WebSocket proxy that passes everything on, except what a change makes of it.

Exists because the suite must be seen to fail against a real server with one fault: no server can be asked to have it.
"""
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import websockets
from websockets.exceptions import WebSocketException

from mutations.change import Change, NewChange
from mutations.message import Abort, Fragmented, Message, Outgoing, Said

# Made anew by the proxy's own connection; anything else (authorization) is the client's business.
_OWN_HEADERS = frozenset({"host", "upgrade", "connection", "origin", "user-agent"})

# What the suite calls itself when it asks a server what it offers, before it plays a case.  A fault there would be a
# refusal to play; and only strikes in the case itself may count.
_ASKING_CLIENT = "paned-conformance"


class Proxy:
    """Listens on a port of its own; every connection gets a change of its own once the client says initialize."""

    def __init__(self, upstream: str, new_change: NewChange) -> None:
        self._upstream = upstream
        self._new_change = new_change
        self._changes: list[Change] = []
        self._listener: Any = None
        self.url = ""

    @property
    def applied(self) -> int:
        """How often something was changed."""
        return sum(change.applied for change in self._changes)

    async def __aenter__(self) -> Proxy:
        self._listener = await websockets.serve(self._serve, "127.0.0.1", 0, compression=None, ping_interval=None,
                                                max_size=None, max_queue=None)
        self.url = f"ws://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        await self._listener.wait_closed()

    async def _serve(self, client: Any, _path: str) -> None:
        headers = [(name, value) for name, value in client.request_headers.raw_items()
                   if name.lower() not in _OWN_HEADERS and not name.lower().startswith("sec-websocket-")]
        try:
            server = await websockets.connect(self._upstream, compression=None, origin=None, ping_interval=None,
                                              max_size=None, max_queue=None, extra_headers=headers)
        except (OSError, WebSocketException):
            client.transport.abort()  # the client sees that the server cannot be reached
            return
        await _Connection(client, server, self._change).run()

    def _change(self, client_name: str) -> Change:
        if client_name == _ASKING_CLIENT:
            return Change()
        self._changes.append(self._new_change())
        return self._changes[-1]


class _Connection:
    """Two pumps; the one that ends first takes the other and both connections with it."""

    def __init__(self, client: Any, server: Any, change_for: Callable[[str], Change]) -> None:
        self._client, self._server = client, server
        self._change_for = change_for
        self._change = Change()  # until the client has told its name
        self._requests: dict[Any, Message] = {}

    async def run(self) -> None:
        pumps = [asyncio.create_task(self._pump_client()), asyncio.create_task(self._pump_server())]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        # The recorded clients never say goodbye: both ends see a connection that is gone.
        for end in (self._server, self._client):
            end.transport.abort()
        for outcome in await asyncio.gather(*pumps, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketException):
                raise outcome

    async def _pump_client(self) -> None:
        async for text in self._client:
            message = json.loads(text)
            if "id" in message:
                self._requests[message["id"]] = message
            if message.get("method") == "initialize":
                self._change = self._change_for(message.get("params", {}).get("clientName", ""))
            answers = self._change.asked(message)
            if answers is not None:
                await self._send(answers)
                continue
            forwarded = self._change.forwarded(message)
            await self._server.send(text if forwarded is message else _compact(forwarded))

    async def _pump_server(self) -> None:
        async for text in self._server:
            message = json.loads(text)
            request = self._requests.get(message["id"]) if "id" in message else None
            await self._send(self._change.said(Said(text, message, request)))

    async def _send(self, things: list[Outgoing]) -> None:
        for thing in things:
            if isinstance(thing, Abort):
                self._client.transport.abort()
                return
            await self._client.send(_frame(thing))


def _frame(thing: Outgoing) -> Any:
    if isinstance(thing, Said):
        return thing.text
    if isinstance(thing, Fragmented):
        return thing.pieces
    if isinstance(thing, dict):
        return _compact(thing)
    return thing


def _compact(message: Message) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
