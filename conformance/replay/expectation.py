"""What the recording says must have happened before the client's next message.

Exists to turn "everything the server sent before this frame" into conditions that do not depend on
how a server cuts its output or in which order independent messages arrive.
"""
from __future__ import annotations

import base64
from typing import Any

from replay.bodies import ExpectedBody
from replay.case import RECV, SEND, Case, Frame
from replay.pids import number_in
from replay.recorded import Expected

NOTIFICATIONS = ("process/output", "process/exited", "process/closed")
BODY_DELTA = "http/request/bodyDelta"
MISSING_CHANGED = "fs/missingChanged"

Key = tuple[int, int]  # connection and id of a request
ProcessKey = tuple[str, str]  # session and processId: a session outlives its connection


class Expectation:
    """Grows frame by frame; the player waits until the run has caught up with it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.processes: dict[ProcessKey, Expected] = {}
        self.replies: set[Key] = set()
        self.bodies: dict[tuple[int, str], ExpectedBody] = {}  # by connection and requestId
        self.changes: set[tuple[int, int]] = set()  # fs/missingChanged that are due, by connection and watchId
        self.templates: dict[tuple[ProcessKey, str], dict[str, Any]] = {}
        self.event_frames: dict[tuple[ProcessKey, str], int] = {}
        self._last_read: dict[tuple[int, ProcessKey], int] = {}  # line of a process's last process/read on a connection
        self.reply_of: dict[Key, dict[str, Any]] = {}
        self.frame_of: dict[Key, int] = {}
        self._output_ends: dict[tuple[ProcessKey, str], list[tuple[int, int]]] = {}  # of a stream: bytes so far, frame
        self._session_of = _sessions(case.frames)
        self.numbers: dict[ProcessKey, bytes] = {}  # what processes told about themselves (`pids`)
        self._whole = {name: Expected() for name in case.meta.pids}  # all output of these processes
        self._process_conn: dict[ProcessKey, int] = {}
        self._requests: dict[Key, dict[str, Any]] = {}
        for frame in case.frames:
            self._prepare(frame)
        for key in self.processes:
            if key[1] in self._whole:
                number = number_in(case.meta.pids[key[1]], self._whole[key[1]].total, True)
                assert number is not None, "checked when the case was read"
                self.numbers[key] = number

    def process_key(self, conn: int, name: str) -> ProcessKey:
        """The process that is called so on this connection."""
        return self.session_of(conn), name

    def session_of(self, conn: int) -> str:
        """The name of a connection's session."""
        return self._session_of.get(conn, f"of connection {conn}")

    def frame_of_byte(self, key: ProcessKey, stream: str, at: int) -> int:
        """The line with which this byte of an output came, or the last one; 0 if there is none."""
        ends = self._output_ends.get((key, stream), [(0, 0)])
        return next((number for end, number in ends if end > at), ends[-1][1])

    def is_read_after(self, conn: int, key: ProcessKey, number: int) -> bool:
        """Does the client read this process on this connection at or after this line?"""
        return self._last_read.get((conn, key), 0) >= number

    def _prepare(self, frame: Frame) -> None:
        """Looks ahead: replies by id, templates of notifications, processes of many connections."""
        body = frame.body
        if frame.kind == SEND and "id" in body:
            self._requests[(frame.conn, body["id"])] = body
            key = self.process_key(frame.conn, (body.get("params") or {}).get("processId", ""))
            if body["method"] == "process/start" and key not in self.processes:
                self._process_conn[key] = frame.conn
                self.processes[key] = Expected(lines=self.case.meta.output.get(key[1]))
            elif frame.conn != self._process_conn.get(key, frame.conn):
                self.processes[key].over_connections = True
            if body["method"] == "process/read":
                self._last_read[(frame.conn, key)] = frame.number
        elif frame.kind == RECV and "id" in body:
            self.reply_of[(frame.conn, body["id"])] = body
            self.frame_of[(frame.conn, body["id"])] = frame.number
            request = self._requests[(frame.conn, body["id"])]
            if request["method"] == "process/read" and "result" in body and request["params"]["processId"] in self._whole:
                self._whole[request["params"]["processId"]].note_read(body["result"])
        elif frame.kind == RECV and body["method"] == BODY_DELTA:
            params = body["params"]
            self.bodies.setdefault((frame.conn, params["requestId"]), ExpectedBody()).record(params)
        elif frame.kind == RECV and body["method"] in NOTIFICATIONS:
            key = self.process_key(frame.conn, body["params"]["processId"])
            if frame.conn != self._process_conn[key]:
                self.processes[key].over_connections = True
            self.templates[(key, body["method"])] = _template(body["params"])
            self.event_frames[(key, body["method"])] = frame.number
            if body["method"] == "process/output":
                ends = self._output_ends.setdefault((key, body["params"]["stream"]), [(0, frame.number)])
                ends.append((ends[-1][0] + len(base64.b64decode(body["params"]["chunk"])), frame.number))
            if key[1] in self._whole and body["method"] == "process/output":
                self._whole[key[1]].note_output(body["params"])

    def note(self, frame: Frame) -> None:
        """Takes a received frame of the recording as due."""
        body = frame.body
        if "id" in body:
            self.replies.add((frame.conn, body["id"]))
            request = self._requests[(frame.conn, body["id"])]
            if request["method"] == "process/read" and "result" in body:
                self.processes[self.process_key(frame.conn, request["params"]["processId"])].note_read(body["result"])
            return
        params = body["params"]
        if body["method"] == BODY_DELTA:
            self.bodies[(frame.conn, params["requestId"])].note(params)
        elif body["method"] == MISSING_CHANGED and MISSING_CHANGED in self.case.meta.awaits:
            self.changes.add((frame.conn, params["watchId"]))
        if body["method"] not in NOTIFICATIONS:
            return
        process = self.processes[self.process_key(frame.conn, params["processId"])]
        if body["method"] == "process/output":
            process.note_output(params)
        elif body["method"] == "process/exited":
            process.exited, process.exit_code = True, params["exitCode"]
        else:
            process.closed = True


def _sessions(frames: tuple[Frame, ...]) -> dict[int, str]:
    """The name of each connection's session: the placeholder of its sessionId."""
    sessions: dict[int, str] = {}
    for frame in frames:
        if frame.kind == RECV and isinstance(frame.body.get("result"), dict):
            name = frame.body["result"].get("sessionId")
            if isinstance(name, dict) and set(name) == {"$bind"}:
                sessions.setdefault(frame.conn, name["$bind"])
    return sessions


def _template(params: dict[str, Any]) -> dict[str, Any]:
    """A notification without what differs between servers."""
    template = {**params, "seq": {"$any": "integer"}}
    if "chunk" in template:
        template["chunk"], template["stream"] = {"$any": "string"}, {"$any": "string"}
    return template
