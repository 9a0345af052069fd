"""Which targets a regular expression of test names needs, so that `./test -R NAME` builds only what it runs.

The names of GoogleTest's tests are known for sure only from a built program, so they are looked for in its sources: too many
programs may be chosen, none too few. test_selection.py holds that against every program that is built.
Pure, but for reading sources.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
_INSTANCE = re.compile(r"\bINSTANTIATE_(?:TYPED_)?TEST_SUITE_P\([\s\S]*?\);")
_MACRO = re.compile(r"^#define (?:[^\n]*\\\n)+[^\n]*", re.MULTILINE)
_INCLUDE = re.compile(r'^#include "(tests/[^"]+)"', re.MULTILINE)
_WORD = re.compile(r"\w+")
_META = re.compile(r"[\[\]{}()?*+\\|^$.]")
_CONFIGURED_LATER = "_NOT_BUILT"  # how ctest calls the tests of a program that has yet to be linked


def names_in(sources: Iterable[Path], root: Path) -> set[str]:
    """What the names of the tests of a program are made of: suites, tests, instances and their parameters."""
    words: set[str] = set()
    seen: set[Path] = set()
    waiting = list(sources)
    while waiting:
        path = waiting.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        for suite, test in _TEST.findall(text):
            words |= {suite, test, f"{suite}.{test}"}
        for instance in _INSTANCE.findall(text) + [macro for macro in _MACRO.findall(text) if "INSTANTIATE_" in macro]:
            words |= set(_WORD.findall(instance))
        waiting += [root / include for include in _INCLUDE.findall(text)]
    return words


def may_match(pattern: str, words: set[str]) -> bool:
    """Can a name made of these words match? Every piece of plain text of one alternative has to be in one of them."""
    text = "\n".join(words)
    try:
        if re.search(pattern, text, re.MULTILINE):
            return True
    except re.error:
        return True
    return any(all(piece in text for piece in pieces) for pieces in _alternatives(pattern))


def _alternatives(pattern: str) -> list[list[str]]:
    """The plain words of each alternative, without numbers (of parameters) and without what may be absent."""
    if re.search(r"[(\[]", pattern):
        return [[]]
    plain = [re.sub(r"\\(.)", r"\1" if alternative else "", re.sub(r"\w[?*]|\w\{\d*,?\d*\}", " ", alternative))
             for alternative in pattern.split("|")]
    return [[word for word in _WORD.findall(_META.sub(" ", text)) if not word.isdigit()] for text in plain]


def targets_for(pattern: str, tests: Sequence[Mapping[str, Any]], programs: Mapping[str, set[str]],
                outputs: Mapping[str, str]) -> list[str]:
    """Ninja's targets: `tests` as ctest lists them, `programs` by target with the words of their names, `outputs` the target
    that makes a file."""
    chosen = {target for target, words in programs.items() if may_match(pattern, words)}
    for test in tests:
        if test["name"].endswith(_CONFIGURED_LATER) or not re.search(pattern, test["name"]):
            continue
        chosen |= {outputs[word] for word in test.get("command", ()) if word in outputs and outputs[word] not in programs}
    return sorted(chosen)
