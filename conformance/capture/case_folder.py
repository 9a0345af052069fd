"""Makes the folder of a case: session.jsonl, meta.json, files.json.

Exists to keep what people wrote: what a capture cannot tell (description, output rules, files …) stays as it is in a
folder that is there already, and otherwise comes from what the scenario said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capture.capture_file import Capture, JsonObject, Unconvertible
from capture.facts import WRITTEN
from capture.needs import FLAGS, LISTS, needs_of
from capture.recorder import json_line
from capture.session import convert_session
from capture.spelling import spelling_of
from replay.deviations import possible_in

LONGEST_CASE = 1_000_000  # characters of all files, packed; more is too much for a repository
_OPTIONAL = ("output", "serverHome", "awaits", "setup", "pids")
_BY_PROCESS = ("output", "pids")


def write_case(capture: Capture, target: Path) -> None:
    """Writes the case, over one that is there.  Raises Unconvertible, and then has written nothing."""
    if capture.verdict is not None and capture.verdict["word"] != "PASS":
        raise Unconvertible(f"its scenario did not pass: {capture.verdict['word']} {capture.verdict['reason']}".strip())
    if capture.header is not None and capture.header.get("root") is None:
        raise Unconvertible('its header names no "root": the paths of the recording machine cannot be told apart')
    spelling = spelling_of(capture)
    lines = convert_session(capture, spelling)
    before = _read_json(target / "meta.json")
    if capture.header is None:
        _complete_environments(lines, target / "session.jsonl")
    files = _read_json(target / "files.json") or capture.case.get("files") or {}
    if left := spelling.left_over([files, capture.case]):
        raise Unconvertible(f"its files name {left!r}, a path of the recording machine")
    meta = _meta(capture, lines, before, files)
    texts = {"session.jsonl": "".join(map(json_line, lines)), "meta.json": _pretty(meta)}
    if files:
        texts["files.json"] = _pretty(files)
    size = sum(map(len, texts.values()))
    if size > LONGEST_CASE:
        raise Unconvertible(f"{size} characters of text, more than {LONGEST_CASE}")
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")


def _meta(capture: Capture, lines: list[JsonObject], before: JsonObject, files: Mapping[str, Any]) -> JsonObject:
    header = capture.header or {}
    processes = {line["send"]["params"]["processId"] for line in lines
                 if line.get("send", {}).get("method") == "process/start"}
    said = {**capture.case, **{member: _by_process(member, capture, processes)
                               for member in _BY_PROCESS if member in capture.case}}
    kept = {member: before[member] for member in WRITTEN if member in before
            and (member not in _BY_PROCESS or set(before[member]) <= processes)}
    written = {**{member: said[member] for member in WRITTEN if member in said}, **kept}
    known = _known_needs(before.get("needs", {}), capture.case.get("needs", {}))
    meta: JsonObject = {
        "client": header.get("client") or before.get("client") or f"codex {capture.version}",
        "server": header.get("server") or before.get("server") or f"codex exec-server {capture.version}"}
    if recorded := header.get("date") or before.get("recorded"):
        meta["recorded"] = recorded
    meta["description"] = written.get("description", capture.name)
    meta["needs"] = needs_of(lines, known, files)
    meta["allow"] = possible_in(lines)
    meta.update({member: written[member] for member in _OPTIONAL if written.get(member)})
    return meta


def _known_needs(*sources: Mapping[str, Any]) -> JsonObject:
    """What is not seen in messages: what a case is about, and what people say about the machine."""
    known: JsonObject = {flag: any(source.get(flag) for source in sources) for flag in FLAGS}
    known.update({name: [one for source in sources for one in source.get(name, [])] for name in LISTS})
    return known


def _by_process(member: str, capture: Capture, processes: set[str]) -> JsonObject:
    """Scenarios have names of their own for processes; what is compared is named by processId.

    A process that went to another server is not in this session."""
    ids = (capture.verdict or {}).get("processes", {})
    unknown = capture.case[member].keys() - ids.keys()
    if unknown:
        raise Unconvertible(f"{member} of the scenario is about {', '.join(sorted(unknown))}, which was never started")
    return {ids[name]: rule for name, rule in capture.case[member].items() if ids[name] in processes}


def _complete_environments(lines: list[JsonObject], before: Path) -> None:
    """The first recorder thinned the environments in its captures; what people put back stays."""
    if not before.exists():
        return
    known: dict[str, JsonObject] = {}
    for text in before.read_text(encoding="utf-8").split("\n"):
        body = json.loads(text).get("send", {}) if text else {}
        if body.get("method") == "process/start":
            known[body["params"]["processId"]] = body["params"]["env"]
    for line in lines:
        body = line.get("send", {})
        if body.get("method") == "process/start" and "envPolicy" not in body["params"]:
            body["params"]["env"].update(known.get(body["params"]["processId"], {}))


def _read_json(path: Path) -> JsonObject:
    if not path.exists():
        return {}
    content: JsonObject = json.loads(path.read_text(encoding="utf-8"))
    return content


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
