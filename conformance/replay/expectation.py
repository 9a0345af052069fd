"""What the recording says must have happened before the client's next message.

Exists to turn "everything the server sent before this frame" into conditions that do not depend on
how a server cuts its output or in which order independent messages arrive.
"""
from __future__ import annotations

from typing import Any

from replay.bodies import ExpectedBody
from replay.case import Case, Frame
from replay.streams import Expected

NOTIFICATIONS = ("process/output", "process/exited", "process/closed")
BODY_DELTA = "http/request/bodyDelta"
MISSING_CHANGED = "fs/missingChanged"


class Expectation:
    """Grows frame by frame; the player waits until the run has caught up with it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.processes: dict[str, Expected] = {}
        self.replies: set[tuple[int, int]] = set()
        self.bodies: dict[tuple[int, str], ExpectedBody] = {}  # by connection and requestId
        self.changes: set[tuple[int, int]] = set()  # fs/missingChanged that are due, by connection and watchId
        self.templates: dict[tuple[str, str], dict[str, Any]] = {}
        self.reply_of: dict[tuple[int, int], dict[str, Any]] = {}
        self.frame_of: dict[tuple[int, int], int] = {}
        self._process_conn: dict[str, int] = {}
        self._requests: dict[tuple[int, int], dict[str, Any]] = {}
        for frame in case.frames:
            self._prepare(frame)

    def _prepare(self, frame: Frame) -> None:
        """Looks ahead: replies by id, templates of notifications, processes of many connections."""
        if frame.kind == "send" and "id" in frame.body:
            self._requests[(frame.conn, frame.body["id"])] = frame.body
            name = frame.body.get("params", {}).get("processId")
            if frame.body["method"] == "process/start":
                self._process_conn[name] = frame.conn
                self.processes[name] = Expected(lines=self.case.output.get(name))
            elif name in self._process_conn and frame.conn != self._process_conn[name]:
                self.processes[name].over_connections = True
        elif frame.kind == "recv" and "id" in frame.body:
            self.reply_of[(frame.conn, frame.body["id"])] = frame.body
            self.frame_of[(frame.conn, frame.body["id"])] = frame.number
        elif frame.kind == "recv" and frame.body["method"] == BODY_DELTA:
            params = frame.body["params"]
            self.bodies.setdefault((frame.conn, params["requestId"]), ExpectedBody()).record(params)
        elif frame.kind == "recv" and frame.body["method"] in NOTIFICATIONS:
            params = frame.body["params"]
            if params["processId"] in self._process_conn and frame.conn != self._process_conn[params["processId"]]:
                self.processes[params["processId"]].over_connections = True
            self.templates[(params["processId"], frame.body["method"])] = _template(params)

    def note(self, frame: Frame) -> None:
        """Takes a received frame of the recording as due."""
        body = frame.body
        if "id" in body:
            self.replies.add((frame.conn, body["id"]))
            request = self._requests[(frame.conn, body["id"])]
            if request["method"] == "process/read" and "result" in body:
                self.processes[request["params"]["processId"]].note_read(body["result"])
            return
        if body["method"] == BODY_DELTA:
            self.bodies[(frame.conn, body["params"]["requestId"])].note(body["params"])
        elif body["method"] == MISSING_CHANGED and MISSING_CHANGED in self.case.awaits:
            self.changes.add((frame.conn, body["params"]["watchId"]))
        if body["method"] not in NOTIFICATIONS:
            return
        params = body["params"]
        process = self.processes[params["processId"]]
        if body["method"] == "process/output":
            process.note_output(process.notified, params["stream"], params["chunk"])
        elif body["method"] == "process/exited":
            process.exited, process.exit_code = True, params["exitCode"]
        else:
            process.closed = True


def _template(params: dict[str, Any]) -> dict[str, Any]:
    """A notification without what differs between servers."""
    template = {**params, "seq": {"$any": "integer"}}
    if "chunk" in template:
        template["chunk"], template["stream"] = {"$any": "string"}, {"$any": "string"}
    return template
