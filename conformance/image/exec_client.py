"""As much of an exec-server client as a command's output and exit code take."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from dataclasses import dataclass
from typing import Any

import websockets


@dataclass
class Ended:
    """How a command ended, and what it wrote (stdout, stderr and terminal together)."""

    code: int
    output: str


class Refused(Exception):
    """The server answered a call with an error."""


def run_command(connection: socket.socket, argv: list[str], tty: bool = False, seconds: float = 20) -> Ended:
    """Runs one command over a connected socket, as a client with a session of its own."""
    return asyncio.run(asyncio.wait_for(_run(connection, argv, tty), seconds))


def leave_running(connection: socket.socket, argv: list[str], seconds: float = 20) -> None:
    """Starts a command and goes away; the server keeps it for a client that comes back."""
    asyncio.run(asyncio.wait_for(_run(connection, argv, tty=False, stay=False), seconds))


async def _run(connection: socket.socket, argv: list[str], tty: bool, stay: bool = True) -> Ended | None:
    connection.setblocking(False)
    async with websockets.connect("ws://paned/", sock=connection, max_size=None) as peer:
        output, ended = bytearray(), {}

        def note(message: dict[str, Any]) -> None:
            params = message.get("params", {})
            if message.get("method") == "process/output":
                output.extend(base64.b64decode(params["chunk"]))
            elif message.get("method") == "process/exited":
                ended["code"] = params["exitCode"]
            elif message.get("method") == "process/closed":
                ended["closed"] = True

        async def call(number: int, method: str, params: dict[str, Any]) -> None:
            await peer.send(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                message = json.loads(await peer.recv())
                if message.get("id") != number:
                    note(message)
                elif "error" in message:
                    raise Refused(f"{method}: {message['error']['message']}")
                else:
                    return

        await call(1, "initialize", {"clientName": "paned-image-check"})
        await peer.send(json.dumps({"method": "initialized"}))
        await call(2, "process/start", {"processId": "check", "argv": argv, "tty": tty})
        if not stay:
            return None
        while "closed" not in ended:
            note(json.loads(await peer.recv()))
        return Ended(ended["code"], output.decode(errors="replace"))
