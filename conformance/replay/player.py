"""Plays one recorded session against a server.

Exists to drive the causal order: a client message goes out when everything the server had said
before it in the recording has come in this run too. Clients that poll with process/read are played
adaptively: the recorded reads are sent, and repeated after each new event until this run has read
what the recording had read.
"""
from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import websockets
from websockets.exceptions import WebSocketException

from replay.bodies import ExpectedBody, SeenBody
from replay.case import Case, DROP, Frame, OPEN, RECV
from replay.compare import Comparer, METHOD_NOT_FOUND, brief
from replay.expectation import BODY_DELTA, Expectation, MISSING_CHANGED, NOTIFICATIONS
from replay.placeholders import Placeholders
from replay.streams import Seen, differences, reached, read_reached
from replay.transcript import Mismatch, NotOffered, Transcript

EXTRA_ID = 1_000_000
SESSION_ATTACHED = -32010
RESUME_RETRY_SECONDS = 0.1  # what the recorded clients wait before they try to resume again
MAX_MESSAGE = 128 * 1024 * 1024
READ_TEMPLATE = {"chunks": {"$any": "array"}, "nextSeq": {"$any": "integer"}, "exited": {"$any": "boolean"},
                 "closed": {"$any": "boolean"}}
CHUNK_TEMPLATE = {"seq": {"$any": "integer"}, "stream": {"$any": "string"}, "chunk": {"$any": "string"}}


class Player:
    """One replay; `play` returns normally when the server did as recorded."""

    def __init__(self, case: Case, url: str, root: str, idle_seconds: float) -> None:
        self.case, self.url, self.idle_seconds = case, url, idle_seconds
        self.places = Placeholders(root)
        self.transcript = Transcript()
        self.expectation = Expectation(case)
        self.comparer = Comparer(case.allow, {}, self.places.bound)
        self.seen: dict[str, Seen] = {}
        self.requests: dict[tuple[int, int], dict[str, Any]] = {}
        self.answered: set[tuple[int, int]] = set()
        self.read_at: dict[str, int] = {}
        self.reads_pending: dict[str, int] = {}
        self.watching = False
        self.changes: set[tuple[int, int]] = set()
        self.bodies: dict[tuple[int, str], SeenBody] = {}
        self.resume: dict[str, Any] | None = None
        self.resume_retries = int(idle_seconds / RESUME_RETRY_SECONDS)
        self.extra_id = EXTRA_ID
        self.frame = 0
        self.conn = 0
        self.socket: Any = None

    async def play(self) -> None:
        try:
            for frame in self.case.frames:
                self.frame = frame.number
                if frame.kind == RECV:
                    self.expectation.note(frame)
                elif frame.kind == OPEN:
                    await self._open(frame)
                elif frame.kind == DROP:
                    await self._catch_up()
                    if frame is self.case.frames[-1]:
                        await self._finish()
                    self._drop()
                else:
                    await self._catch_up()
                    await self._send(frame.body)
        finally:
            if self.socket is not None:
                self._drop()

    def _fail(self, text: str) -> None:
        raise Mismatch(self.frame, text)

    # --- connection -------------------------------------------------------------------------
    async def _open(self, frame: Frame) -> None:
        self.conn = frame.conn
        self.reads_pending.clear()
        for process in self.seen.values():
            process.resumed()
        try:
            self.socket = await websockets.connect(self.url, max_size=MAX_MESSAGE, compression=None, origin=None,
                                                   ping_interval=None, extra_headers=frame.body.get("headers"))
        except (OSError, WebSocketException) as error:
            self._fail(f"cannot connect: {error}")

    def _drop(self) -> None:
        """The recorded clients never send a close frame: they drop the connection."""
        if self.socket.transport is not None:
            self.socket.transport.abort()
        self.socket = None

    async def _send(self, body: dict[str, Any]) -> None:
        message = self.places.to_wire(body)
        if body.get("method") == "process/read":
            name = body["params"]["processId"]
            if name in self.seen and body["params"].get("afterSeq") is not None:
                message["params"]["afterSeq"] = self.seen[name].after_seq()
            self._note_read_sent(name)
        if "id" in body:
            self.requests[(self.conn, body["id"])] = {**self.places.from_wire(message), "id": body["id"]}
        self.watching = self.watching or body.get("method") == "fs/watchMissing"
        if body.get("method") == "http/request" and body["params"].get("streamResponse"):
            self.bodies[(self.conn, body["params"]["requestId"])] = SeenBody()
        if body.get("method") == "process/start":
            self.seen[body["params"]["processId"]] = Seen(
                self.places.bytes_from_wire, may_overtake="event-order" in self.case.allow)
        await self._send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def _send_text(self, text: str) -> None:
        self.transcript.add(self.conn, "->", text)
        try:
            await self.socket.send(text)
        except WebSocketException as error:
            self._fail(f"the server closed the connection: {error}")

    def _note_read_sent(self, name: str) -> None:
        self.reads_pending[name] = self.reads_pending.get(name, 0) + 1
        if name in self.seen:
            self.read_at[name] = self.seen[name].events

    # --- waiting ----------------------------------------------------------------------------
    async def _catch_up(self) -> None:
        """Receives until this run has got as far as the recording."""
        while True:
            missing = await self._missing()
            if not missing:
                return
            await self._receive(missing)
            if self.resume is not None:
                again, self.resume = self.resume, None
                await asyncio.sleep(RESUME_RETRY_SECONDS)
                await self._send(again)

    async def _missing(self) -> str:
        """What has not come yet, "" if nothing; repeats a process/read where that can help."""
        due = self.expectation.replies - self.answered
        if due:
            conn, number = min(due)
            return f"the reply to request {number} ({self.requests[(conn, number)]['method']})"
        for body, due_body in self.expectation.bodies.items():
            if body in self.bodies and (lacking := self.bodies[body].missing(due_body)):
                return f"the body of {body[1]}: {lacking}"
        if self.expectation.changes - self.changes:
            return f"{MISSING_CHANGED} {sorted(self.expectation.changes - self.changes)}"
        for name, expected in self.expectation.processes.items():
            if name not in self.seen:
                continue
            seen = self.seen[name]
            if not reached(expected, seen):
                return f"output, exit or close of process {name}:\n{_progress(expected, seen)}"
            if not read_reached(expected, seen):
                if not self.reads_pending.get(name) and seen.events != self.read_at.get(name):
                    await self._repeat_read(name)
                return f"process/read to return as much of {name} as recorded:\n{_progress(expected, seen)}"
        return ""

    async def _repeat_read(self, name: str) -> None:
        self.extra_id += 1
        await self._send({"id": self.extra_id, "method": "process/read", "params": {
            "processId": name, "afterSeq": 0, "maxBytes": None, "waitMs": 0}})

    async def _finish(self) -> None:
        """Flushes what the server may still have queued, then compares what was accumulated."""
        self.extra_id += 1
        key = (self.conn, self.extra_id)
        await self._send({"id": self.extra_id, "method": "process/terminate", "params": {"processId": "replay-end"}})
        while key not in self.answered:
            await self._receive("the reply to the closing request")
        for name, expected in self.expectation.processes.items():
            if name in self.seen:
                found = differences(expected, self.seen[name])
                if found:
                    self._fail(f"process {name}: " + "\n  ".join(found))

    # --- receiving --------------------------------------------------------------------------
    async def _receive(self, waiting_for: str) -> None:
        try:
            text = await asyncio.wait_for(self.socket.recv(), self.idle_seconds)
        except asyncio.TimeoutError:
            self._fail(f"nothing came for {self.idle_seconds:g} s, missing: {waiting_for}")
        except WebSocketException as error:
            self._fail(f"the server closed the connection ({error}), missing: {waiting_for}")
        self.transcript.add(self.conn, "<-", text if isinstance(text, str) else repr(text))
        if not isinstance(text, str):
            self._fail("a binary message came")
        try:
            message = json.loads(text)
        except ValueError as error:
            self._fail(f"not JSON: {error}: {brief(text)}")
        if not isinstance(message, dict) or ("method" in message) == ("id" in message):
            self._fail(f"neither a reply nor a notification: {brief(text)}")
        message = self.places.from_wire(message)
        if "id" in message:
            self._on_reply(message)
        else:
            self._on_notification(message)
        for name, seen in self.seen.items():
            if seen.problems:
                self._fail(f"process {name}: {'; '.join(seen.problems)}")

    def _on_reply(self, message: dict[str, Any]) -> None:
        key = (self.conn, message["id"])
        if isinstance(message["id"], bool) or key not in self.requests:
            self._fail(f"a reply to an id that was not asked: {brief(message)}")
        if key in self.answered:
            self._fail(f"a second reply to id {message['id']}: {brief(message)}")
        self.answered.add(key)
        request, expected = self.requests[key], self.expectation.reply_of.get(key)
        error = message.get("error")
        if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND \
                and request["method"] in self.case.needs.methods:
            raise NotOffered(f"{request['method']}: {error.get('message')}")
        if request["method"] == "initialize" and request["params"].get("resumeSessionId") \
                and isinstance(error, dict) and error.get("code") == SESSION_ATTACHED and self.resume_retries > 0:
            # The server has not noticed yet that the old connection is gone.
            self.resume, self.resume_retries = request, self.resume_retries - 1
            self.answered.discard(key)
            return
        if request["method"] == "initialize" and isinstance(message.get("result"), dict):
            info = message["result"].get("environmentInfo") or {}
            self.comparer.capabilities = info.get("capabilities") or {}
        is_read = request["method"] == "process/read" and request["params"]["processId"] in self.seen
        if is_read and (expected is None or "result" in expected):
            self._on_read_reply(request, expected, message)
        elif expected is not None:
            found = self.comparer.reply(request, expected, message)
            if found:
                self._fail(f"reply to {request['method']} (id {message['id']}, recorded in frame "
                           f"{self.expectation.frame_of[key]}): {found}")

    def _on_read_reply(self, request: dict[str, Any], expected: dict[str, Any] | None,
                       message: dict[str, Any]) -> None:
        name = request["params"]["processId"]
        template: dict[str, Any] = dict(READ_TEMPLATE)
        if expected is not None:
            for member in ("failure", "sandboxDenied"):
                if member in expected["result"]:
                    template[member] = expected["result"][member]
        found = self.comparer.reply(request, {"result": template}, message)
        result = message.get("result", {})
        for chunk in [] if found else result["chunks"]:
            found = found or self.comparer.value(CHUNK_TEMPLATE, chunk, ("result", "chunks"))
            found = found or (None if _is_base64(chunk["chunk"]) else "result.chunks: bad base64")
        if not found and "exitCode" not in result:
            found = "result.exitCode is missing"
        code = self._final_exit_code(name)
        if not found and result["exited"] and code is not None:
            found = self.comparer.value(code, result["exitCode"], ("result", "exitCode"))
        if found:
            self._fail(f"reply to process/read (id {message['id']}): {found}")
        self.reads_pending[name] = self.reads_pending.get(name, 1) - 1
        self.seen[name].on_read(request["params"].get("afterSeq") or 0, result)

    def _final_exit_code(self, name: str) -> int | None:
        params = self.expectation.templates.get((name, "process/exited"))
        return params["exitCode"] if params else self.expectation.processes[name].exit_code

    def _on_notification(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params")
        if method == MISSING_CHANGED and self.watching and isinstance(params, dict):
            # A hint to look again: when and how often it comes is up to the server.
            self.changes.add((self.conn, params.get("watchId", -1)))
            return
        if method == BODY_DELTA and isinstance(params, dict) and (self.conn, params.get("requestId")) in self.bodies:
            key = (self.conn, params["requestId"])
            problem = self.bodies[key].add(params, self.expectation.bodies.get(key, ExpectedBody()))
            if problem:
                self._fail(f"body of {params['requestId']}: {problem}")
            return
        if method not in NOTIFICATIONS or not isinstance(params, dict) or params.get("processId") not in self.seen:
            self._fail(f"unexpected notification {brief(message)}")
        name = params["processId"]
        template = self.expectation.templates.get((name, method))
        if template is None and self.expectation.templates.get((name, "process/closed")) and method != "process/output":
            self._fail(f"unexpected notification {brief(message)}")
        found = self.comparer.value(template or _loose_template(method), params, ("params",))
        if found:
            self._fail(f"{method} of {name}: {found}")
        seen = self.seen[name]
        if method == "process/output":
            if not _is_base64(params["chunk"]):
                self._fail(f"bad base64 in {brief(message)}")
            seen.on_output(params["seq"], params["stream"], base64.b64decode(params["chunk"]))
        elif method == "process/exited":
            seen.on_exited(params["seq"], params["exitCode"])
        else:
            seen.on_closed(params["seq"])


def _loose_template(method: str) -> dict[str, Any]:
    """For events after the end of a recording."""
    template: dict[str, Any] = {"processId": {"$any": "string"}, "seq": {"$any": "integer"}}
    if method == "process/output":
        template.update(stream={"$any": "string"}, chunk={"$any": "string"})
    elif method == "process/exited":
        template.update(exitCode={"$any": "integer"})
    return template


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _progress(expected: Any, seen: Seen) -> str:
    rows = [f"    {stream}: {len(expected.total(stream))} bytes recorded, notified "
            f"{len(seen.joined(stream, True, False))}, read {len(seen.joined(stream, False, True))}"
            for stream in sorted(expected.streams() | seen.streams())]
    rows.append(f"    exited: recorded {expected.exited}, notified {seen.exited}, read {seen.read_exited}; "
                f"closed: recorded {expected.closed}, notified {seen.closed}, read {seen.read_closed}")
    return "\n".join(rows)
