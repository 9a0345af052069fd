"""Finds out what a server offers and how it runs.

Exists so that "not offered" is decided by asking the server (the capabilities of its initialize
reply, a tty probe, a sandbox probe) and not by its name.
"""
from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import websockets

PROBE_SECONDS = 20.0
Message = dict[str, Any]


class Probe:
    """A connection on which questions are asked one after another."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 1
        self.info: Message = {}  # environmentInfo of the initialize reply

    async def initialize(self) -> Message:
        """Begins the session; the reply."""
        reply = await self.ask("initialize", {"clientName": "paned-conformance"})
        result = reply.get("result")
        info = result.get("environmentInfo") if isinstance(result, dict) else None
        self.info = info if isinstance(info, dict) else {}
        await self._socket.send(json.dumps({"method": "initialized", "params": {}}))
        return reply

    async def ask(self, method: str, params: Message) -> Message:
        """The reply to a request; notifications before it are passed over."""
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = await self.next()
            if message.get("id") == self._number:
                return message

    async def next(self) -> Message:
        """The next message, {} when it is none."""
        message = json.loads(await self._socket.recv())
        return message if isinstance(message, dict) else {}


@contextlib.asynccontextmanager
async def probe(url: str) -> AsyncIterator[Probe]:
    """A connection for questions."""
    async with websockets.connect(url, compression=None, origin=None, ping_interval=None,
                                  open_timeout=PROBE_SECONDS) as socket:
        yield Probe(socket)


class Offers:
    """What a server offers; every question is asked once, on a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._answers: dict[str, asyncio.Task[Any]] = {}

    async def capabilities(self) -> Message:
        """The flags it announces."""
        return dict(await self._once("capabilities", self._ask_capabilities()))

    async def start_problem(self, uris: bool, extra: Message) -> str:
        """"" when /bin/true can be run with these parameters, else what went wrong; an answer that
        begins with "refused" is an error reply."""
        key = json.dumps([uris, extra], sort_keys=True)
        return str(await self._once(key, self._find_start_problem(uris, extra)))

    async def user_id(self, uris: bool) -> str:
        """The user its processes run as, "" if it cannot be found out."""
        return str(await self._once(f"user {uris}", self._ask_user_id(uris)))

    async def _once(self, key: str, question: Any) -> Any:
        if key in self._answers:
            question.close()
        else:
            self._answers[key] = asyncio.create_task(asyncio.wait_for(question, PROBE_SECONDS))
        return await asyncio.shield(self._answers[key])

    async def _ask_capabilities(self) -> Message:
        async with probe(self.url) as connection:
            await connection.initialize()
            flags = connection.info.get("capabilities")
            return flags if isinstance(flags, dict) else {}

    async def _find_start_problem(self, uris: bool, extra: Message) -> str:
        problem, _ = await self._run(uris, ["/bin/true"], extra)
        if problem and (await self._run(uris, ["/bin/true"], {}))[0]:
            return ""  # A plain start fails as well: the case itself has to tell.
        return problem

    async def _ask_user_id(self, uris: bool) -> str:
        problem, output = await self._run(uris, ["/bin/sh", "-c", "id -u"], {})
        return "" if problem else output.decode(errors="replace").strip()

    async def _run(self, uris: bool, argv: list[str], extra: Message) -> tuple[str, bytes]:
        """What went wrong with a program, and its output."""
        async with probe(self.url) as connection:
            await connection.initialize()
            reply = await connection.ask("process/start", {
                "processId": "probe", "argv": argv, "cwd": "file:///" if uris else "/", "env": {}, "tty": False,
                "pipeStdin": False, "arg0": None, **extra})
            if "error" in reply:
                return f"refused: {reply['error'].get('message')}", b""
            output: dict[int, bytes] = {}
            exit_code = None
            while True:
                message = await connection.next()
                params = message.get("params") or {}
                if message.get("method") == "process/output":
                    output[params["seq"]] = base64.b64decode(params["chunk"])
                elif message.get("method") == "process/exited":
                    exit_code = params["exitCode"]
                elif message.get("method") == "process/closed":
                    problem = "" if exit_code == 0 else f"{argv[0]} exited with {exit_code}"
                    return problem, b"".join(piece for _, piece in sorted(output.items()))
