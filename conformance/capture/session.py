"""Turns what a capture holds into the lines of session.jsonl (format: ../replay/README.md).

Exists to make recordings portable: what depends on the recording machine or on the clock becomes a placeholder or a
matcher, and adjacent output of one stream is joined.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from capture.capture_file import Capture, JsonObject, Unconvertible
from capture.spelling import ABSENT, Spelling
from capture.streams import spell_streams
from replay.case import pack_bytes

RequestKey = tuple[int, Any]  # connection, id
_REFUSED_EVENTS = {
    "undecodable": "bytes that are no WebSocket message", "refused": "the server refused the upgrade",
    "unreachable": "the server could not be reached",
}
_ENDS = {"close", "dropped_by_proxy"}


@dataclass
class Said:
    """One line of the session to be: an opening, an end, or a message with its request."""

    number: int
    conn: int
    kind: str  # open, send, recv, drop
    body: Any
    request: Said | None = None
    reply: Said | None = None
    sessions: dict[str, str] = field(default_factory=dict)

    def line(self) -> JsonObject:
        return {"conn": self.conn, self.kind: self.body}


def convert_session(capture: Capture, spelling: Spelling) -> list[JsonObject]:
    """The lines of session.jsonl.  Raises Unconvertible."""
    said = _pair_up(_parse(capture), capture)
    for one in said:
        if one.kind == "send":
            _move_probes(one, spelling, spelled_already=capture.header is None)
    if capture.header is not None:
        spell_streams([(one.conn, one.body, one.request.body if one.request else None)
                       for one in said if one.kind in ("send", "recv")], spelling)
        for one in said:
            one.body = spelling.value(one.body)
        _refuse_left_overs(said, spelling)
    _bind_and_match(said)
    return join_outputs([one.line() for one in said])


def _parse(capture: Capture) -> list[Said]:
    said: list[Said] = []
    open_conns: set[int] = set()
    for number, entry in capture.entries:
        event, conn = entry.get("ev"), entry["conn"]
        if event in _REFUSED_EVENTS:
            told = f"{entry.get('status', '')} {entry.get('reason', '')}".strip()
            raise Unconvertible(f"line {number}: {_REFUSED_EVENTS[event]} ({told})")
        if event == "open":
            headers = {"headers": {"Authorization": "Bearer recorded"}} if "authorization" in entry["headers"] else {}
            said.append(Said(number, conn, "open", headers))
            open_conns.add(conn)
        elif event in _ENDS and conn in open_conns:
            by = "network" if event != "close" else entry.get("by", "client")
            said.append(Said(number, conn, "drop", f"by the {by}"))
            open_conns.discard(conn)
        elif "dir" in entry and event is None:
            said.append(Said(number, conn, "send" if entry["dir"] == "c2s" else "recv", _message(number, entry)))
    said += [Said(0, left, "drop", "by the client") for left in sorted(open_conns)]
    if not any(one.kind == "send" for one in said):
        raise Unconvertible("the client said nothing")
    return said


def _message(number: int, entry: JsonObject) -> JsonObject:
    if "text" not in entry:
        raise Unconvertible(f"line {number}: a message that is no text ({entry.get('invalid', 'binary')})")
    try:
        message = json.loads(entry["text"])
    except ValueError as error:
        raise Unconvertible(f"line {number}: a message that is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise Unconvertible(f"line {number}: a message that is no JSON object")
    return message


def _pair_up(said: list[Said], capture: Capture) -> list[Said]:
    """Connects requests and replies; refuses a session with a question that stayed open though the client waited."""
    pending: dict[RequestKey, Said] = {}
    for one in said:
        if one.kind == "send" and "id" in one.body:
            if "method" not in one.body:
                raise Unconvertible(f"line {one.number}: a reply of the client")
            pending[(one.conn, one.body["id"])] = one
        elif one.kind == "recv" and "id" in one.body:
            request = pending.pop((one.conn, one.body["id"]), None)
            if request is None:
                raise Unconvertible(f"line {one.number}: a reply to id {one.body['id']}, which was not asked")
            one.request, request.reply = request, one
    for request in pending.values():
        _refuse_unless_left_behind(request, said)
    return said


def _refuse_unless_left_behind(request: Said, said: list[Said]) -> None:
    """A client that leaves does not wait for replies; one that goes on has waited for this one in vain."""
    later = said[said.index(request) + 1:]
    end = next((one.body for one in later if one.kind == "drop" and one.conn == request.conn), "")
    goes_on = any(one.conn == request.conn and one.request is not None and said.index(one.request) > said.index(request)
                  for one in later)
    if goes_on or end == "by the server":
        raise Unconvertible(f"line {request.number}: {request.body['method']} (id {request.body['id']}) was never answered")


def _move_probes(one: Said, spelling: Spelling, spelled_already: bool) -> None:
    """Whatever was looked for in vain in the folders above the run folder is looked for below a folder that never
    exists: there may be such a thing above the run folder of a replay."""
    params = one.body.get("params")
    if not isinstance(params, dict):
        return
    move = _move_collapsed if spelled_already else lambda path: spelling.absent_probe(path) or path
    found = one.reply is not None and "result" in one.reply.body
    if one.body.get("method") == "fs/watchMissing":
        params["missing"] = [move(path) for path in params["missing"]]
    elif one.body.get("method") == "fs/getMetadata" and not found:
        params["path"] = move(params["path"])


def _move_collapsed(path: str) -> str:
    """The first recorder rewrote every folder above the run folder to /tmp or /tmp/ws itself."""
    prefix, bare = ("file://", path[7:]) if path.startswith("file://") else ("", path)
    if bare == "/tmp/ws":
        return f"{prefix}{ABSENT}/.git"
    if bare.startswith("/tmp/") and not bare.startswith("/tmp/ws/"):
        return f"{prefix}{ABSENT}/{bare[5:]}"
    return path


def _refuse_left_overs(said: list[Said], spelling: Spelling) -> None:
    for one in said:
        if left := spelling.left_over(one.body):
            raise Unconvertible(f"line {one.number}: {left!r}, a path of the recording machine, cannot be told apart")


def _bind_and_match(said: list[Said]) -> None:
    sessions: dict[str, str] = {}  # what they are called, by id
    end_notified: dict[str, bool] = {}  # of processes a terminate was sent for
    racing: set[int] = set()
    for one in said:
        method = one.body.get("method") if isinstance(one.body, dict) else None
        if one.kind == "send":
            if method == "process/terminate":
                process = one.body["params"]["processId"]
                # Two terminates while the end was not yet notified: the second may see either state.
                if end_notified.get(process) is False:
                    racing.add(id(one))
                end_notified.setdefault(process, False)
            _convert_request(one.body, sessions)
        elif one.kind == "recv" and one.request is not None:
            _convert_reply(one.request.body, one.body, sessions, id(one.request) in racing)
        elif method == "process/exited":
            end_notified[one.body["params"]["processId"]] = True
        elif method == "http/request/bodyDelta":
            one.body["params"]["deltaBase64"] = pack_bytes(one.body["params"]["deltaBase64"])


def _convert_request(message: JsonObject, sessions: dict[str, str]) -> None:
    params = message.get("params")
    if not isinstance(params, dict):
        return
    if message.get("method") == "initialize" and params.get("resumeSessionId") in sessions:
        params["resumeSessionId"] = {"$bound": sessions[params["resumeSessionId"]]}
    for member in ("chunk", "dataBase64", "bodyBase64"):
        if params.get(member) is not None:
            params[member] = pack_bytes(params[member])


def _match_shell(info: JsonObject) -> None:
    """The shell of the server's user is that of the machine; what commands run in, their argv says."""
    if "shell" in info:
        info["shell"] = dict.fromkeys(info["shell"], {"$any": "string"})


def _convert_reply(request: JsonObject, message: JsonObject, sessions: dict[str, str], racing: bool) -> None:
    result = message.get("result")
    if not isinstance(result, dict):
        return
    method = request["method"]
    if method == "initialize":
        number = len(sessions) + 1
        name = sessions.setdefault(result["sessionId"], "session" if number == 1 else f"session-{number}")
        result["sessionId"] = {"$bind": name}
        info = result.get("environmentInfo", {})
        _match_shell(info)
        for member, kind in (("executorVersion", "string"), ("providerId", "string"), ("cwd", "uri"),
                             ("userHomeDir", "uri"), ("tempDir", "uri"), ("temporaryDirectories", "array"),
                             ("prependPathDirs", "array")):
            if member in info:
                info[member] = {"$any": kind}
    elif method == "environment/info":
        _match_shell(result)
    elif method == "environmentConfig/read":
        for member, kind in (("userHomeDir", "uri"), ("codexHomeDir", "uri"), ("hostname", "string")):
            result[member] = {"$any": kind}
    elif method == "fs/getMetadata":
        result["modifiedAtMs"] = {"$any": "integer"}
        if result["isDirectory"] and "size" in result:
            result["size"] = {"$any": "integer"}
    elif method == "process/terminate" and racing:
        result["running"] = {"$any": "boolean"}
    elif method == "process/read":
        result["chunks"] = _join_chunks(result["chunks"])
    elif method == "http/request":
        result["headers"] = [{**header, "value": {"$any": "string"}} if header["name"] in ("date", "server") else header
                             for header in result["headers"]]
    for member in ("dataBase64", "chunk"):
        if member in result:
            result[member] = pack_bytes(result[member])


def _join_chunks(chunks: list[JsonObject]) -> list[JsonObject]:
    joined: list[tuple[JsonObject, bytearray]] = []
    for chunk in chunks:
        if not joined or joined[-1][0]["stream"] != chunk["stream"]:
            joined.append((chunk, bytearray()))
        joined[-1][1].extend(base64.b64decode(chunk["chunk"]))
    return [{**first, "chunk": pack_bytes(base64.b64encode(data).decode())} for first, data in joined]


def join_outputs(lines: list[JsonObject]) -> list[JsonObject]:
    """Output notifications of one stream with nothing between them become one."""
    result: list[JsonObject] = []
    pending: list[JsonObject] = []

    def flush() -> None:
        if pending:
            first = pending[0]["recv"]
            chunk = _join_chunks([line["recv"]["params"] for line in pending])[0]["chunk"]
            result.append({**pending[0], "recv": {**first, "params": {**first["params"], "chunk": chunk}}})
            pending.clear()

    for line in lines:
        body = line.get("recv", {})
        if body.get("method") == "process/output":
            if pending and (pending[0]["conn"] != line["conn"] or any(
                    pending[0]["recv"]["params"][m] != body["params"][m] for m in ("processId", "stream"))):
                flush()
            pending.append(line)
        else:
            flush()
            result.append(line)
    flush()
    return result
