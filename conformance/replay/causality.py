"""Checks that a recorded session makes sense: nothing is answered, bound or printed that was not begun.

Exists so that a recording with a hole is a bad case, told with its line, and not a riddle during the replay.
"""
from __future__ import annotations

import base64
from typing import Any

from replay.case import DROP, OPEN, RECV, SEND, Frame
from replay.compare import ANY
from replay.expectation import BODY_DELTA, MISSING_CHANGED, NOTIFICATIONS
from replay.meta import BadCase, Meta
from replay.pids import number_in


def check_frames(frames: tuple[Frame, ...], meta: Meta) -> None:
    """Raises BadCase with the line and the member that is wrong."""
    check = _Check()
    for frame in frames:
        try:
            check.take(frame)
        except KeyError as error:
            raise BadCase(f"session.jsonl line {frame.number}: {frame.kind}: {error.args[0]} is missing") from error
        except (TypeError, AttributeError, ValueError) as error:
            raise BadCase(f"session.jsonl line {frame.number}: {frame.kind}: no such message: {error}") from error
    for member, names in (("output", meta.output), ("pids", meta.pids)):
        for name in names:
            if name not in check.printed:
                raise BadCase(f"meta.json: {member}: {name}: no such process in session.jsonl")
    for name, pattern in meta.pids.items():
        printed = check.printed[name]
        number = number_in(pattern, lambda stream: bytes(printed.get(stream) or printed.get(f"read {stream}", b"")), True)
        if number is None or not number.isdigit():
            raise BadCase(f"meta.json: pids: {name}: {pattern.pattern!r} finds no number in the recorded output")


class _Check:
    """What was begun so far."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.asked: dict[tuple[int, int], dict[str, Any]] = {}  # requests without a reply yet
        self.bound: set[str] = set()
        self.bodies: set[tuple[int, str]] = set()
        self.printed: dict[str, dict[str, bytearray]] = {}  # process -> method and stream -> bytes

    def take(self, frame: Frame) -> None:
        """The next frame."""
        if frame.kind == OPEN:
            self._expect(frame, isinstance(frame.body, dict), "an object is expected")
            self._expect(frame, frame.conn not in self.open, f"connection {frame.conn} is open already")
            self.open.add(frame.conn)
            return
        self._expect(frame, frame.conn in self.open, f"connection {frame.conn} is not open")
        if frame.kind == DROP:
            self.open.remove(frame.conn)
        elif frame.kind == SEND:
            self._sent(frame)
        elif frame.kind == RECV:
            self._received(frame)

    @staticmethod
    def _expect(frame: Frame, is_right: bool, text: str) -> None:
        if not is_right:
            raise BadCase(f"session.jsonl line {frame.number}: {frame.kind}: {text}")

    def _sent(self, frame: Frame) -> None:
        body = frame.body
        self._expect(frame, isinstance(body["method"], str), "method: a string is expected")
        self._check_bound(frame, body)
        if "id" not in body:
            return
        key = (frame.conn, body["id"])
        self._expect(frame, key not in self.asked, f"id {body['id']} is in use")
        self.asked[key] = body
        params = body.get("params") or {}
        if body["method"] == "process/start":
            self.printed.setdefault(params["processId"], {})
        elif body["method"] == "http/request" and params.get("streamResponse"):
            self.bodies.add((frame.conn, params["requestId"]))

    def _received(self, frame: Frame) -> None:
        body = frame.body
        self._check_matchers(frame, body)
        if "id" in body:
            self._expect(frame, (frame.conn, body["id"]) in self.asked, f"id {body['id']} was not asked, or answered")
            self._expect(frame, ("result" in body) != ("error" in body), "either result or error is expected")
            request = self.asked.pop((frame.conn, body["id"]))
            if request["method"] == "process/read" and "result" in body:
                for chunk in body["result"]["chunks"]:
                    self._print(frame, request["params"]["processId"], f"read {chunk['stream']}", chunk["chunk"])
            return
        method, params = body["method"], body["params"]
        if method in NOTIFICATIONS:
            self._expect(frame, params["processId"] in self.printed, f"process {params['processId']} was not started")
            if method == "process/output":
                self._print(frame, params["processId"], params["stream"], params["chunk"])
        elif method == BODY_DELTA:
            self._expect(frame, (frame.conn, params["requestId"]) in self.bodies,
                         f"no body of {params['requestId']} is streamed")
            base64.b64decode(params["deltaBase64"], validate=True)
        else:
            self._expect(frame, method == MISSING_CHANGED, f"unknown notification {method}")

    def _print(self, frame: Frame, process: str, stream: str, chunk: str) -> None:
        self._expect(frame, process in self.printed, f"process {process} was not started")
        self.printed[process].setdefault(stream, bytearray()).extend(base64.b64decode(chunk, validate=True))

    def _check_matchers(self, frame: Frame, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._check_matchers(frame, item)
        if not isinstance(value, dict):
            return
        if set(value) == {"$any"}:
            self._expect(frame, value["$any"] in ANY, f"$any: one of {', '.join(ANY)} is expected")
        elif set(value) == {"$bind"}:
            self.bound.add(value["$bind"])
        else:
            for item in value.values():
                self._check_matchers(frame, item)

    def _check_bound(self, frame: Frame, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._check_bound(frame, item)
        if not isinstance(value, dict):
            return
        if set(value) == {"$bound"}:
            self._expect(frame, value["$bound"] in self.bound, f"$bound: {value['$bound']} was not bound before")
        else:
            for item in value.values():
                self._check_bound(frame, item)
