"""What came of a mutation and of a control, as lines and as JSON."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutations.mutation import Control, Mutation
from mutations.trial import Outcome

FORMAT = 1
CAUGHT, MISSED, DID_NOT_STRIKE, GREEN, RED = "caught", "missed", "did not strike", "green", "red"


@dataclass(frozen=True)
class MutationVerdict:
    """Caught: it struck in every case, and every case failed for the reason it must."""

    mutation: Mutation
    outcome: Outcome

    @property
    def verdict(self) -> str:
        cases = self.mutation.cases
        if self.outcome.struck < len(cases):
            return DID_NOT_STRIKE
        return CAUGHT if self.outcome.all_failed(len(cases)) and len(self.caught_by) == len(cases) else MISSED

    @property
    def caught_by(self) -> list[str]:
        """The cases that failed as they must."""
        return [case for case, reason in self.outcome.failures.items() if self.mutation.explains(reason)]

    @property
    def first(self) -> str:
        """The first mismatch that shows it, "" if none does."""
        return self.outcome.failures[self.caught_by[0]] if self.caught_by else ""

    def lines(self) -> list[str]:
        """For the terminal."""
        head = f"{self.verdict.upper()} {self.mutation.name}: {len(self.caught_by)} of {len(self.mutation.cases)} cases"
        lines = [head + (f", first: {_first_line(self.first)}" if self.first else "")]
        if self.verdict != CAUGHT:
            lines += [f"  struck on {self.outcome.struck} connections; must say: {self.mutation.expected}",
                      *(f"  {case}: {self.outcome.failures.get(case, 'green')}" for case in self.mutation.cases)]
            lines.append(f"  exit code {self.outcome.exit_code}: {self.outcome.output}")
        return lines

    def as_json(self) -> dict[str, Any]:
        return {"name": self.mutation.name, "description": self.mutation.description, "applied": self.outcome.applied,
                "verdict": self.verdict, "caught_by": self.caught_by, "first": self.first}


@dataclass(frozen=True)
class ControlVerdict:
    """Green: it changed something and every case was green."""

    control: Control
    outcome: Outcome

    @property
    def reason(self) -> str:
        """Why it is red, "" if it is green."""
        if self.outcome.all_green(len(self.control.cases)):
            return "" if self.outcome.applied else "it changed nothing"
        failures = "; ".join(f"{case}: {reason}" for case, reason in self.outcome.failures.items())
        return failures or f"exit code {self.outcome.exit_code}: {self.outcome.output}"

    @property
    def verdict(self) -> str:
        return RED if self.reason else GREEN

    def lines(self) -> list[str]:
        """For the terminal."""
        return [f"{self.verdict.upper()} {self.control.name}: {len(self.control.cases)} cases, "
                f"{self.outcome.applied} messages changed", *([f"  {self.reason}"] if self.reason else [])]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.control.name, "description": self.control.description, "verdict": self.verdict,
                "reason": self.reason}


@dataclass(frozen=True)
class Verdicts:
    """Of a whole run."""

    server: str
    controls: list[ControlVerdict]
    mutations: list[MutationVerdict]

    @property
    def summary(self) -> str:
        caught = sum(each.verdict == CAUGHT for each in self.mutations)
        green = sum(each.verdict == GREEN for each in self.controls)
        return (f"{caught} caught, {len(self.mutations) - caught} missed, "
                f"{green} controls green, {len(self.controls) - green} controls red")

    @property
    def good(self) -> bool:
        return (all(each.verdict == CAUGHT for each in self.mutations)
                and all(each.verdict == GREEN for each in self.controls))

    def write(self, path: Path) -> None:
        """Writes them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({
            "format": FORMAT, "suite": "mutations", "server": self.server,
            "controls": [each.as_json() for each in self.controls],
            "mutations": [each.as_json() for each in self.mutations]}, ensure_ascii=False, indent=1) + "\n",
            encoding="utf-8")


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
