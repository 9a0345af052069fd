"""A table of a TOML file, read key by key, with errors that name the file, the key and what is expected there.

Why it exists: scenario files are written by people; a misspelt key must not be passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MISSING = object()


class BadScenario(Exception):
    """A scenario file is not what a scenario file must be."""


class TomlTable:
    """Every key is asked for by the method of its type; finish() refuses the keys nobody asked for."""

    def __init__(self, file: Path, where: str, values: dict[str, Any]) -> None:
        self._file, self._where, self._values = file, where, values
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._known.add(key)
        return key in self._values

    def error(self, key: str, expected: str) -> BadScenario:
        """An error about this key."""
        place = ".".join(part for part in (self._where, key) if part)
        return BadScenario(f"{self._file.name}: {place}: {expected}")

    def text(self, key: str, default: Any = _MISSING) -> Any:
        """A string."""
        return self._get(key, default, str, "a string")

    def integer(self, key: str, default: Any = _MISSING) -> Any:
        """A whole number."""
        return self._get(key, default, int, "a whole number")

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        return bool(self._get(key, default, bool, "true or false"))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; () when the key is missing."""
        return self._list(key, str, "a list of strings")

    def integers(self, key: str) -> tuple[int, ...]:
        """A whole number or a list of them; () when the key is missing."""
        if isinstance(self._values.get(key), int):
            return (self.integer(key),)
        return self._list(key, int, "a whole number or a list of them")

    def expression(self, key: str, default: Any = None) -> Any:
        """A regular expression, as text."""
        text = self.text(key, default)
        if text is not None:
            try:
                re.compile(text)
            except re.error as error:
                raise self.error(key, f"not a regular expression: {error}") from error
        return text

    def hexadecimal(self, key: str) -> bytes:
        """Bytes, written as hexadecimal digits; blanks may stand between them."""
        try:
            return bytes.fromhex(self.text(key))
        except ValueError as error:
            raise self.error(key, f"hexadecimal digits are expected: {error}") from error

    def mapping(self, key: str) -> dict[str, Any]:
        """A table of free form; {} when the key is missing."""
        return dict(self._get(key, {}, dict, "a table"))

    def is_text(self, key: str) -> bool:
        """Whether a string stands there."""
        return isinstance(self._values.get(key), str)

    def table(self, key: str) -> TomlTable:
        """A table; an empty one when the key is missing."""
        return TomlTable(self._file, ".".join(part for part in (self._where, key) if part), self.mapping(key))

    def tables(self, key: str) -> Iterator[TomlTable]:
        """The tables of [[key]]."""
        for number, values in enumerate(self._list(key, dict, f"tables, each below [[{key}]]"), 1):
            yield TomlTable(self._file, f"{key} {number}", values)

    def one_of(self, key: str, choices: tuple[str, ...], default: Any = _MISSING) -> Any:
        """One of some words."""
        word = self.text(key, default)
        if word is not default and word not in choices:
            raise self.error(key, f"{word!r} is none of {', '.join(choices)}")
        return word

    def finish(self) -> None:
        """Refuses what nobody asked for."""
        for key in self._values:
            if key not in self._known:
                raise self.error(key, f"unknown key; known are {', '.join(sorted(self._known))}")

    def _list(self, key: str, kind: type, expected: str) -> tuple[Any, ...]:
        values = self._get(key, [], list, expected)
        if not all(type(value) is kind for value in values):
            raise self.error(key, f"{expected} is expected")
        return tuple(values)

    def _get(self, key: str, default: Any, kind: type, expected: str) -> Any:
        self._known.add(key)
        value = self._values.get(key, default)
        if value is _MISSING:
            raise self.error(key, f"missing; {expected} is expected")
        if value is not default and type(value) is not kind:
            raise self.error(key, f"{expected} is expected, not {value!r}")
        return value
