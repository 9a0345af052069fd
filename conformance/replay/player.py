"""Plays one recorded session against a server.

Exists to drive the causal order: a client message goes out when everything the server had said
before it in the recording has come in this run too. Clients that poll with process/read are played
adaptively: the recorded reads are sent, and repeated after each new event until this run has read
what the recording had read.
"""
from __future__ import annotations

import asyncio
import json
from typing import Any

from replay.bodies import SeenBody
from replay.case import DROP, OPEN, RECV, Case, Frame
from replay.connections import Connections, Disconnected
from replay.expectation import ProcessKey
from replay.inbox import Inbox
from replay.progress import Progress
from replay.streams import Seen, differences
from replay.transcript import Mismatch
from replay.waiting import Missing, missing
from report.results import DEVIATES, FAIL

EXTRA_ID = 1_000_000
RESUME_RETRY_SECONDS = 0.1  # what the recorded clients wait before they try to resume again


class Player:
    """One replay; `play` returns normally when the server did as recorded."""

    def __init__(self, case: Case, url: str, root: str, idle_seconds: float) -> None:
        self.case, self.idle_seconds = case, idle_seconds
        self.progress = Progress.of(case, root)
        self._inbox = Inbox(self.progress)
        self._connections = Connections(url, idle_seconds)
        self._resume_retries = int(idle_seconds / RESUME_RETRY_SECONDS)
        self._extra_id = EXTRA_ID
        self._last_drops = self._find_last_drops()

    async def play(self) -> None:
        """Raises Mismatch or NotOffered."""
        try:
            for frame in self.case.frames:
                self.progress.frame = frame.number
                await self._step(frame)
            for conn in self._connections.numbers():
                await self._catch_up()
                await self._finish(conn)
        except Mismatch as mismatch:
            if mismatch.method:
                self.progress.accounts.note(mismatch.method, FAIL)
            raise
        finally:
            for conn in self._connections.numbers():
                await self._connections.drop(conn)
            for _, method in self.progress.comparer.used:
                self.progress.accounts.note(method, DEVIATES)

    def _find_last_drops(self) -> set[int]:
        """Lines with which the last connection of a session ends: there its processes are compared."""
        last = {self.progress.expectation.session_of(frame.conn): frame.number
                for frame in self.case.frames if frame.kind == DROP}
        return set(last.values())

    async def _step(self, frame: Frame) -> None:
        if frame.kind == RECV:
            self.progress.expectation.note(frame)
        elif frame.kind == OPEN:
            await self._open(frame)
        elif frame.kind == DROP:
            await self._catch_up()
            if frame.number in self._last_drops:
                await self._finish(frame.conn)
            await self._connections.drop(frame.conn)
        else:
            await self._catch_up()
            await self._send(frame.conn, frame.body)

    async def _open(self, frame: Frame) -> None:
        progress = self.progress
        progress.current[progress.expectation.session_of(frame.conn)] = frame.conn
        for key, process in progress.seen.items():
            if key[0] == progress.expectation.session_of(frame.conn):
                progress.reads_pending.pop(key, None)
                progress.read_at.pop(key, None)
                process.resumed()
        try:
            await self._connections.open(frame.conn, frame.body.get("headers"))
        except Disconnected as error:
            raise progress.fail(str(error)) from error

    async def _send(self, conn: int, body: dict[str, Any]) -> None:
        progress = self.progress
        message = progress.places.to_wire(body)
        method, params = body.get("method"), body.get("params") or {}
        key = progress.expectation.process_key(conn, params.get("processId", ""))
        if method == "process/read":
            if key in progress.seen and params.get("afterSeq") is not None:
                message["params"]["afterSeq"] = progress.seen[key].after_seq()
            progress.reads_pending[key] = progress.reads_pending.get(key, 0) + 1
            if key in progress.seen:
                progress.read_at[key] = progress.seen[key].events
        elif method == "fs/watchMissing":
            progress.watching.add(conn)
        elif method == "http/request" and params.get("streamResponse"):
            progress.bodies[(conn, params["requestId"])] = SeenBody()
        elif method == "process/start":
            progress.starts[key] = body
            progress.seen[key] = Seen(progress.places, progress.comparer, may_overtake="exit-drained" in self.case.meta.allow,
                                      on_terminal=bool(params.get("tty")))
        if "id" in body:
            progress.requests[(conn, body["id"])] = {**progress.places.from_wire(message), "id": body["id"]}
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        progress.transcript.add(conn, "->", text)
        try:
            await self._connections.send(conn, text)
        except Disconnected as error:
            raise progress.fail(str(error), str(method)) from error

    async def _catch_up(self) -> None:
        """Receives until this run has got as far as the recording."""
        while lacks := missing(self.progress):
            if lacks.read is not None:
                await self._repeat_read(lacks.read)
            await self._receive(lacks)
            await self._repeat_resume()

    async def _repeat_read(self, key: ProcessKey) -> None:
        """Asks for more, as the recorded client did, when something has come since the last time."""
        progress = self.progress
        if progress.reads_pending.get(key) or progress.seen[key].events == progress.read_at.get(key):
            return
        await self._send(progress.current[key[0]], {
            "id": self._next_extra_id(), "method": "process/read", "params": {
                "processId": key[1], "afterSeq": 0, "maxBytes": None, "waitMs": 0}})

    async def _repeat_resume(self) -> None:
        refused, self.progress.refused_resume = self.progress.refused_resume, None
        if refused is None:
            return
        if self._resume_retries == 0:
            raise self.progress.fail(f"the session is still attached after {self.idle_seconds:g} s", "initialize")
        self._resume_retries -= 1
        await asyncio.sleep(RESUME_RETRY_SECONDS)
        await self._send(refused[0], self.progress.requests[refused])

    async def _finish(self, conn: int) -> None:
        """Flushes what the server may still have queued, then compares what was accumulated."""
        progress, number = self.progress, self._next_extra_id()
        await self._send(conn, {"id": number, "method": "process/terminate", "params": {"processId": "replay-end"}})
        while (conn, number) not in progress.answered:
            await self._receive(Missing("the reply to the closing request", "process/terminate"))
        for key, expected in progress.expectation.processes.items():
            if key in progress.seen and key[0] == progress.expectation.session_of(conn):
                found = differences(expected, progress.seen[key])
                if found:
                    raise progress.fail(f"process {key[1]}: {found[0].text}", found[0].method,
                                        progress.about_process(key), *(other.text for other in found[1:]),
                                        frame=progress.expectation.frame_of_byte(key, found[0].stream, found[0].at))

    async def _receive(self, lacks: Missing) -> None:
        """Takes the next message while something is awaited."""
        try:
            conn, text = await self._connections.receive()
        except asyncio.TimeoutError as error:
            raise self._lacking(lacks, f"nothing came for {self.idle_seconds:g} s") from error
        except Disconnected as error:
            raise self._lacking(lacks, str(error)) from error
        self._inbox.take(conn, text)

    def _lacking(self, lacks: Missing, cause: str) -> Mismatch:
        return self.progress.fail(f"{cause}, missing: {lacks.text}", lacks.method, lacks.details(), frame=lacks.frame)

    def _next_extra_id(self) -> int:
        self._extra_id += 1
        return self._extra_id
