"""Reads meta.json and files.json of a case and checks every key.

Exists so that a slip in a case (a misspelled key, an unknown id) is told with its place and never tolerated.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from replay.deviations import DEVIATIONS

Tree = dict[str, dict[str, str]]
HINTS = ("fs/missingChanged",)  # notifications a case may insist on
CONTENT_OF_KIND = {"file": "text", "executable": "text", "packed": "zlib", "symlink": "target", "directory": ""}
DEFAULT_FILES: Tree = {"project": {"kind": "directory"}}


class BadCase(Exception):
    """The folder does not hold a usable case."""


@dataclass(frozen=True)
class Needs:
    """What a case cannot do without."""

    methods: tuple[str, ...]
    capabilities: tuple[str, ...]
    programs: tuple[str, ...]  # names in PATH, or paths that must exist
    absent: tuple[str, ...]  # paths that must not
    tty: bool
    tmux: bool
    root: bool
    network: bool
    sandbox: bool
    mcp_server: bool


@dataclass(frozen=True)
class Meta:
    """meta.json."""

    client: str
    server: str  # the recorded one
    description: str
    needs: Needs
    allow: frozenset[str]
    output: dict[str, dict[str, Any]]
    setup: tuple[dict[str, Any], ...]
    server_home: Tree  # what the server finds in its home
    awaits: frozenset[str]  # notifications that are hints elsewhere, and must come here
    pids: dict[str, re.Pattern[str]]  # process -> where its output tells a number that other messages use


class _Members:
    """An object of which every member is taken once; what is left over is a mistake."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise BadCase(f"{place}: an object is expected")
        self.place = place
        self._left = dict(value)

    def take(self, name: str, what: str, is_right: Callable[[Any], bool], default: Any = None) -> Any:
        """The value of a member; without a default it must be there."""
        if name not in self._left and default is not None:
            return default
        if name not in self._left:
            raise BadCase(f"{self.place}: {name} is missing ({what})")
        value = self._left.pop(name)
        if not is_right(value):
            raise BadCase(f"{self.place}: {name}: {what} is expected, not {json.dumps(value, ensure_ascii=False)[:80]}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        return str(self.take(name, "a string", lambda value: isinstance(value, str) and value != "", default))

    def flag(self, name: str) -> bool:
        return bool(self.take(name, "true or false", lambda value: isinstance(value, bool), False))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self.take(name, "an array of strings", lambda value: isinstance(value, list) and all(
            isinstance(item, str) for item in value), []))

    def end(self) -> None:
        if self._left:
            raise BadCase(f"{self.place}: unknown key {', '.join(sorted(self._left))}")


def read_meta(path: Path) -> Meta:
    """Reads meta.json.  Raises BadCase."""
    members = _Members(read_json(path), path.name)
    members.text("recorded", "unknown")
    meta = Meta(
        client=members.text("client"), server=members.text("server"), description=members.text("description"),
        needs=_needs(members), allow=_ids(members), output=_output(members), setup=_setup(members),
        server_home=check_tree(members.take("serverHome", "an object", _is_object, {}), f"{path.name}: serverHome"),
        awaits=_awaits(members), pids=_pids(members))
    members.end()
    return meta


def read_files(path: Path) -> Tree:
    """Reads files.json; without it there is an empty project folder.  Raises BadCase."""
    return check_tree(read_json(path), path.name) if path.exists() else DEFAULT_FILES


def read_json(path: Path) -> Any:
    """The content of a JSON file.  Raises BadCase."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadCase(f"{path.name} is missing") from error
    except (OSError, ValueError) as error:
        raise BadCase(f"{path.name}: {error}") from error


def check_tree(tree: Any, place: str) -> Tree:
    """A tree of files as in files.json.  Raises BadCase."""
    if not isinstance(tree, dict):
        raise BadCase(f"{place}: an object is expected")
    for name, value in tree.items():
        if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BadCase(f"{place}: {name!r}: a path below the run folder is expected")
        entry = _Members(value, f"{place}: {name}")
        content = CONTENT_OF_KIND[entry.take("kind", f"one of {', '.join(CONTENT_OF_KIND)}",
                                             lambda kind: isinstance(kind, str) and kind in CONTENT_OF_KIND)]
        if content:
            entry.take(content, "a string", lambda text: isinstance(text, str))
        entry.end()
    return tree


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _needs(members: _Members) -> Needs:
    needs = _Members(members.take("needs", "an object", _is_object, {}), f"{members.place}: needs")
    found = Needs(methods=needs.texts("methods"), capabilities=needs.texts("capabilities"),
                  programs=needs.texts("programs"), absent=needs.texts("absent"), tty=needs.flag("tty"),
                  tmux=needs.flag("tmux"), root=needs.flag("root"), network=needs.flag("network"),
                  sandbox=needs.flag("sandbox"), mcp_server=needs.flag("mcpServer"))
    needs.end()
    return found


def _ids(members: _Members) -> frozenset[str]:
    ids = frozenset(members.texts("allow"))
    if unknown := sorted(ids - set(DEVIATIONS)):
        raise BadCase(f"{members.place}: allow: no such deviation: {', '.join(unknown)} "
                      f"(there are {', '.join(DEVIATIONS)})")
    return ids


def _awaits(members: _Members) -> frozenset[str]:
    awaits = frozenset(members.texts("awaits"))
    if not awaits <= set(HINTS):
        raise BadCase(f"{members.place}: awaits: only {', '.join(HINTS)} may be awaited; all others always are")
    return awaits


def _output(members: _Members) -> dict[str, dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = members.take("output", "an object", _is_object, {})
    for name, value in rules.items():
        rule = _Members(value, f"{members.place}: output: {name}")
        rule.texts("lines")
        rule.flag("exact")
        rule.end()
        rules[name] = {"lines": [], "exact": False, **value}
    return rules


def _setup(members: _Members) -> tuple[dict[str, Any], ...]:
    steps = members.take("setup", "an array of objects", lambda value: isinstance(value, list) and all(
        _is_object(item) for item in value), [])
    for number, value in enumerate(steps):
        step = _Members(value, f"{members.place}: setup: {number}")
        step.take("do", '"git-commit-all"', lambda word: word == "git-commit-all")
        step.text("path")
        step.end()
    return tuple(steps)


def _pids(members: _Members) -> dict[str, re.Pattern[str]]:
    patterns = {}
    for name, text in members.take("pids", "an object", _is_object, {}).items():
        place = f"{members.place}: pids: {name}"
        try:
            patterns[name] = re.compile(text)
        except (re.error, TypeError) as error:
            raise BadCase(f"{place}: no regular expression: {error}") from error
        if patterns[name].groups != 1:
            raise BadCase(f"{place}: a regular expression with one group is expected")
    return patterns
