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
    outcomes: list[Outcome]

    @property
    def verdict(self) -> str:
        if not all(outcome.applied for outcome in self.outcomes):
            return DID_NOT_STRIKE
        return CAUGHT if len(self.caught) == len(self.outcomes) else MISSED

    @property
    def caught(self) -> list[Outcome]:
        """The runs that failed as they must."""
        return [outcome for outcome in self.outcomes
                if outcome.applied and outcome.failed and self.mutation.explains(outcome.reason)]

    def lines(self) -> list[str]:
        """For the terminal."""
        first = _first_line(self.caught[0].reason) if self.caught else ""
        lines = [f"{self.verdict.upper()} {self.mutation.name}: {len(self.caught)} of {len(self.outcomes)} cases"
                 + (f", first: {first}" if first else "")]
        for outcome in self.outcomes if self.verdict != CAUGHT else []:
            if outcome not in self.caught:
                said = "the case was green" if outcome.green else outcome.reason.replace("\n", "\n    ")
                lines.append(f"  {outcome.label}: struck {outcome.applied} times, {said}")
        return lines

    def as_json(self) -> dict[str, Any]:
        return {"name": self.mutation.name, "description": self.mutation.description,
                "applied": sum(outcome.applied for outcome in self.outcomes), "verdict": self.verdict,
                "caught_by": [outcome.label for outcome in self.caught],
                "first": self.caught[0].reason if self.caught else ""}


@dataclass(frozen=True)
class ControlVerdict:
    """Green: it changed something and every case was green."""

    control: Control
    outcome: Outcome

    @property
    def reason(self) -> str:
        """Why it is red, "" if it is green."""
        return self.outcome.reason or ("" if self.outcome.applied else "it changed nothing")

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
