"""Judges every message that a server sends in a replay.

Exists so that one place knows what a reply and a notification must look like, whoever waits for them.
"""
from __future__ import annotations

import base64
import json
from typing import Any

from replay.compare import Difference
from replay.deviations import METHOD_NOT_FOUND, is_integer
from replay.diff import brief
from replay.expectation import BODY_DELTA, MISSING_CHANGED, NOTIFICATIONS, ExpectedBody, Key, ProcessKey
from replay.progress import Progress
from replay.transcript import NotOffered
from report.results import NOT_OFFERED, PASS

SESSION_ATTACHED = -32010
Message = dict[str, Any]
READ_TEMPLATE = {"chunks": {"$any": "array"}, "nextSeq": {"$any": "integer"}, "exited": {"$any": "boolean"},
                 "closed": {"$any": "boolean"}}
CHUNK_TEMPLATE = {"seq": {"$any": "integer"}, "stream": {"$any": "string"}, "chunk": {"$any": "string"}}


class Inbox:
    """Takes messages; raises Mismatch when one is wrong, NotOffered when the server lacks what the case needs."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def take(self, conn: int, text: str | bytes) -> None:
        """The next message on this connection."""
        progress = self.progress
        progress.transcript.add(conn, "<-", text if isinstance(text, str) else repr(text))
        if not isinstance(text, str):
            raise progress.fail("a binary message came")
        try:
            message = json.loads(text)
        except ValueError as error:
            raise progress.fail(f"not JSON: {error}: {brief(text)}") from error
        if not isinstance(message, dict) or ("method" in message) == ("id" in message):
            raise progress.fail(f"neither a reply nor a notification: {brief(text)}")
        message = progress.places.from_wire(message)
        method = self._reply(conn, message) if "id" in message else self._notification(conn, message)
        for key, seen in progress.seen.items():
            if seen.problems:
                texts = "; ".join(problem.text for problem in seen.problems)
                raise progress.fail(f"process {key[1]}: {texts}", seen.problems[0].method or method,
                                    progress.about_process(key))
        if method:
            progress.accounts.note(method, PASS)

    def _reply(self, conn: int, message: Message) -> str:
        """Returns the method, "" when the reply is not to be counted."""
        progress = self.progress
        number = message["id"]
        key = (conn, number)
        if not (is_integer(number) or isinstance(number, str)) or key not in progress.requests:
            raise progress.fail(f"a reply to an id that was not asked: {brief(message)}")
        request = progress.requests[key]
        method = str(request["method"])
        if key in progress.answered:
            raise progress.fail(f"a second reply to id {number}: {brief(message)}", method)
        progress.answered.add(key)
        error = message.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if code == METHOD_NOT_FOUND and method in progress.case.meta.needs.methods:
            raise NotOffered(f"{method}: {brief(error)}", method)
        params = request.get("params") or {}
        if method == "initialize" and params.get("resumeSessionId") and code == SESSION_ATTACHED \
                and "result" in progress.expectation.reply_of.get(key, {}):
            # The server has not noticed yet that the old connection is gone.
            progress.refused_resume = key
            progress.answered.discard(key)
            return ""
        self._compare(key, message)
        if method in progress.comparer.not_offered:
            progress.accounts.note(method, NOT_OFFERED)
        return method if key in progress.expectation.reply_of or method == "process/read" else ""

    def _compare(self, key: Key, message: Message) -> None:
        progress = self.progress
        request, expected = progress.requests[key], progress.expectation.reply_of.get(key)
        method, result = request["method"], message.get("result")
        if method == "initialize" and isinstance(result, dict) and isinstance(result.get("environmentInfo"), dict):
            progress.comparer.capabilities = result["environmentInfo"].get("capabilities") or {}
        params = request.get("params") or {}
        process = progress.expectation.process_key(key[0], params.get("processId", ""))
        if method == "process/read" and process in progress.seen and (expected is None or "result" in expected):
            self._read_reply(key, process, message)
        elif expected is not None:
            found = progress.comparer.reply(request, expected, message)
            if found:
                raise self._wrong_reply(key, found)

    def _wrong_reply(self, key: Key, found: Difference) -> Exception:
        progress = self.progress
        request = progress.requests[key]
        return progress.fail(f"reply to {request['method']} (id {key[1]}): {found}", request["method"],
                             f"request   {brief(request, 600)}", found.diff,
                             frame=progress.expectation.frame_of.get(key, 0))

    def _read_reply(self, key: Key, process: ProcessKey, message: Message) -> None:
        progress = self.progress
        request, expected = progress.requests[key], progress.expectation.reply_of.get(key)
        template: Message = dict(READ_TEMPLATE)
        if expected is not None:
            template.update({member: expected["result"][member] for member in ("failure", "sandboxDenied")
                             if member in expected["result"]})
        place = progress.place("process/read", request["params"], process)
        found = progress.comparer.reply(request, {"result": template}, message)
        result = message.get("result", {})
        for number, chunk in enumerate([] if found else result["chunks"]):
            found = found or progress.comparer.value(progress.place(
                "process/read", request["params"], process, "result", "chunks", str(number)), CHUNK_TEMPLATE, chunk)
            found = found or (None if _is_base64(chunk["chunk"]) else Difference("result.chunks: bad base64"))
        if not found and not (result.get("exitCode", "") is None or is_integer(result.get("exitCode"))):
            found = Difference("result.exitCode is missing" if "exitCode" not in result
                               else f"result.exitCode: a number or null expected, came {brief(result['exitCode'])}")
        code = self._final_exit_code(process)
        if not found and result["exited"] and code is not None and result["exitCode"] is not None:
            found = progress.comparer.value(progress.place(
                place.method, place.params, process, "result", "exitCode"), code, result["exitCode"])
        if found:
            raise self._wrong_reply(key, found)
        progress.reads_pending[process] = progress.reads_pending.get(process, 1) - 1
        progress.seen[process].on_read(request["params"].get("afterSeq") or 0, result)
        progress.bind_number(process)

    def _final_exit_code(self, process: ProcessKey) -> int | None:
        params = self.progress.expectation.templates.get((process, "process/exited"))
        return params["exitCode"] if params else self.progress.expectation.processes[process].exit_code

    def _notification(self, conn: int, message: Message) -> str:
        progress = self.progress
        method, params = message["method"], message.get("params")
        if not isinstance(params, dict):
            raise progress.fail(f"unexpected notification {brief(message)}", str(method))
        if method == MISSING_CHANGED and conn in progress.watching and is_integer(params.get("watchId")):
            # A hint to look again: when and how often it comes is up to the server.
            progress.changes.add((conn, params["watchId"]))
        elif method == BODY_DELTA and isinstance(params.get("requestId"), str) \
                and (conn, params["requestId"]) in progress.bodies:
            body = (conn, params["requestId"])
            if problem := progress.bodies[body].add(params, progress.expectation.bodies.get(body, ExpectedBody())):
                raise progress.fail(f"body of {params['requestId']}: {problem}", BODY_DELTA)
        elif method in NOTIFICATIONS and isinstance(params.get("processId"), str) \
                and progress.expectation.process_key(conn, params["processId"]) in progress.seen:
            self._process_event(method, params, progress.expectation.process_key(conn, params["processId"]))
        else:
            raise progress.fail(f"unexpected notification {brief(message)}", str(method))
        return str(method)

    def _process_event(self, method: str, params: Message, process: ProcessKey) -> None:
        progress = self.progress
        templates = progress.expectation.templates
        template = templates.get((process, method))
        if template is None and templates.get((process, "process/closed")) and method != "process/output":
            raise progress.fail(f"unexpected notification {brief({'method': method, 'params': params})}", method)
        found = progress.comparer.value(progress.place(method, params, process, "params"),
                                        template or _loose_template(method), params)
        if not found and method == "process/output" and not _is_base64(params["chunk"]):
            found = Difference(f"bad base64 in {brief(params)}")
        if found:
            raise progress.fail(f"{method} of {process[1]}: {found}", method, progress.about_process(process), found.diff,
                                frame=progress.expectation.event_frames.get((process, method), 0))
        seen = progress.seen[process]
        if method == "process/output":
            seen.on_output(params["seq"], params["stream"], base64.b64decode(params["chunk"]))
        elif method == "process/exited":
            seen.on_exited(params["seq"], params["exitCode"])
        else:
            seen.on_closed(params["seq"])
        progress.bind_number(process)


def _loose_template(method: str) -> Message:
    """For events after the end of a recording."""
    template: Message = {"processId": {"$any": "string"}, "seq": {"$any": "integer"}}
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
