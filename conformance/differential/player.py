"""Plays one case on one server and writes down what it said, normalised: one observation per step."""
from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

from differential import fixture
from differential.case import (ABSENT, BARE, FULL, Begin, Call, Case, Collect, Connect, Do, Drop, Finish, Frame, Http, Look, Note,
                  Pause, Stream, Until)
from differential.connection import CLOSED, Connection
from differential.normalise import Normaliser, sorted_entries
from differential.target import Target


SESSION_ATTACHED, RESUME_TRIES = -32010, 60


class Player:
    """The state of one case on one server."""

    def __init__(self, case: Case, number: int, target: Target) -> None:
        self._case, self._target = case, target
        self._scratch = target.root / "cases" / f"{number:04}"
        self._normaliser = Normaliser({str(self._scratch): "$scratch", **target.texts})
        self._connections: dict[str, Connection] = {}
        self._sessions: dict[str, str] = {}
        self._begun: dict[str, tuple[Connection, int, str]] = {}
        self._begun_well: set[tuple[str, str]] = set()
        self._begun_badly: set[tuple[str, str]] = set()
        self._output: dict[tuple[str, str], list[Any]] = {}

    async def play(self) -> list[Any]:
        """All observations; the last one is what came unasked."""
        self._scratch.mkdir(parents=True)
        try:
            await self._connect("a", self._case.handshake)
            observed = [await self._step(step) for step in self._case.steps]
            observed.append({"unasked": await self._unasked()})
            return observed
        finally:
            for connection in self._connections.values():
                await connection.drop()

    async def _step(self, step: Any) -> Any:
        play: dict[type, Any] = {
            Call: self._call, Begin: self._begin, Finish: self._finish, Frame: self._frame, Note: self._note,
            Stream: self._stream, Collect: self._collect, Until: self._until, Connect: self._reconnect,
            Drop: self._drop, Http: self._http, Do: self._do, Look: self._look, Pause: self._pause}
        return await play[type(step)](step)

    # --- requests -------------------------------------------------------------------------------
    async def _call(self, step: Call) -> Any:
        connection = self._connections[step.on]
        number = await connection.request(step.method, self._members(step))
        reply = await connection.reply(number, step.seconds)
        self._note_failure(step, reply)
        return self._reply(step.method, reply, step.on)

    def _note_failure(self, step: Call, reply: Any) -> None:
        """What a call that failed was to bring need not be waited for."""
        member = {"process/start": "processId", "http/request": "requestId"}.get(step.method)
        params = self._filled(step.params)
        if member and isinstance(params, dict) and isinstance(params.get(member), str):
            brings = self._begun_well if "error" not in reply else self._begun_badly
            brings.add((step.on, params[member]))

    async def _begin(self, step: Begin) -> None:
        connection = self._connections[step.on]
        self._begun[step.label] = (connection, await connection.request(step.method, self._members(step)), step.method)

    async def _finish(self, step: Finish) -> Any:
        connection, number, method = self._begun[step.label]
        return self._reply(method, await connection.reply(number, step.seconds), "a")

    def _members(self, step: Call | Begin) -> dict[str, Any]:
        return {} if step.params is ABSENT else {"params": self._filled(step.params)}

    def _reply(self, method: str, reply: Any, on: str) -> Any:
        result = reply.get("result")
        if method == "initialize" and isinstance(result, dict) and "sessionId" in result:
            self._sessions[on] = result["sessionId"]
            result.pop("environmentInfo", None)  # the cases of environment/info are about it
        return {"reply": sorted_entries(method, self._normaliser.message(reply))}

    async def _frame(self, step: Frame) -> Any:
        connection = self._connections[step.on]
        await connection.send(self._filled(step.data), step.opcode)
        brought = await connection.probe(step.replies)
        return {"messages": [self._normaliser.message(message) for message in brought], "open": connection.open}

    # --- notifications --------------------------------------------------------------------------
    async def _note(self, step: Note) -> Any:
        connection = self._connections[step.on]
        note = await connection.take(lambda message: message.get("method") == step.method, step.seconds)
        return {"note": self._normaliser.message(note) if note else "none came"}

    async def _stream(self, step: Stream) -> Any:
        connection, parts = self._connections[step.on], b""
        numbers: list[int] = []
        if self._failed(step.on, step.request):
            return {"stream": "was not begun"}
        while True:
            note = await connection.take(lambda message: message.get("method") == "http/request/bodyDelta"
                                         and message["params"]["requestId"] == step.request, step.seconds)
            if note is None or note == CLOSED:
                return {"stream": "did not end", "data": self._normaliser.data(parts)}
            params = note["params"]
            numbers.append(params.pop("seq"))
            parts += base64.b64decode(params["deltaBase64"])
            if params["done"]:
                return {"last": self._normaliser.message(params), "data": self._normaliser.data(parts),
                        "gapless": numbers == list(range(1, len(numbers) + 1))}

    async def _collect(self, step: Collect) -> Any:
        key, deadline = (step.on, step.process), time.monotonic() + step.seconds
        notes = self._output.setdefault(key, [])
        if self._failed(step.on, step.process):
            return {"ended": "was not begun"}
        while not _complete(notes):
            if not await self._take_output(key, deadline):
                return {"ended": False, "notes": [self._normaliser.message(note) for note in notes]}
        notes.sort(key=lambda note: note["params"]["seq"])  # on a busy machine codex's overtake one another
        if step.exact:
            return {"notes": [self._normaliser.message(note) for note in notes]}
        exits = [dict(note["params"], seq=0) for note in notes if note["method"] == "process/exited"]
        return {"output": {stream: self._normaliser.data(data) for stream, data in _joined(notes).items()},
                "exits": exits}

    async def _until(self, step: Until) -> Any:
        key, deadline = (step.on, step.process), time.monotonic() + step.seconds
        notes, wanted = self._output.setdefault(key, []), step.text.encode()
        while not any(wanted in data for data in _joined(notes).values()):
            if not await self._take_output(key, deadline):
                return {"came": False}
        return {"came": True}

    async def _take_output(self, key: tuple[str, str], deadline: float) -> bool:
        connection, left = self._connections[key[0]], deadline - time.monotonic()
        note = await connection.take(lambda message: message.get("method", "").startswith("process/")
                                     and message["params"]["processId"] == key[1], max(0.0, left))
        if note is None or note == CLOSED:
            return False
        self._output[key].append(note)
        return True

    def _failed(self, on: str, name: str) -> bool:
        return (on, name) in self._begun_badly - self._begun_well

    async def _unasked(self) -> list[Any]:
        notes = [note for connection in self._connections.values() if connection.open
                 for note in connection.notifications() if not note["method"].startswith("process/")]
        return [self._normaliser.message(note) for note in notes]

    # --- connections ----------------------------------------------------------------------------
    async def _reconnect(self, step: Connect) -> Any:
        return await self._connect(step.on, step.handshake, step.resume)

    async def _connect(self, name: str, handshake: str, resume: str | None = None) -> Any:
        connection = await Connection.connect(self._target.url, self._target.strip)
        self._connections[name] = connection
        if handshake == BARE:
            return None
        params = {"clientName": "differential", "resumeSessionId": self._filled(resume)}
        for _ in range(RESUME_TRIES):
            number = await connection.request("initialize", {"params": params})
            reply = self._reply("initialize", await connection.reply(number, 10), name)["reply"]
            if resume is None or reply.get("error", {}).get("code") != SESSION_ATTACHED:
                break
            await asyncio.sleep(0.05)  # the server has not noticed yet that the old connection is gone
        if handshake == FULL:
            await connection.send('{"method":"initialized","params":{}}')
        return {"reply": reply}

    async def _drop(self, step: Drop) -> None:
        await self._connections[step.on].drop()

    async def _http(self, step: Http) -> Any:
        data = self._filled(step.data)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        try:
            writer.write(data if isinstance(data, bytes) else data.encode())
            return await asyncio.wait_for(_answer(reader), step.seconds)
        except (asyncio.TimeoutError, ConnectionError) as error:
            return {"no answer": type(error).__name__}
        finally:
            writer.transport.abort()

    # --- files and time -------------------------------------------------------------------------
    async def _do(self, step: Do) -> None:
        arguments = [self._filled(argument) for argument in step.arguments]
        fixture.ACTIONS[step.action](Path(arguments[0]), *arguments[1:])

    async def _look(self, step: Look) -> Any:
        return {"file": self._normaliser.message(fixture.look(Path(self._filled(step.path))))}

    async def _pause(self, step: Pause) -> None:
        await asyncio.sleep(step.seconds)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._filled(name): self._filled(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._filled(inner) for inner in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        value = value.replace("$scratch", str(self._scratch))
        for private, shown in self._target.texts.items():
            value = value.replace(shown, private)
        for name, session in self._sessions.items():
            value = value.replace(f"$session.{name}", session)
        return value


def _complete(notes: list[Any]) -> bool:
    """Whether every number up to that of process/closed has come, once."""
    last = [note["params"]["seq"] for note in notes if note["method"] == "process/closed"]
    return last != [] and sorted(note["params"]["seq"] for note in notes) == list(range(1, last[0] + 1))


def _joined(notes: list[Any]) -> dict[str, bytes]:
    """Adjacent chunks of a stream are one: where output is cut is the server's business."""
    streams: dict[str, bytes] = {}
    for note in notes:
        if note["method"] == "process/output":
            params = note["params"]
            streams[params["stream"]] = streams.get(params["stream"], b"") + base64.b64decode(params["chunk"])
    return streams


async def _answer(reader: asyncio.StreamReader) -> Any:
    """An HTTP answer: status, headers but for the date, and the body if it comes."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        return {"ended after": error.partial.decode("latin-1")}
    lines = [line for line in head.split("\r\n") if line]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    try:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError as error:
        body = error.partial
    headers.pop("date", None)
    for name in ("connection", "upgrade"):  # lists of words in any case
        if name in headers:
            headers[name] = headers[name].lower()
    return {"status": int(lines[0].split()[1]), "headers": headers, "body": body.decode("latin-1")}
