"""Loads one recorded session from its folder.

Exists so that everything else works on typed frames and never on the file format; the format is
described in README.md. Adding a case means adding a folder, no code.
"""
from __future__ import annotations

import base64
import fnmatch
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

OPEN, SEND, RECV, DROP = "open", "send", "recv", "drop"
KINDS = (OPEN, SEND, RECV, DROP)
DEVIATIONS = ("capability-flags", "server-identity", "created-at", "exit-code-128", "read-directory",
              "method-not-offered", "event-order")


class BadCase(Exception):
    """The folder does not hold a usable case."""


@dataclass(frozen=True)
class Frame:
    """One line of session.jsonl; `number` is its line number."""

    number: int
    conn: int
    kind: str
    body: Any


@dataclass(frozen=True)
class Needs:
    methods: tuple[str, ...]
    capabilities: tuple[str, ...]
    programs: tuple[str, ...]
    absent: tuple[str, ...]
    tty: bool
    sandbox: bool
    mcp_server: bool


@dataclass(frozen=True)
class Case:
    folder: Path
    version: str
    name: str
    frames: tuple[Frame, ...]
    needs: Needs
    allow: frozenset[str]
    output: dict[str, dict[str, Any]]
    setup: tuple[dict[str, Any], ...]
    files: dict[str, dict[str, str]]
    server_home: dict[str, dict[str, str]]  # what the server finds in its home
    awaits: frozenset[str]  # notifications that are hints elsewhere, and must come here

    @property
    def label(self) -> str:
        return f"{self.version}/{self.name}"

    def requests(self) -> Iterator[dict[str, Any]]:
        for frame in self.frames:
            if frame.kind == SEND and "id" in frame.body:
                yield frame.body

    def uses_uris(self) -> bool:
        """Which of the two path spellings this client uses."""
        return any(str(r["params"].get("cwd", r["params"].get("path", ""))).startswith("file:")
                   for r in self.requests() if isinstance(r.get("params"), dict))


def pack_bytes(text: str) -> Any:
    """Long base64 text as {"$zlib": …} when that is shorter, else unchanged."""
    if len(text) < 512:
        return text
    packed = base64.b64encode(zlib.compress(base64.b64decode(text), 9)).decode()
    return {"$zlib": packed} if len(packed) < len(text) else text


def unpack(value: Any) -> Any:
    """Undoes pack_bytes anywhere inside a message."""
    if isinstance(value, dict):
        if set(value) == {"$zlib"}:
            return base64.b64encode(zlib.decompress(base64.b64decode(value["$zlib"]))).decode()
        return {key: unpack(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpack(inner) for inner in value]
    return value


def load_frames(path: Path) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        kinds = [kind for kind in KINDS if kind in entry]
        if len(kinds) != 1:
            raise BadCase(f"{path}:{number}: one of {', '.join(KINDS)} is expected")
        frames.append(Frame(number, int(entry["conn"]), kinds[0], unpack(entry[kinds[0]])))
    if not frames:
        raise BadCase(f"{path}: empty session")
    return tuple(frames)


def load_case(folder: Path) -> Case:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    needs = meta.get("needs", {})
    unknown = set(meta.get("allow", [])) - set(DEVIATIONS)
    if unknown:
        raise BadCase(f"{folder}: unknown deviation ids {sorted(unknown)}")
    manifest = folder / "files.json"
    files = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {"project": {"kind": "directory"}}
    return Case(
        folder=folder, version=folder.parent.name, name=folder.name,
        frames=load_frames(folder / "session.jsonl"),
        needs=Needs(tuple(needs.get("methods", [])), tuple(needs.get("capabilities", [])),
                    tuple(needs.get("programs", [])), tuple(needs.get("absent", [])),
                    bool(needs.get("tty")), bool(needs.get("sandbox")), bool(needs.get("mcpServer"))),
        allow=frozenset(meta.get("allow", [])), output=meta.get("output", {}),
        setup=tuple(meta.get("setup", [])), files=files, server_home=meta.get("serverHome", {}),
        awaits=frozenset(meta.get("awaits", [])))


def find_cases(sessions: Path, version: str | None, pattern: str) -> list[Path]:
    found = sorted(path.parent for path in sessions.glob("*/*/meta.json"))
    return [folder for folder in found
            if (version is None or folder.parent.name == version)
            and (fnmatch.fnmatchcase(folder.name, pattern)
                 or fnmatch.fnmatchcase(f"{folder.parent.name}/{folder.name}", pattern))]
