"""Turns captures (one JSON object per message, see README.md) into cases of this suite.

Exists to make the recordings portable: what depends on the recording machine or on the clock becomes
a matcher, long output is stored packed, and what a case needs is derived from what its client sent.
"""
from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

from replay.case import pack_bytes
from replay.deviations import possible_in
from capture.fixtures_table import AWAITS, DESCRIPTIONS, DIRECT, FILES, OUTPUT_LINES, SERVER_HOME, SETUP

Message = dict[str, Any]
ABSENT = "/tmp/ws/absent"


def move_probe(path: str) -> str:
    """The recorder rewrote every folder above the run folder to /tmp or /tmp/ws; whatever was looked
    for there was absent, so it is looked for below a folder that never exists."""
    prefix, bare = ("file://", path[7:]) if path.startswith("file://") else ("", path)
    if bare == "/tmp/ws":
        return f"{prefix}{ABSENT}/.git"
    if bare.startswith("/tmp/") and not bare.startswith("/tmp/ws/"):
        return f"{prefix}{ABSENT}/{bare[5:]}"
    return path


def convert_request(message: Message, sessions: dict[str, str], name: str) -> Message:
    params = message.get("params", {})
    method = message.get("method")
    if method == "fs/getMetadata":
        params["path"] = move_probe(params["path"])
    elif method == "fs/watchMissing":
        params["missing"] = [move_probe(path) for path in params["missing"]]
    elif method == "initialize" and params.get("resumeSessionId") in sessions:
        params["resumeSessionId"] = {"$bound": sessions[params["resumeSessionId"]]}
    elif method == "process/start" and "envPolicy" not in params:
        # The recorder thinned the map; without a policy it is all the child gets.
        params["env"].update(OUTPUT_LINES.get(name, {}).get("restore", {}))
    for field in ("chunk", "dataBase64", "bodyBase64"):
        if params.get(field) is not None:
            params[field] = pack_bytes(params[field])
    return message


def convert_reply(request: Message, message: Message, sessions: dict[str, str], racing: bool) -> Message:
    result = message.get("result")
    if not isinstance(result, dict):
        return message
    method = request["method"]
    if method == "initialize":
        number = len(sessions) + 1
        name = sessions.setdefault(result["sessionId"], "session" if number == 1 else f"session-{number}")
        result["sessionId"] = {"$bind": name}
        info = result.get("environmentInfo", {})
        for member, kind in (("executorVersion", "string"), ("providerId", "string"), ("cwd", "uri"),
                             ("userHomeDir", "uri"), ("tempDir", "uri"), ("temporaryDirectories", "array"),
                             ("prependPathDirs", "array")):
            if member in info:
                info[member] = {"$any": kind}
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
        result["chunks"] = join_chunks(result["chunks"])
    elif method == "http/request":
        result["headers"] = [{**header, "value": {"$any": "string"}} if header["name"] in ("date", "server") else header
                             for header in result["headers"]]
    for field in ("dataBase64", "chunk"):
        if field in result:
            result[field] = pack_bytes(result[field])
    return message


def join_chunks(chunks: list[Message]) -> list[Message]:
    joined: list[tuple[Message, bytearray]] = []
    for chunk in chunks:
        if not joined or joined[-1][0]["stream"] != chunk["stream"]:
            joined.append((chunk, bytearray()))
        joined[-1][1].extend(base64.b64decode(chunk["chunk"]))
    return [{**first, "chunk": pack_bytes(base64.b64encode(data).decode())} for first, data in joined]


def join_outputs(lines: list[Message]) -> list[Message]:
    """Output notifications of one stream with nothing between them become one."""
    result: list[Message] = []
    pending: list[Message] = []

    def flush() -> None:
        if pending:
            first = pending[0]["recv"]
            chunk = join_chunks([line["recv"]["params"] for line in pending])[0]["chunk"]
            result.append({**pending[0], "recv": {**first, "params": {**first["params"], "chunk": chunk}}})
            pending.clear()

    for line in lines:
        body = line.get("recv", {})
        if body.get("method") == "process/output":
            if pending and any(pending[0]["recv"]["params"][m] != body["params"][m] for m in ("processId", "stream")):
                flush()
            pending.append(line)
        else:
            flush()
            result.append(line)
    flush()
    return result


def convert_session(capture: Path) -> list[Message]:
    lines: list[Message] = []
    requests: dict[tuple[int, int], Message] = {}
    terminated: dict[str, bool] = {}
    sessions: dict[str, str] = {}  # what they are called, by id
    racing: set[tuple[int, int]] = set()
    open_conns: set[int] = set()
    for text in capture.read_text(encoding="utf-8").splitlines():
        entry = json.loads(text)
        conn = entry["conn"]
        if entry.get("ev") == "open":
            token = {"headers": {"Authorization": "Bearer recorded"}} if "authorization" in entry["headers"] else {}
            lines.append({"conn": conn, "open": token})
            open_conns.add(conn)
        elif entry.get("ev") in ("close", "dropped_by_proxy") and conn in open_conns:
            lines.append({"conn": conn, "drop": "by the network" if entry["ev"] != "close" else "by the client"})
            open_conns.discard(conn)
        elif entry.get("dir") == "c2s":
            message = json.loads(entry["text"])
            key = (conn, message.get("id"))
            if message.get("method") == "process/terminate":
                process = message["params"]["processId"]
                # Two terminates while the end was not yet notified: the second may see either state.
                if terminated.get(process) is False:
                    racing.add(key)
                terminated.setdefault(process, False)
            if "id" in message:
                requests[key] = message
            lines.append({"conn": conn, "send": convert_request(message, sessions, capture.stem)})
        elif entry.get("dir") == "s2c":
            message = json.loads(entry["text"])
            if "id" in message:
                key = (conn, message["id"])
                message = convert_reply(requests[key], message, sessions, key in racing)
            elif message["method"] == "process/exited":
                terminated[message["params"]["processId"]] = True
            elif message["method"] == "http/request/bodyDelta":
                message["params"]["deltaBase64"] = pack_bytes(message["params"]["deltaBase64"])
            lines.append({"conn": conn, "recv": message})
    for left in sorted(open_conns):
        lines.append({"conn": left, "drop": "by the client"})
    return join_outputs(lines)


# What a server may leave out as a whole; a session that uses one of these is then not offered.
METHODS_BEYOND_THE_CORE = ("fs/walk", "fs/open", "http/request", "capabilities/discoverV2")


def needs_of(lines: list[Message], name: str) -> Message:
    needs: Message = {"methods": [], "capabilities": list(DIRECT.get(name, [])), "programs": [], "absent": [],
                      "tty": False, "sandbox": False}
    for line in lines:
        body = line.get("send", {})
        params = body.get("params", {})
        for path in (params.get("path"), *params.get("missing", [])):
            bare = (path or "").replace("file://", "")
            if bare and not bare.startswith(("/tmp/", "/home/executor/")) and bare not in needs["absent"]:
                needs["absent"].append(bare)
        if body.get("method") in METHODS_BEYOND_THE_CORE and body["method"] not in needs["methods"]:
            needs["methods"].append(body["method"])
        if str(params.get("url", "")).startswith("http://mcp.test"):
            needs["mcpServer"] = True
        if body.get("method") != "process/start":
            continue
        program = params["argv"][0]
        if program.startswith(("/tmp/ws/", "/opt/codex/")) and program not in needs["programs"]:
            needs["programs"].append(program)
            needs["sandbox"] = True
        needs["tty"] = needs["tty"] or params["tty"]
        needs["sandbox"] = needs["sandbox"] or bool(params.get("sandbox"))
        if "shellSnapshot" in params and "shellSnapshotV2" not in needs["capabilities"]:
            needs["capabilities"].append("shellSnapshotV2")
    return needs


def output_rules(lines: list[Message], name: str) -> Message:
    """How to compare output that shows the environment of the machine: by lines."""
    rules: Message = {}
    if name not in OUTPUT_LINES:
        return rules
    for line in lines:
        body = line.get("send", {})
        if body.get("method") == "process/start":
            params = body["params"]
            given = {**(params.get("envPolicy") or {}).get("set", {}), **params["env"]}
            machine = OUTPUT_LINES[name]["machine"]
            wanted = [f"{key}={value}" for key, value in sorted(given.items()) if key not in machine]
            rules[params["processId"]] = {"lines": list(dict.fromkeys([*OUTPUT_LINES[name]["lines"], *wanted])),
                                          "exact": OUTPUT_LINES[name]["exact"]}
    return rules


def convert(capture: Path, version: str, target: Path) -> None:
    lines = convert_session(capture)
    meta: Message = {"client": f"codex {version}", "server": f"codex exec-server {version}",
                     "description": DESCRIPTIONS.get(capture.stem, capture.stem),
                     "needs": needs_of(lines, capture.stem), "allow": possible_in(lines)}
    rules = output_rules(lines, capture.stem)
    if rules:
        meta["output"] = rules
    for member, table in (("serverHome", SERVER_HOME), ("awaits", AWAITS)):
        if capture.stem in table:
            meta[member] = table[capture.stem]
    if capture.stem in SETUP:
        meta["setup"] = SETUP[capture.stem]
    target.mkdir(parents=True, exist_ok=True)
    body = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    (target / "session.jsonl").write_text(body, encoding="utf-8")
    (target / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if capture.stem in FILES:
        (target / "files.json").write_text(json.dumps(FILES[capture.stem], ensure_ascii=False, indent=2) + "\n",
                                           encoding="utf-8")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("captures", type=Path, help="folder VERSION/CASE.jsonl")
    parser.add_argument("sessions", type=Path, help="where the cases go")


def main(arguments: argparse.Namespace) -> int:
    """Converts all captures of a folder; the exit code."""
    captures = sorted(arguments.captures.glob("*/*.jsonl"))
    for capture in captures:
        version = capture.parent.name
        convert(capture, version, arguments.sessions / version / capture.stem)
    print(f"{len(captures)} cases written")
    return 0
