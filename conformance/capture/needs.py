"""What a case needs of a server and of a machine, by what was said.

Data and rules in one place: a new method changes this file, and no other here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from capture.capture_file import JsonObject
from replay.compare import CAPABILITY_OF_METHOD
from replay.placeholders import RECORDED_HOME, RECORDED_MCP, RECORDED_ROOT

# What a server may leave out as a whole; a session that uses one of these is then not offered.
METHODS_BEYOND_THE_CORE = ("fs/walk", "fs/open", "http/request", "capabilities/discoverV2")
LISTS = ("methods", "capabilities", "programs", "absent")
FLAGS = ("tty", "tmux", "root", "network", "sandbox")
_ON_THIS_MACHINE = (RECORDED_MCP, "http://127.0.0.1", "http://localhost", "http://[::1]")


def needs_of(lines: list[JsonObject], known: Mapping[str, Any], files: Collection[str]) -> JsonObject:
    """The `needs` of meta.json; `known` is what the scenario, or the case as it was, says beyond the messages."""
    needs: JsonObject = {**{name: [] for name in LISTS}, **dict.fromkeys(FLAGS, False)}
    answered = {(line["conn"], line["recv"]["id"]) for line in lines if "result" in line.get("recv", {})}
    methods = {line["send"].get("method") for line in lines if "send" in line}
    _add(needs["capabilities"], *(capability for capability in known.get("capabilities", ())
                                  if _is_used(capability, methods)))
    for line in lines:
        body = line.get("send", {})
        params = body.get("params") if isinstance(body.get("params"), dict) else {}
        if (line["conn"], body.get("id")) not in answered or body.get("method") == "fs/watchMissing":
            _add(needs["absent"], *filter(_is_elsewhere, map(_bare, (params.get("path"), *params.get("missing", [])))))
        if body.get("method") in METHODS_BEYOND_THE_CORE:
            _add(needs["methods"], body["method"])
        url = str(params.get("url", ""))
        if url.startswith(RECORDED_MCP):
            needs["mcpServer"] = True
        elif url and not url.startswith(_ON_THIS_MACHINE):
            needs["network"] = True
        if body.get("method") == "process/start":
            _note_start(params, needs, files if (line["conn"], body.get("id")) in answered else None)
    _add(needs["methods"], *(method for method in known.get("methods", ()) if method in methods))
    for name in ("programs", "absent"):
        _add(needs[name], *known.get(name, ()))
    for flag in FLAGS:
        needs[flag] = needs[flag] or bool(known.get(flag))
    return needs


def _note_start(params: JsonObject, needs: JsonObject, files: Collection[str] | None) -> None:
    """`files` are those of the case; None: nothing was started."""
    program = params["argv"][0]
    is_own = program.startswith((f"{RECORDED_ROOT}/", "/opt/codex/"))
    if is_own and files is not None and program.removeprefix(f"{RECORDED_ROOT}/") not in files:
        _add(needs["programs"], program)
        needs["sandbox"] = True
    needs["tty"] = needs["tty"] or params["tty"]
    needs["tmux"] = needs["tmux"] or any(re.search(r"\btmux\b", word) for word in params["argv"])
    needs["sandbox"] = needs["sandbox"] or bool(params.get("sandbox"))
    if "shellSnapshot" in params:
        _add(needs["capabilities"], "shellSnapshotV2")


def _is_used(capability: str, methods: Collection[str | None]) -> bool:
    """A session that calls none of the methods of a capability does not need it, whatever its scenario is about."""
    own = [method for method, flag in CAPABILITY_OF_METHOD.items() if flag == capability]
    return not own or any(method in methods for method in own)


def _bare(path: str | None) -> str:
    return (path or "").replace("file://", "")


def _is_elsewhere(path: str) -> bool:
    return bool(path) and not path.startswith(("/tmp/", f"{RECORDED_HOME}/"))


def _add(names: list[str], *new: str) -> None:
    names.extend(name for name in dict.fromkeys(new) if name not in names)
