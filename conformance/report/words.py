"""The words and signs that all formats share.

Exists so that a verdict is called the same everywhere, and so that no text of a result file (a reason may quote what a
process printed) reaches a terminal or a page as anything but text.
"""
from __future__ import annotations

import unicodedata

from report.inputs import CAUGHT, GREEN, RAN, CrossClient, MutationRun
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP
from report.tables import Cell, Counts, Deviation, Report

CONTROLS = "a control changes what may differ (or nothing): the suite must see nothing"
SOME = 8
TITLE = "Conformance report"
SIGNS = {PASS: "✓", DEVIATES: "≈", FAIL: "✗", NOT_OFFERED: "–", SKIP: "○"}
WORDS = {PASS: "pass", DEVIATES: "deviates", FAIL: "fail", NOT_OFFERED: "not offered", SKIP: "skipped"}
COUNT_WORDS = ("passed", "deviates", "failed", "skipped", "not offered")
MEANINGS = {
    PASS: "as recorded or required",
    DEVIATES: "as a row of the deviation list says; the letters name the rows",
    FAIL: "otherwise",
    NOT_OFFERED: "the server does not announce it, or answers that it has no such method",
    SKIP: "could not be tried on this machine",
}
BLANK = "an empty cell: no case of this client uses the method"
FRACTION = "n/m: n of the m cases that were played to an end are right"


def counted(number: int, noun: str) -> str:
    """`1 case`, `2 cases`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def sentence(counts: Counts) -> str:
    """All numbers in words; those that are 0 are left out, except what failed."""
    parts = [f"{number} {word}" for number, word in zip(numbers(counts), COUNT_WORDS) if number or word == "failed"]
    return f"{counted(counts.total, 'case')}: {', '.join(parts)}"


def numbers(counts: Counts) -> tuple[int, ...]:
    """In the order of COUNT_WORDS."""
    return counts.passed, counts.deviates, counts.failed, counts.skipped, counts.not_offered


def fraction(counts: Counts) -> str:
    """`12/12`, or nothing when no case was played to an end."""
    return f"{counts.good}/{counts.exercised}" if counts.exercised else ""


def cell_hint(cell: Cell) -> str:
    """What a cell stands for, in words."""
    parts = [sentence(cell.counts)]
    if cell.deviations:
        parts.append(f"deviations: {', '.join(cell.deviations)}")
    if cell.failed:
        parts.append(f"failed in: {', '.join(cell.failed)}")
    return "; ".join(parts)


def cross_counts(client: CrossClient) -> Counts:
    """The numbers of one client of a run of all clients at once."""
    return Counts(client.passed, 0, client.failed, client.skipped, client.not_offered)


def cross_hint(client: CrossClient) -> str:
    """What a cell of the cross table stands for, in words."""
    hint = f"{sentence(cross_counts(client))}; {client.seconds:.1f} s"
    return f"{hint}; {printable(client.reason)}" if client.reason else hint


def mutation_sentence(run: MutationRun) -> str:
    """How many mutations were caught, and which were not."""
    others = [f"{mutation.name} ({mutation.verdict})" for mutation in run.mutations if mutation.verdict != CAUGHT]
    return printable("; ".join([f"{len(run.mutations) - len(others)} of {len(run.mutations)} mutations caught",
                                *([f"not: {', '.join(others)}"] if others else [])]))


def control_sentence(run: MutationRun) -> str:
    """How many controls were green, and why the others were not."""
    red = [f"{control.name} ({control.reason})" for control in run.controls if control.verdict != GREEN]
    return printable("; ".join([f"{len(run.controls) - len(red)} of {len(run.controls)} controls green",
                                *([f"not: {', '.join(red)}"] if red else [])]))


def letters(deviations: list[Deviation]) -> dict[str, str]:
    """A short sign for every deviation of a server: a, b, … z, aa, ab, …"""
    return {deviation.id: _letter(place) for place, deviation in enumerate(deviations)}


def _letter(place: int) -> str:
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("a") + last)


def not_run(report: Report) -> list[str]:
    """The steps that left no results, with the reason."""
    return [f"{printable(step.name)}: {printable(step.reason)}" for run in report.steps for step in run.steps
            if step.outcome != RAN]


def printable(text: str) -> str:
    """On one line, with nothing that steers a terminal or hides in a page: control and format characters as escapes."""
    return "".join(char if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
                   else {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\u{ord(char):04x}") for char in text)


def some(cases: list[str]) -> str:
    """The first names, and how many more there are; JSON and the page have them all."""
    more = len(cases) - SOME
    return ", ".join(cases[:SOME]) + (f" and {more} more" if more > 0 else "")


def shortened(text: str, length: int) -> str:
    """Printable, and at most so long."""
    line = printable(text)
    return line if len(line) <= length else line[:length - 1] + "…"
