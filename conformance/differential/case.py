"""What a case is made of: steps, and the differences that a named deviation explains.

Everything here is data. A case says nothing about the reply: that is what the reference server is for.
Strings may hold placeholders, filled in for each server by itself: `$tree` (the fixture tree, for reading),
`$scratch` (a folder of this case alone), `$http` (host and port of the test's own HTTP server), `$project` (a project
the server trusts), `$root` (the folder around all of these) and `$session.NAME` (the session id of the
connection NAME).
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


class _Absent:
    """Nothing there, where None would mean JSON's null."""

    def __repr__(self) -> str:
        return "(absent)"


@dataclass(frozen=True)
class Kind:
    """Stands for any value of a kind in a pattern."""

    type: type


@dataclass(frozen=True)
class Like:
    """Stands for any text that a glob matches."""

    glob: str


ABSENT = _Absent()
ANY, TEXT, NUMBER = Kind(object), Kind(str), Kind(int)
RESULT, FAULT = {"result": ANY}, {"error": {"code": NUMBER, "message": TEXT}}

FULL, INITIALIZED, BARE = "full", "initialize only", "no handshake"


@dataclass(frozen=True)
class Allow:
    """One difference that is meant: its deviation's id, the places it covers, what paned says there.

    `at` is a glob over places such as `1.reply.error.message` (step 1); `own` is a pattern: objects may
    have more members than it names, `ANY`, `TEXT` and `NUMBER` stand for values.
    """

    deviation: str
    at: str
    own: Any = ANY


POSITIONAL = Allow("positional-params", "0.reply.error.message", Like("invalid type: sequence, expected struct *"))


@dataclass(frozen=True)
class Call:
    """A request, and its reply."""

    method: str
    params: Any = ABSENT
    on: str = "a"
    seconds: float = 10.0


@dataclass(frozen=True)
class Begin:
    """A request whose reply is taken later, by `Finish` with the same label."""

    label: str
    method: str
    params: Any = ABSENT
    on: str = "a"


@dataclass(frozen=True)
class Finish:
    """The reply to a request that `Begin` sent."""

    label: str
    seconds: float = 10.0


@dataclass(frozen=True)
class Frame:
    """A message as it is (text, or bytes for a binary one, or a list of fragments), and what it brings.

    A harmless request is sent behind it: what comes before that one's answer, and `replies` messages at
    least, is what the frame brought.
    """

    data: Any
    on: str = "a"
    replies: int = 0
    opcode: int | None = None  # sends the bytes in one frame of this kind


@dataclass(frozen=True)
class Note:
    """The next notification of a method; with `never`, that none comes within `seconds`."""

    method: str
    on: str = "a"
    seconds: float = 10.0
    never: bool = False


@dataclass(frozen=True)
class Stream:
    """All bodyDelta notifications of one streamed request, up to the last one, joined."""

    request: str
    on: str = "a"
    seconds: float = 10.0


@dataclass(frozen=True)
class Collect:
    """What a process says until it is closed; `exact`: every notification as it came."""

    process: str
    on: str = "a"
    exact: bool = False
    seconds: float = 10.0


@dataclass(frozen=True)
class Until:
    """Waits until the output of a process holds a text: so that what follows finds it there."""

    process: str
    text: str
    on: str = "a"
    seconds: float = 10.0


@dataclass(frozen=True)
class Connect:
    """A further connection."""

    on: str
    handshake: str = FULL
    resume: str | None = None


@dataclass(frozen=True)
class Drop:
    """Ends a connection without a Close frame."""

    on: str = "a"


@dataclass(frozen=True)
class Do:
    """A change to the files: the name of a function of fixture.py, and its arguments."""

    action: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Look:
    """What lies at a path now."""

    path: str


@dataclass(frozen=True)
class Pause:
    """Lets time pass; for what only shows by its absence."""

    seconds: float


@dataclass(frozen=True)
class Http:
    """Bytes sent to the listener as they are, and the answer's head and body."""

    data: str | bytes
    seconds: float = 5.0


@dataclass(frozen=True)
class Case:
    """A name, steps, and the differences that are meant."""

    name: str
    steps: tuple[Any, ...]
    allow: tuple[Allow, ...] = ()
    handshake: str = FULL

    @property
    def calls(self) -> int:
        """How many messages it sends."""
        return sum(isinstance(step, (Call, Begin, Frame, Http)) for step in self.steps)


def case(name: str, *steps: Any, allow: Any = (), handshake: str = FULL) -> Case:
    """A case; `allow` may be one Allow."""
    return Case(name, steps, (allow,) if isinstance(allow, Allow) else tuple(allow), handshake)


def single(method: str, table: dict[str, Any], base: dict[str, Any] | None = None,
           allow: dict[str, Any] | None = None, **options: Any) -> list[Case]:
    """One case of one call for each row: its name, and the params (members that differ from `base`)."""
    allowed = allow or {}
    unknown = set(allowed) - set(table)
    assert not unknown, f"{method}: no such rows: {unknown}"
    return [case(f"{method} {name}", Call(method, _merged(base, params)), allow=allowed.get(name, ()), **options)
            for name, params in table.items()]


def _merged(base: dict[str, Any] | None, params: Any) -> Any:
    if base is None or not isinstance(params, dict):
        return params
    return {name: value for name, value in {**base, **params}.items() if value is not ABSENT}


KINDS: dict[str, tuple[str, Any]] = {
    "null": ("null", None), "bool": ("bool", True), "number": ("number", 7), "negative": ("number", -1),
    "fraction": ("number", 1.5), "huge": ("number", 2 ** 64), "string": ("string", "x"), "array": ("array", []),
    "object": ("object", {})}


def shapes(method: str, base: dict[str, Any], members: dict[str, str], allow: dict[str, Any] | None = None,
           inside: tuple[str, ...] = ()) -> list[Case]:
    """Every member with every wrong kind of value, and left out; params of the wrong kind; an unknown member.

    `members` names the kinds that fit, separated by blanks: values of these are not tried. `inside`: the
    members belong to an object that lies there in `base`.
    """
    place = "".join(f"{name}." for name in inside)
    table: dict[str, Any] = {}
    if not inside:
        table = {"without params": ABSENT, "unknown member": {**base, "unheardOf": {"a": [1]}}}
        table |= {f"params {kind}": value for kind, (_, value) in KINDS.items() if kind not in ("negative", "huge")}
    for member, fits in members.items():
        for kind, (family, value) in KINDS.items():
            if family not in fits.split():
                table[f"{place}{member}={kind}"] = _replaced(base, (*inside, member), value)
        table[f"{place}{member} missing"] = _replaced(base, (*inside, member), ABSENT)
    allowed = ({} if inside else {"params array": POSITIONAL}) | (allow or {})
    unknown = set(allowed) - set(table)
    assert not unknown, f"{method}: no such rows: {unknown}"
    return [case(f"{method} shape: {name}", Call(method, params), allow=allowed.get(name, ()))
            for name, params in table.items()]


def defaults(*members: str, kinds: tuple[str, ...] = ("=null", " missing"), own: Any = RESULT) -> dict[str, Allow]:
    """For `shapes`: members that paned takes absent or null, and codex does not."""
    return {f"{member}{kind}": Allow("optional-members", "0.reply", own) for member in members for kind in kinds}


def _replaced(base: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed = json.loads(json.dumps(base))
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if value is ABSENT:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return dict(changed)


TAGGED = (Allow("word-as-map", "0.reply.error.message", "invalid type: map, expected string or map"),)
TAGGED_WELL = Allow("word-as-map", "0.reply", {"error": {"code": -32602}})


def positional(*members: str) -> dict[str, Allow]:
    """For `shapes`: members that are structs to codex, so that an array of their fields does as well."""
    return {f"{member}=array": POSITIONAL for member in members}


def uri(path: str) -> str:
    """The URI of an absolute path that needs no escapes."""
    return f"file://{path}"
