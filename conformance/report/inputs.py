"""The files a report is made of: results of cases, of mutations, of all clients at once, and of the steps that made them.

Exists to tell them apart by their `suite` and to say precisely what is wrong with a file that is none of them.
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from report.results import FORMAT, BadResults, Results, load_results

MUTATIONS, CROSS, STEPS = "mutations", "cross", "steps"
CAUGHT, GREEN = "caught", "green"
MUTATION_VERDICTS = (CAUGHT, "missed", "did not strike")
CONTROL_VERDICTS = (GREEN, "red")
RAN, NOT_RUN = "ran", "not run"
_VERSION = re.compile(r"(^| )[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Mutation:
    """One way of breaking replies, and whether the suite saw it."""

    name: str
    description: str
    applied: int  # replies changed
    verdict: str  # caught, missed, did not strike
    caught_by: list[str] = field(default_factory=list)  # cases that failed
    first: str = ""  # what the first of them said


@dataclass(frozen=True)
class Control:
    """A change that is none, in which the suite must see nothing."""

    name: str
    description: str
    verdict: str  # green, red
    reason: str = ""


@dataclass(frozen=True)
class MutationRun:
    """All mutations and controls, tried on one server."""

    server: str
    controls: list[Control]
    mutations: list[Mutation]


@dataclass(frozen=True)
class CrossClient:
    """One client of a run in which all work at the same time."""

    client: str
    passed: int
    failed: int
    skipped: int
    not_offered: int
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class CrossRun:
    """All clients at once against one server."""

    server: str
    clients: list[CrossClient]
    complaints: list[str] = field(default_factory=list)  # of the run as a whole: the server did not survive, …


@dataclass(frozen=True)
class Step:
    """One command of a report made anew, and whether it left results."""

    name: str
    command: str
    outcome: str  # ran, not run
    reason: str
    seconds: float


@dataclass(frozen=True)
class StepRun:
    """How a report was made anew."""

    made: dict[str, str]  # date, machine and the like, in the order they are told
    steps: list[Step]


@dataclass
class Inputs:
    """Everything the files held, each kind in the order of the files."""

    results: list[Results] = field(default_factory=list)
    mutations: list[MutationRun] = field(default_factory=list)
    cross: list[CrossRun] = field(default_factory=list)
    steps: list[StepRun] = field(default_factory=list)


def load_inputs(paths: list[Path]) -> Inputs:
    """Reads files of any kind.  Raises BadResults, which names the file and the fault."""
    inputs = Inputs()
    for path in paths:
        content = _read_object(path)
        try:
            match content.get("suite"):
                case "mutations":
                    inputs.mutations.append(_mutations(content))
                case "cross":
                    inputs.cross.append(_cross(content))
                case "steps":
                    inputs.steps.append(StepRun(dict(content["made"]), [Step(**step) for step in content["steps"]]))
                case _:
                    inputs.results.append(load_results(path))
        except KeyError as error:
            raise BadResults(f"{path}: {error} is missing") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise BadResults(f"{path}: no results of suite {content.get('suite')!r}: {error}") from error
    return inputs


def server_label(server: dict[str, str]) -> str:
    """The name of a server, with its version unless the name tells one; where there is no name, its URL."""
    name, version = server.get("name") or "", server.get("version") or ""
    if not name:
        return server.get("url") or "unknown server"
    return name if not version or _VERSION.search(name) else f"{name} {version}"


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadResults(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise BadResults(f"{path}: not JSON: {error}; was the run that wrote it cut short?") from error
    if not isinstance(content, dict) or not isinstance(content.get("suite"), str):
        raise BadResults(f"{path}: no result file: an object with `format` and `suite` is expected")
    if content.get("format") != FORMAT:
        raise BadResults(f"{path}: format {content.get('format')!r}, this program reads {FORMAT}")
    return content


def _mutations(content: dict[str, Any]) -> MutationRun:
    controls = [Control(entry["name"], entry["description"], entry["verdict"], entry.get("reason") or "")
                for entry in content["controls"]]
    mutations = [Mutation(entry["name"], entry["description"], entry["applied"], entry["verdict"],
                          list(entry.get("caught_by") or ()), entry.get("first") or "")
                 for entry in content["mutations"]]
    strange = ({mutation.verdict for mutation in mutations} - set(MUTATION_VERDICTS)
               | {control.verdict for control in controls} - set(CONTROL_VERDICTS))
    if strange:
        raise ValueError(f"unknown verdicts {sorted(strange)}")
    return MutationRun(server_label({"name": content["server"]}), controls, mutations)


def _cross(content: dict[str, Any]) -> CrossRun:
    clients = [CrossClient(entry["client"], entry["passed"], entry["failed"], entry["skipped"], entry["not_offered"],
                           entry["seconds"], entry.get("reason") or "") for entry in content["clients"]]
    return CrossRun(server_label(content["server"]), clients, list(content.get("complaints") or ()))
