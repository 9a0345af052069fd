"""Controls: proxies that do no harm, so that catching a mutation is not just an allergy to proxies or spellings."""
from __future__ import annotations

import json
from typing import Any

from mutations.change import Change, everywhere, pair, strike
from mutations.edits import double
from mutations.message import Fragmented, Message, Outgoing, Said, event, result_of
from mutations.in_replies import asked_together
from mutations.mutation import Control
from mutations.recut import OtherCuts

PROCESSES = ("0.120.0/stderr", "0.120.0/tty", "0.135.0/stderr", "0.169.0/stderr", "0.169.0/tty")
FILES = ("0.120.0/apply_patch", "0.135.0/skills", "0.169.0/apply_patch", "0.169.0/copy_source", "0.169.0/missing_appears")
STREAMED, RESUMED = ("0.169.0/mcp_http",), ("0.169.0/reconnect_running",)
EACH_KIND = PROCESSES + FILES + STREAMED + RESUMED
_PIECES = 3


class PassedOn(Change):
    """Counts what it passes on, so that a control without changes is seen to have been asked."""

    def said(self, said: Said) -> list[Outgoing]:
        self.applied += 1
        return [said]


def more_members(value: Any) -> Any:
    """The same with a member more in every object."""
    if isinstance(value, dict):
        return {**{name: more_members(inner) for name, inner in value.items()}, "addedByProxy": {"list": [1, None]}}
    return [more_members(inner) for inner in value] if isinstance(value, list) else value


def other_order(value: Any) -> Any:
    """The same with the members of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: other_order(inner) for name, inner in reversed(value.items())}
    return [other_order(inner) for inner in value] if isinstance(value, list) else value


def spaced(message: Message) -> list[Outgoing]:
    return ["\n" + json.dumps(message, ensure_ascii=False, indent="\t").replace("\n", "\r\n") + " "]


def escaped(message: Message) -> list[Outgoing]:
    """Strings with every letter and digit as \\uXXXX."""
    return [_escaped(message)]


def _escaped(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_escaped(name)}:{_escaped(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_escaped, value)) + "]"
    if not isinstance(value, str) or len(value) > 10_000:
        return json.dumps(value)
    units = value.encode("utf-16-be", "surrogatepass")
    return '"' + "".join(f"\\u{units[at:at + 2].hex()}" for at in range(0, len(units), 2)) + '"'


def fragmented(message: Message) -> list[Outgoing]:
    """Several frames, also cut inside of characters: only the joined frames must be UTF-8."""
    text = json.dumps(message, ensure_ascii=False)
    size = len(text) // _PIECES + 1
    return [Fragmented([text[at:at + size] for at in range(0, len(text), size)])]


def with_version(message: Message) -> list[Outgoing]:
    return [{"jsonrpc": "2.0", **message}]


def without_version(message: Message) -> list[Outgoing]:
    message.pop("jsonrpc", None)
    return [message]


def second_first(first: Message, second: Message) -> list[Outgoing]:
    return [second, first]


CONTROLS = (
    Control("other-cuts", "output and bodies come in other chunks", OtherCuts, PROCESSES + STREAMED),
    Control("more-members", "every object has an additional member", everywhere(lambda m: [more_members(m)]), EACH_KIND),
    Control("other-member-order", "the members of every object are reversed", everywhere(lambda m: [other_order(m)]), EACH_KIND),
    Control("other-whitespace", "JSON with line breaks and tabs", everywhere(spaced), EACH_KIND),
    Control("other-escapes", "JSON with escaped characters", everywhere(escaped), EACH_KIND),
    Control("fragmented-frames", "every message comes in several frames", everywhere(fragmented), EACH_KIND),
    Control("jsonrpc-there", "every message has `jsonrpc`", everywhere(with_version), EACH_KIND),
    Control("jsonrpc-not-there", "no message has `jsonrpc`", everywhere(without_version), EACH_KIND),
    Control("replies-out-of-order", "two replies overtake one another, each with its id",
            pair(result_of("fs/canonicalize", 1, asked_together), second_first), ("0.169.0/walk",)),
    Control("hint-twice", "fs/missingChanged comes twice", strike(event("fs/missingChanged"), double),
            ("0.169.0/missing_appears",)),
)
