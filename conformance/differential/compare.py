"""Where two observations differ, and whether the deviation table explains it.

The rules of the suite: every difference is covered by an Allow, whose pattern holds; every Allow covers a
difference; every id is in the table. Anything else is a fault.
"""
from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from differential.case import ABSENT, Allow, Case, Kind, Like

_ROW = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)
_SHOWN = 700
UNPLAYED = "could not be played"


@dataclass(frozen=True)
class Difference:
    """One place where the two servers do not say the same."""

    place: str
    reference: Any
    own: Any

    def __str__(self) -> str:
        reference, own = self.reference, self.own
        if isinstance(reference, list) and isinstance(own, list):  # only what the other one has not
            reference, own = ([item for item in one if item not in other] or one
                              for one, other in ((reference, own), (own, reference)))
        return f"{self.place}\n    codex: {_shown(reference)}\n    paned: {_shown(own)}"


@dataclass
class Verdict:
    """What came of one case."""

    case: Case
    faults: list[str] = field(default_factory=list)
    deviations: set[str] = field(default_factory=set)
    reference: Any = None
    own: Any = None
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """FAIL, DEVIATES or SAME."""
        return "FAIL" if self.faults else "DEVIATES" if self.deviations else "SAME"


def deviation_ids(readme: Path) -> set[str]:
    """The ids in the first column of the table of protocol/README.md."""
    section = readme.read_text(encoding="utf-8").partition("## Deviations from the reference")[2]
    found = set(_ROW.findall(section.partition("\n## ")[0]))
    if not found:
        raise ValueError(f"{readme}: no deviation table")
    return found


def differences(reference: Any, own: Any, place: str = "") -> list[Difference]:
    """The smallest parts that differ; where one is a result and the other an error, the whole reply."""
    if isinstance(reference, dict) and isinstance(own, dict) and ("error" in reference) == ("error" in own):
        return [found for name in sorted({*reference, *own})
                for found in differences(reference.get(name, ABSENT), own.get(name, ABSENT), _join(place, name))]
    if isinstance(reference, list) and isinstance(own, list) and len(reference) == len(own):
        return [found for index, pair in enumerate(zip(reference, own))
                for found in differences(*pair, _join(place, str(index)))]
    same = type(reference) is type(own) and reference == own
    return [] if same else [Difference(place, reference, own)]


def fits(pattern: Any, value: Any) -> bool:
    """Whether paned said what the Allow says it says."""
    if pattern is ABSENT:
        return value is ABSENT
    if isinstance(pattern, Kind):
        return isinstance(value, pattern.type) and not (pattern.type is int and isinstance(value, bool))
    if isinstance(pattern, Like):
        return isinstance(value, str) and fnmatch.fnmatchcase(value, pattern.glob)
    if isinstance(pattern, dict) and isinstance(value, dict):
        return all(name in value and fits(inner, value[name]) for name, inner in pattern.items())
    if isinstance(pattern, list) and isinstance(value, list) and len(pattern) == len(value):
        return all(map(fits, pattern, value))
    return type(pattern) is type(value) and pattern == value


def judge(case: Case, reference: list[Any], own: list[Any], known: set[str]) -> Verdict:
    """Holds the observations of one case against its Allows."""
    verdict = Verdict(case, reference=reference, own=own)
    verdict.faults += [f"the deviation `{allow.deviation}` is not in the table of protocol/README.md"
                       for allow in case.allow if allow.deviation not in known]
    verdict.faults += [f"{side}: {observed[0]}" for side, observed in (("codex", reference), ("paned", own))
                       if isinstance(observed[0], dict) and UNPLAYED in observed[0]]
    unused = list(case.allow)
    for found in differences(reference, own):
        allowed = next((allow for allow in case.allow if _covers(allow, found)), None)
        if allowed is None:
            verdict.faults.append(f"at {found}{_near_miss(case, found)}")
            continue
        verdict.deviations.add(allowed.deviation)
        if allowed in unused:
            unused.remove(allowed)
    verdict.faults += [f"no such difference any more: `{allow.deviation}` at {allow.at}" for allow in unused]
    return verdict


def _covers(allow: Allow, found: Difference) -> bool:
    return fnmatch.fnmatchcase(found.place, allow.at) and fits(allow.own, found.own)


def _near_miss(case: Case, found: Difference) -> str:
    for allow in case.allow:
        if fnmatch.fnmatchcase(found.place, allow.at):
            return f"\n    `{allow.deviation}` would explain: {_shown(allow.own)}"
    return ""


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
