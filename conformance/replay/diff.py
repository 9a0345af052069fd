"""What was expected and what came, for people: messages member by member, output byte by byte.

Exists because a reply may have a hundred members and an output a million bytes, and only what differs matters.
"""
from __future__ import annotations

import difflib
import json
from typing import Any

CONTEXT_LINES = 3
BYTES_BEFORE, BYTES_AFTER = 20, 60
HEX_BEFORE, HEX_AFTER = 8, 16
LONGEST_TEXT = 160


def brief(value: Any, limit: int = 200) -> str:
    """A value for a message, long ones cut in the middle."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit // 2]}…({len(text)})…{text[-limit // 4:]}"


def literal(value: Any, limit: int = 200) -> str:
    """A value as JSON, so that "4" is not 4; long ones cut in the middle."""
    return brief(json.dumps(value, ensure_ascii=False), limit)


def message_diff(expected: Any, came: Any) -> str:
    """A unified diff of two JSON values."""
    left, right = (json.dumps(value, ensure_ascii=False, indent=2).splitlines() for value in _shortened(expected, came))
    lines = difflib.unified_diff(left, right, "expected", "came", n=CONTEXT_LINES, lineterm="")
    return "\n".join(lines)


def first_difference(expected: str | bytes, came: str | bytes) -> int:
    """Where two sequences part."""
    return next((at for at, (left, right) in enumerate(zip(expected, came)) if left != right),
                min(len(expected), len(came)))


def bytes_difference(what: str, expected: bytes, came: bytes) -> str:
    """The bytes around the first difference; in hex, too, where they are no text."""
    at = first_difference(expected, came)
    pieces = [_around(data, at) for data in (expected, came)]
    lines = [f"{what}: {len(expected)} bytes expected, {len(came)} came, they differ from byte {at} on",
             f"    expected {pieces[0]}",
             f"    came     {pieces[1]}"]
    if any(piece.lstrip("…").startswith("b") for piece in pieces):
        first, last = max(0, at - HEX_BEFORE), at + HEX_AFTER
        lines += [f"    from byte {first} on, in hex",
                  f"    expected {expected[first:last].hex(' ')}",
                  f"    came     {came[first:last].hex(' ')}"]
    return "\n".join(lines)


def _around(data: bytes, at: int) -> str:
    """A text in quotes, or bytes as b'…'; no character is cut."""
    start, end = max(0, at - BYTES_BEFORE), min(len(data), at + BYTES_AFTER)
    while 0 < start < len(data) and _is_continuation(data[start]):
        start -= 1
    while end < len(data) and _is_continuation(data[end]):
        end += 1
    piece = data[start:end]
    try:
        text = piece.decode()
        shown = repr(text) if all(character.isprintable() or character in "\n\t\r\x1b" for character in text) else repr(piece)
    except UnicodeDecodeError:
        shown = repr(piece)
    return f"{'…' if start else ''}{shown}{'…' if end < len(data) else ''}"


def _is_continuation(byte: int) -> bool:
    """Does UTF-8 have this byte inside a character?"""
    return byte & 0xC0 == 0x80


def _shortened(expected: Any, came: Any) -> tuple[Any, Any]:
    """Both values with long texts cut; those that differ are cut around the difference."""
    if isinstance(expected, dict) and isinstance(came, dict):
        pairs = {name: _shortened(expected[name], came[name]) for name in expected if name in came}
        return ({name: pairs[name][0] if name in pairs else _cut(value) for name, value in expected.items()},
                {name: pairs[name][1] if name in pairs else _cut(value) for name, value in came.items()})
    if isinstance(expected, list) and isinstance(came, list):
        both = [_shortened(left, right) for left, right in zip(expected, came)]
        rest = len(both)
        return ([left for left, _ in both] + [_cut(value) for value in expected[rest:]],
                [right for _, right in both] + [_cut(value) for value in came[rest:]])
    if isinstance(expected, str) and isinstance(came, str) and expected != came \
            and max(len(expected), len(came)) > LONGEST_TEXT:
        at = first_difference(expected, came)
        start, end = max(0, at - BYTES_BEFORE), at + BYTES_AFTER
        return tuple(f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
                     f" ({len(text)} characters, they differ at {at})" for text in (expected, came))  # type: ignore
    return _cut(expected), _cut(came)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    return brief(value, LONGEST_TEXT) if isinstance(value, str) else value
