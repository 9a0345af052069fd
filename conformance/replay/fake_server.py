"""A server that says what a recording says, for the self-test of the replayer.

Exists because the suite must be seen to fail: every outgoing message passes a mutation. Sequence
numbers and process/read are its own work (recordings are stored with joined chunks).
"""
from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, Callable

import websockets

from replay.case import OPEN, RECV, SEND, Case
from replay.expectation import Expectation, ProcessKey
from replay.placeholders import Placeholders

Message = dict[str, Any]
Mutation = Callable[[Message], list[Any]]
SAMPLES: dict[str, Any] = {"integer": 4096, "boolean": False, "string": "text", "array": [], "uri": "file:///x"}


def concrete(value: Any) -> Any:
    """A recorded value with matchers replaced by something that matches."""
    if isinstance(value, dict):
        if set(value) == {"$any"}:
            return SAMPLES[value["$any"]]
        if set(value) == {"$bind"}:
            return "00000000-0000-4000-8000-000000000001"
        return {key: concrete(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [concrete(inner) for inner in value]
    return value


def _has_closed(log: list[Message]) -> bool:
    return any(set(entry) == {"processId", "seq"} for entry in log)


class FakeServer:
    """Plays the server's part of one case; `chunk_bytes` cuts output into small chunks."""

    def __init__(self, case: Case, root: str, mutate: Mutation, chunk_bytes: int = 1 << 20) -> None:
        self.case, self.mutate, self.chunk_bytes = case, mutate, chunk_bytes
        self.places = Placeholders(root)
        self.heard: list[Message] = []  # what clients said
        self.away: list[Message] = []  # events of processes that happen when the second connection comes, and are not told
        self._sessions = Expectation(case)
        self._logs: dict[ProcessKey, list[Message]] = {}
        self._next_conn = 0
        self._server: Any = None

    async def __aenter__(self) -> str:
        self._server = await websockets.serve(self._serve, "127.0.0.1", 0, ping_interval=None)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: Any) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, socket: Any, _path: str) -> None:
        conn, self._next_conn = self._next_conn, self._next_conn + 1
        for event in self.away if conn == 1 else []:
            self._log(conn, event)
        try:
            for frame in self.case.frames:
                if frame.conn != conn or frame.kind == OPEN:
                    continue
                if frame.kind == SEND:
                    await self._await_request(socket, conn, frame.body)
                elif frame.kind == RECV:
                    await self._say(socket, conn, frame.body)
            while True:
                await self._answer_extra(socket, conn, await self._hear(socket))
        except websockets.ConnectionClosed:
            return

    async def _hear(self, socket: Any) -> Message:
        self.heard.append(json.loads(await socket.recv()))
        return self.heard[-1]

    def _log_of(self, conn: int, name: str) -> list[Message]:
        return self._logs.setdefault(self._sessions.process_key(conn, name), [])

    async def _await_request(self, socket: Any, conn: int, recorded: Message) -> None:
        while True:
            message = await self._hear(socket)
            if message.get("id") == recorded.get("id") and message["method"] == recorded["method"]:
                if message["method"] == "process/read" and "result" in self._sessions.reply_of.get((conn, message["id"]), {}):
                    await self._emit(socket, self._read_reply(conn, message))
                return
            await self._answer_extra(socket, conn, message)

    async def _answer_extra(self, socket: Any, conn: int, message: Message) -> None:
        if message["method"] == "process/read":
            await self._emit(socket, self._read_reply(conn, message))
        elif message["method"] == "initialize":
            first = next(frame.body for frame in self.case.frames if frame.kind == RECV)
            await self._emit(socket, {**concrete(first), "id": message["id"]})
        else:
            await self._emit(socket, {"id": message["id"], "result": {"running": False}})

    def _read_reply(self, conn: int, message: Message) -> Message:
        log = self._log_of(conn, message["params"]["processId"])
        after = message["params"]["afterSeq"] or 0
        exits = [entry["exitCode"] for entry in log if "exitCode" in entry]
        chunks = [{key: entry[key] for key in ("seq", "stream", "chunk")}
                  for entry in log if "chunk" in entry and entry["seq"] > after]
        return {"id": message["id"], "result": {
            "chunks": chunks, "nextSeq": len(log) + 1, "exited": bool(exits), "exitCode": exits[0] if exits else None,
            "closed": _has_closed(log), "failure": None,
            "sandboxDenied": False}}

    async def _say(self, socket: Any, conn: int, recorded: Message) -> None:
        message = self.places.to_wire(concrete(recorded))
        params = message.get("params", {})
        if "id" in message and set(message.get("result", {})) >= {"chunks", "nextSeq"}:
            return  # process/read was answered from the log.
        if str(message.get("method")).startswith("process/") and _has_closed(self._log_of(conn, params["processId"])):
            return  # It ended while no connection was there.
        if message.get("method") == "process/output":
            raw = base64.b64decode(params["chunk"])
            for at in range(0, len(raw), self.chunk_bytes):
                chunk = base64.b64encode(raw[at:at + self.chunk_bytes]).decode()
                await self._emit(socket, {**message, "params": self._log(conn, {**params, "chunk": chunk})})
        elif str(message.get("method")).startswith("process/"):
            await self._emit(socket, {**message, "params": self._log(conn, params)})
        else:
            await self._emit(socket, message)

    def _log(self, conn: int, params: Message) -> Message:
        log = self._log_of(conn, params["processId"])
        log.append({**params, "seq": len(log) + 1})
        return dict(log[-1])

    async def _emit(self, socket: Any, message: Message) -> None:
        for said in self.mutate(json.loads(json.dumps(message))):
            if said is ConnectionAbortedError:
                socket.transport.abort()
                await asyncio.sleep(0)
            else:
                await socket.send(said if isinstance(said, (str, bytes)) else json.dumps(said))
