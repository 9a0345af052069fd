"""The results of one run of one part of the suite against one server: what the reports are made of.

Exists so that replay, live clients and the Go walk say what they found in one form (README.md, "Results"), and the
tables need not know who found it.
"""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
PASS, DEVIATES, FAIL, SKIP, NOT_OFFERED = "pass", "deviates", "fail", "skip", "not-offered"
VERDICTS = (PASS, DEVIATES, FAIL, SKIP, NOT_OFFERED)


class BadResults(Exception):
    """The file does not hold results."""


@dataclass(frozen=True)
class CaseResult:
    """What came of one case."""

    client: str  # "codex 0.169.0", "go plain"
    case: str
    verdict: str  # of VERDICTS; "deviates" is a pass that needed deviations
    seconds: float
    reason: str = ""
    methods: dict[str, str] = field(default_factory=dict)  # method -> pass, deviates, fail or not-offered
    deviations: list[str] = field(default_factory=list)  # ids of rows of a deviation table that were needed
    deviating: dict[str, list[str]] = field(default_factory=dict)  # method -> those that it needed; {} where unknown


@dataclass(frozen=True)
class Results:
    """What one run found."""

    suite: str  # "replay", "live", "go-bridge"
    server: dict[str, str]  # name, url, version; "" where unknown
    started: str  # ISO 8601, UTC
    seconds: float
    cases: list[CaseResult]

    def count(self, verdict: str) -> int:
        """How many cases ended so."""
        return sum(case.verdict == verdict for case in self.cases)

    def write(self, path: Path) -> None:
        """Writes them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n",
                        encoding="utf-8")


def load_results(path: Path) -> Results:
    """Reads what `write` wrote.  Raises BadResults."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise BadResults(f"{path}: another format than {FORMAT}")
        cases = [_case(case) for case in content.pop("cases")]
        results = Results(cases=cases, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadResults(f"{path}: no results: {error!r}") from error
    unknown = {case.verdict for case in cases} - set(VERDICTS)
    if unknown:
        raise BadResults(f"{path}: unknown verdicts {sorted(unknown)}")
    for case in cases:
        fault = _fault(case)
        if fault:
            raise BadResults(f"{path}: case {case.case} of {case.client}: {fault}")
    return results


def _fault(case: CaseResult) -> str:
    """What cannot be so, "" if nothing."""
    unknown = set(case.methods.values()) - (set(VERDICTS) - {SKIP})
    if unknown:
        return f"unknown verdicts of methods {sorted(unknown)}"
    if FAIL in case.methods.values() and case.verdict != FAIL:
        return f"a method fails, but the verdict is {case.verdict}"
    return ""


def _case(content: dict[str, Any]) -> CaseResult:
    """Members nobody knows are left out, so that a newer suite may tell more."""
    known = {name: value for name, value in content.items() if name in CaseResult.__annotations__}
    return CaseResult(**{"methods": {}, "deviations": [], "deviating": {}, "reason": "", **known})
