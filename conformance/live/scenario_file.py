"""Reads a scenario file (scenarios/NAME.toml; the format is in scenarios/README.md).

Why it exists: whoever wants the real codex CLI to try one thing more writes such a file, and no code.  Here it becomes
plain data; scenario_player.py plays it.
"""

from __future__ import annotations

import base64
import re
import tomllib
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.codex_cli import Version, parse_version
from live.scenario_step import Step, read_steps
from live.toml_table import BadScenario, TomlTable

FOLDER = Path(__file__).with_name("scenarios")
FILE_KINDS = ("file", "directory", "symlink", "packed", "executable")
_EVENTS = ("cut", "hold", "interrupt")
_NEEDS_FLAGS = ("tty", "tmux", "root", "network", "sandbox", "mcpServer")
_NEEDS_LISTS = ("methods", "capabilities", "programs", "absent")
_LONGEST_PLAIN_TEXT = 2000
Files = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Event:
    """Something that happens to the connection, or to codex, while a command runs."""

    do: str
    of: str
    when_output: str
    until_file: str | None
    until_matches: str


@dataclass(frozen=True)
class Wanted:
    """What must have come of the whole."""

    files: Files  # with the further kind "absent"
    requests: tuple[str, ...]
    no_requests: tuple[str, ...]
    counts: dict[str, int]
    model_request: tuple[str, ...]
    not_in_model_request: tuple[str, ...]
    ended: tuple[str, ...]  # captured pids that must be gone


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario as its file says it."""

    name: str
    description: str
    first: Version
    last: Version | None
    project: str
    connections: int
    record: bool
    record_reason: str
    needs: dict[str, Any]
    files: Files
    setup: tuple[dict[str, str], ...]
    own_server: bool
    server_home: Files
    settings: tuple[str, ...]
    sandbox: str
    codex_exits: tuple[int, ...]
    steps: tuple[Step, ...]
    events: tuple[Event, ...]
    wanted: Wanted
    output: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the name of a run step, as in meta.json
    awaits: tuple[str, ...] = ()

    @property
    def pids(self) -> dict[str, str]:
        """By the name of a run step: the regex of a number that differs in every run, as in meta.json."""
        return {step.name: pattern for step in self.steps for pattern in step.captures.values()}


def load(path: Path) -> ScenarioFile:
    """One file.  Raises BadScenario."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadScenario(f"{path.name}: not TOML: {error}") from error
    if not re.fullmatch("[a-z0-9_]+", path.stem):
        raise BadScenario(f"{path.name}: a file name of small letters, digits and _ is expected")
    return _scenario(path.stem, TomlTable(path, "", values))


def load_all(folder: Path = FOLDER) -> tuple[ScenarioFile, ...]:
    """All files of a folder, by name."""
    return tuple(load(path) for path in sorted(folder.glob("*.toml")))


def _scenario(name: str, top: TomlTable) -> ScenarioFile:
    codex, server = top.table("codex"), top.table("server")
    record = top.flag("record", True)
    steps = read_steps(top)
    runs = {step.name for step in steps if step.action == "run"}
    scenario = ScenarioFile(
        name=name, description=top.text("description"), first=_version(top, "first") or (0,), last=_version(top, "last"),
        project=top.text("project", "project"), connections=top.integer("connections", 1), record=record,
        record_reason=top.text("record_reason") if not record else top.text("record_reason", ""),
        needs=_needs(top.table("needs")), files=_files(top, "files", FILE_KINDS),
        setup=tuple(_setup_step(step) for step in top.tables("setup")), own_server="server" in top,
        server_home=_files(server, "home", FILE_KINDS), settings=codex.texts("settings"),
        sandbox=codex.one_of("sandbox", ("danger-full-access", "workspace-write", "read-only"), "danger-full-access"),
        codex_exits=codex.integers("exit") or (0,), steps=steps,
        events=tuple(_event(event, runs) for event in top.tables("event")),
        wanted=_wanted(top.table("expect"), {name for step in steps for name in step.captures}),
        output=_output_rules(top, runs), awaits=top.texts("awaits"))
    for table in (codex, server, top):
        table.finish()
    return scenario


def _version(top: TomlTable, key: str) -> Version | None:
    text = top.text(key, None)
    if text is not None and not re.fullmatch(r"\d+(\.\d+)*", text):
        raise top.error(key, f"a version such as 0.169.0 is expected, not {text!r}")
    return parse_version(text) if text else None


def _needs(table: TomlTable) -> dict[str, Any]:
    needs: dict[str, Any] = {key: list(table.texts(key)) for key in _NEEDS_LISTS}
    needs.update({key: table.flag(key) for key in _NEEDS_FLAGS})
    for path in needs["programs"] + needs["absent"]:
        if not path.startswith("/"):
            raise table.error("programs" if path in needs["programs"] else "absent", f"an absolute path is expected, not {path!r}")
    table.finish()
    return needs


def _setup_step(table: TomlTable) -> dict[str, str]:
    step = {"do": table.one_of("do", ("git-commit-all",)), "path": table.text("path")}
    table.finish()
    return step


def _files(parent: TomlTable, key: str, kinds: tuple[str, ...]) -> Files:
    table = parent.table(key)
    return {name: _entry(table, name, kinds) for name in parent.mapping(key)}


def _entry(table: TomlTable, name: str, kinds: tuple[str, ...]) -> dict[str, str]:
    """A file, in the form of files.json: {kind, text | target | zlib}."""
    if name.startswith("/") or ".." in name.split("/"):
        raise table.error(name, "a path below the run folder is expected")
    if table.is_text(name):
        return _content("file", table.text(name).encode())
    entry = table.table(name)
    kind = entry.one_of("kind", kinds)
    if kind == "symlink":
        made = {"kind": kind, "target": entry.text("target")}
    elif kind in ("directory", "absent"):
        made = {"kind": kind}
    elif kind == "packed" and "zlib" in entry:
        made = {"kind": kind, "zlib": entry.text("zlib")}
    elif "hex" in entry:
        made = _content(kind, entry.hexadecimal("hex"))
    else:
        made = _content(kind, entry.text("text").encode() * entry.integer("times", 1))
    entry.finish()
    return made


def _content(kind: str, content: bytes) -> dict[str, str]:
    """As text when that is short and UTF-8, else packed."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if kind == "executable" or (kind == "file" and (text or not content) and len(text) <= _LONGEST_PLAIN_TEXT):
        return {"kind": kind, "text": text}
    return {"kind": "packed", "zlib": base64.b64encode(zlib.compress(content, 9)).decode()}


def _event(table: TomlTable, runs: set[str]) -> Event:
    event = Event(table.one_of("do", _EVENTS), table.text("of"), table.expression("when_output", ""),
                  table.text("until_file", None), table.expression("until_matches", ""))
    if event.of not in runs:
        raise table.error("of", f"the name of a run step is expected, not {event.of!r}")
    if not event.when_output:
        raise table.error("when_output", "a regular expression is expected")
    if (event.do == "hold") != (event.until_file is not None):
        raise table.error("until_file", "a file is expected with do = \"hold\", and only there")
    table.finish()
    return event


def _wanted(table: TomlTable, captured: set[str]) -> Wanted:
    counts = table.mapping("request_counts")
    wanted = Wanted(_files(table, "files", (*FILE_KINDS, "absent")), table.texts("requests"), table.texts("no_requests"),
                    {method: table.table("request_counts").integer(method) for method in counts},
                    table.texts("model_request"), table.texts("not_in_model_request"), table.texts("ended"))
    for name in wanted.ended:
        if name not in captured:
            raise table.error("ended", f"{name!r} is not captured by any step")
    table.finish()
    return wanted


def _output_rules(top: TomlTable, runs: set[str]) -> dict[str, dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for name in top.mapping("output"):
        if name not in runs:
            raise top.error(f"output.{name}", "not the name of a run step")
        table = top.table("output").table(name)
        rules[name] = {"lines": list(table.texts("lines")), "exact": table.flag("exact")}
        table.finish()
    return rules
