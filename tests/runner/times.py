"""Where the time of ./test went: its phases, the slowest tests, the slowest compile units. Markdown, for tests/README.md.

Pure, but for reading ninja's logs.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.results import SKIPPED, Result
from runner.step import Measured

_SLOWEST = 20
_KINDS = ("precompiled headers", "compile", "archive and link")


@dataclass(frozen=True)
class Built:
    """One edge of a build."""

    build: str
    output: str
    seconds: float

    @property
    def kind(self) -> str:
        """What of _KINDS it was."""
        if self.output.endswith(".gch"):
            return _KINDS[0]
        return _KINDS[1] if self.output.endswith(".o") else _KINDS[2]


def read_ninja_log(folder: Path, beyond: int = 0) -> list[Built]:
    """What was built, once each; `beyond`: bytes of the log that belong to earlier builds."""
    path = folder / ".ninja_log"
    if not path.exists():
        return []
    edges: dict[tuple[str, str], Built] = {}
    for line in path.read_bytes()[beyond:].decode(errors="replace").splitlines():
        fields = line.split("\t")
        if len(fields) == 5 and fields[1].isdigit():
            edges[(fields[0], fields[4])] = Built(folder.name, fields[3], (int(fields[1]) - int(fields[0])) / 1000)
    return list(edges.values())


def render(measured: Sequence[Measured], results: Sequence[Result], built: Iterable[Built]) -> str:
    """The tables."""
    edges = list(built)
    total = max((step.began + step.wall for step in measured), default=0.0)
    lines = [f"Whole: {total:.0f} s, {sum(step.cpu for step in measured):.0f} processor seconds.", "",
             "| step | from | wall s | processor s | tests |", "| --- | ---: | ---: | ---: | ---: |"]
    for step in sorted(measured, key=lambda step: step.began):
        count = sum(result.build == step.build for result in results) if step.kind == "tests" else 0
        name = f"{step.name} (in the background)" if step.background else step.name
        lines.append(f"| {name} | {step.began:.0f} | {step.wall:.0f} | {step.cpu:.0f} | {count or ''} |")
    lines += ["", *_builds(edges), "", *_kinds(results), ""]
    lines += _slowest("tests", {str(result): result.seconds for result in results if result.status != SKIPPED})
    lines += ["", *_slowest("compile units", {f"{edge.build}: {short(edge.output)}": edge.seconds
                                              for edge in edges if edge.kind != _KINDS[2]})]
    return "\n".join(lines)


def _builds(edges: Sequence[Built]) -> list[str]:
    lines = ["| build, seconds of one job | " + " | ".join(_KINDS) + " |", "| --- | " + " | ".join("---:" for _ in _KINDS) + " |"]
    for build in dict.fromkeys(edge.build for edge in edges):
        cells = []
        for kind in _KINDS:
            own = [edge.seconds for edge in edges if edge.build == build and edge.kind == kind]
            cells.append(f"{sum(own):.0f} ({len(own)})")
        lines.append(f"| {build} | {' | '.join(cells)} |")
    return lines


def kind_of(name: str) -> str:
    """The kind of a test, by its name."""
    first = name.split(".")[0]
    known: Mapping[str, str] = {"replay": "replay", "live": "live", "cross": "all clients at once", "lint": "lint",
                                "image": "image"}
    if first == "replay" and name.startswith("replay.self_test"):
        return "the suite's own"
    if first in known:
        return known[first]
    return "the suite's own" if first[:1].islower() and "/" not in first and "." in name else "unit and e2e"


def _kinds(results: Sequence[Result]) -> list[str]:
    builds = list(dict.fromkeys(result.build for result in results))
    lines = ["| tests (their seconds) | " + " | ".join(builds) + " |", "| --- | " + " | ".join("---:" for _ in builds) + " |"]
    for kind in sorted({kind_of(result.name) for result in results}):
        cells = []
        for build in builds:
            own = [result for result in results if result.build == build and kind_of(result.name) == kind]
            cells.append(f"{len(own)} ({sum(result.seconds for result in own):.0f})" if own else "")
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _slowest(what: str, seconds: Mapping[str, float]) -> list[str]:
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:_SLOWEST]
    return [f"| the slowest {what} | s |", "| --- | ---: |", *(f"| {name} | {value:.1f} |" for name, value in slowest)]


def short(output: str) -> str:
    """An object's source, as people name it."""
    folder, _, rest = output.partition("CMakeFiles/")
    return folder + rest.partition(".dir/")[2].removesuffix(".o") if rest else output
