"""A report for a terminal: tables of plain characters, at most WIDTH columns wide where a single column fits.

A table that is too wide is continued below with the columns that are left.
"""
from __future__ import annotations

import textwrap
from collections.abc import Callable

from report import order, words
from report.inputs import CAUGHT
from report.results import VERDICTS
from report.tables import Cell, Counts, CrossTable, Remark, Report, ServerTables

WIDTH = 120
_GAP = "  "
_REASON = 240  # characters of a reason; JSON has it whole
_LINE = 1000


def render(report: Report) -> str:
    """The whole report."""
    lines = [words.TITLE, "=" * len(words.TITLE), ""]
    for run in report.steps:
        for name, value in run.made.items():
            lines += _wrapped(f"{name}: {value}")
        lines.append("")
    for step in words.not_run(report):
        lines += _wrapped(f"NOT RUN  {step}")
    lines += [f"{server.server}: {words.sentence(server.total)}" for server in report.servers]
    for run in report.mutations:
        lines += _wrapped(words.mutation_sentence(run))
    if not (report.servers or report.mutations or report.cross):
        lines.append("no results")
    lines += ["", *_legend()]
    if len(report.servers) > 1:
        for comparison in report.comparisons:
            lines += _section(f"Servers and clients: {comparison.suite}")
            lines += _table("", comparison.clients, [
                (server, [_counts(counts) for counts in cells]) for server, cells in comparison.rows])
    if report.cross:
        lines += _cross(report.cross)
    for run in report.mutations:
        lines += _section(f"Mutations, tried on {run.server}")
        lines += [*_wrapped(words.mutation_sentence(run)), *_wrapped(words.control_sentence(run)), words.CONTROLS]
        for mutation in run.mutations:
            lines += _item(f"{mutation.verdict if mutation.verdict == CAUGHT else mutation.verdict.upper()}  "
                           f"{mutation.name}: {mutation.description}; replies changed: {mutation.applied}; seen by "
                           f"{words.counted(len(mutation.caught_by), 'case')}"
                           + (f", first: {mutation.first}" if mutation.first else ""))
    for server in report.servers:
        lines += _server(server)
    return "\n".join(words.printable(line).rstrip() for line in lines) + "\n"


def _legend() -> list[str]:
    return [f"{words.SIGNS[verdict]} {words.WORDS[verdict]}: {words.MEANINGS[verdict]}" for verdict in VERDICTS] + [
        words.FRACTION, words.BLANK]


def _section(title: str) -> list[str]:
    shown = words.printable(title)
    return ["", shown, "-" * len(shown), ""]


def _server(server: ServerTables) -> list[str]:
    letters = words.letters(server.deviations)

    def shown(cell: Cell | None) -> str:
        return " ".join([_counts(cell.counts), "".join(letters[name] for name in cell.deviations)]) if cell else ""
    lines = _section(f"{server.server}: {words.sentence(server.total)}")
    lines += _table("method", server.clients, [(row.method, [shown(cell) for cell in row.cells]) for row in server.methods])
    for suite in server.suites:
        lines += [""] + _table(f"cases: {suite.suite}", server.clients, [
            (word, [str(words.numbers(counts)[place]) if counts else "" for counts in suite.counts])
            for place, word in enumerate(words.COUNT_WORDS)])
    if server.repeated:
        lines += ["", f"{words.counted(server.repeated, 'case')} played more than once: the worst verdict counts."]
    if server.deviations:
        lines += ["", "Deviations met:"]
        for deviation in server.deviations:
            lines += _item(f"{letters[deviation.id]}  {deviation.id}: {words.counted(deviation.cases, 'case')} "
                           f"({', '.join(deviation.clients)}); {', '.join(deviation.methods)}")
    return lines + _remarks("Failed", server.failed) + _remarks("Skipped", server.skipped) + _remarks(
        "Not offered", server.not_offered)


def _remarks(title: str, remarks: list[Remark]) -> list[str]:
    lines = ["", f"{title}:"] if remarks else []
    for remark in remarks:
        reason = words.shortened(remark.reason, _REASON) or "no reason given"
        lines += _item(f"{remark.suite}, {remark.client}: {reason}: {words.some(remark.cases)}")
    return lines


def _cross(cross: CrossTable) -> list[str]:
    lines = _section("All clients at the same time")
    lines += _table("", cross.clients, [
        (server, [_counts(words.cross_counts(client)) if client else "" for client in cells])
        for server, cells in cross.rows])
    for server, cells in cross.rows:
        for client in cells:
            if client and client.reason:
                lines += _item(f"{server}, {client.client}: {client.reason}")
    for server, complaint in cross.complaints:
        lines += _item(f"{server}: {complaint}")
    return lines


def _counts(counts: Counts | None) -> str:
    return f"{words.SIGNS[counts.verdict]} {words.fraction(counts)}".rstrip() if counts else ""


def _item(text: str) -> list[str]:
    return _wrapped(text, "  ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(words.shortened(text, _LINE), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}   ")


def _table(corner: str, clients: list[str], rows: list[tuple[str, list[str]]]) -> list[str]:
    """Columns by client, two lines of heading (family, version)."""
    first = max(len(words.printable(name)) for name in [corner, *(name for name, _ in rows)])
    heads = [order.split_client(words.printable(client)) for client in clients]
    widths = [max([*map(len, heads[place]), *(len(cells[place]) for _, cells in rows)]) for place in range(len(clients))]
    lines: list[str] = []
    place = 0
    while place < len(clients):
        end = place + 1
        while end < len(clients) and first + sum(width + len(_GAP) for width in widths[place:end + 1]) <= WIDTH:
            end += 1

        def line(name: str, text_of: Callable[[int], str]) -> str:
            return name.ljust(first) + "".join(_GAP + text_of(column).ljust(widths[column]) for column in range(place, end))
        lines += [""] if lines else []
        lines += [line("", lambda column: heads[column][0]), line(corner, lambda column: heads[column][1])]
        lines += [line(words.printable(name), cells.__getitem__) for name, cells in rows]
        place = end
    return lines
