"""A report as Markdown (tables as GitHub and GitLab draw them), for a file that lies beside the code: REPORT.md."""
from __future__ import annotations

import re

from report import words
from report.results import VERDICTS
from report.tables import Cell, Counts, CrossTable, Remark, Report, ServerTables

_REASON = 240  # characters of a reason; JSON has it whole
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#&!])")


def render(report: Report) -> str:
    """The whole report."""
    lines = [f"# {words.TITLE}", ""]
    for run in report.steps:
        lines += [f"- {_text(name)}: {_text(value)}" for name, value in run.made.items()] + [""]
    lines += [f"- **Not run**: {_text(step)}" for step in words.not_run(report)]
    lines += [f"- **{_text(server.server)}**: {words.sentence(server.total)}" for server in report.servers]
    lines += [f"- {_text(words.mutation_sentence(run))}" for run in report.mutations]
    if not (report.servers or report.mutations or report.cross):
        lines.append("- no results")
    lines += ["", *(f"- {words.SIGNS[verdict]} {words.WORDS[verdict]}: {words.MEANINGS[verdict]}" for verdict in VERDICTS),
              f"- {words.FRACTION}; {words.BLANK}"]
    if len(report.servers) > 1:
        for comparison in report.comparisons:
            lines += ["", f"## Servers and clients: {_text(comparison.suite)}", ""]
            lines += _table(["server", *comparison.clients], [
                [server, *map(_counts, cells)] for server, cells in comparison.rows])
    if report.cross:
        lines += _cross(report.cross)
    for run in report.mutations:
        lines += ["", "## Mutations", "", _text(f"Tried on {run.server}: {words.mutation_sentence(run)}."), "",
                  _text(f"{words.control_sentence(run)}; {words.CONTROLS}."), ""]
        lines += _table(["mutation", "what it does to replies", "changed", "verdict", "seen by", "first"], [
            [mutation.name, mutation.description, str(mutation.applied), mutation.verdict,
             words.counted(len(mutation.caught_by), "case"), mutation.first] for mutation in run.mutations])
    for server in report.servers:
        lines += _server(server)
    for run in report.steps:
        lines += ["", "## How this was made", ""]
        lines += _table(["step", "command", "outcome", "seconds"], [
            [step.name, step.command, f"{step.outcome}: {step.reason}" if step.reason else step.outcome,
             f"{step.seconds:.0f}"] for step in run.steps])
    return "\n".join(lines) + "\n"


def _server(server: ServerTables) -> list[str]:
    letters = words.letters(server.deviations)

    def shown(cell: Cell | None) -> str:
        return " ".join([_counts(cell.counts), " ".join(letters[name] for name in cell.deviations)]).rstrip() if cell else ""
    lines = ["", f"## {_text(server.server)}", "", words.sentence(server.total) + ".", ""]
    if server.methods:
        lines += _table(["method", *server.clients],
                        [[row.method, *(shown(cell) for cell in row.cells)] for row in server.methods]) + [""]
    lines += _table(["cases", *server.clients], [
        [f"{suite.suite}: {word}", *(str(words.numbers(counts)[place]) if counts else "" for counts in suite.counts)]
        for suite in server.suites for place, word in enumerate(words.COUNT_WORDS)])
    if server.repeated:
        lines += ["", f"{words.counted(server.repeated, 'case')} played more than once: the worst verdict counts."]
    if server.deviations:
        lines += ["", "Deviations met:", ""] + _table(
            ["", "id", "meaning", "cases", "clients", "methods"],
            [[letters[deviation.id], deviation.id, deviation.meaning, str(deviation.cases), ", ".join(deviation.clients),
              ", ".join(deviation.methods)] for deviation in server.deviations])
    return lines + _remarks("Failed", server.failed) + _remarks("Skipped", server.skipped) + _remarks(
        "Not offered", server.not_offered)


def _remarks(title: str, remarks: list[Remark]) -> list[str]:
    if not remarks:
        return []
    number = sum(len(remark.cases) for remark in remarks)
    return ["", f"<details><summary>{title}: {words.counted(number, 'case')}</summary>", ""] + _table(
        ["suite", "client", "cases", "reason"],
        [[remark.suite, remark.client, words.some(remark.cases), remark.reason or "no reason given"] for remark in remarks]
    ) + ["", "</details>"]


def _cross(cross: CrossTable) -> list[str]:
    lines = ["", "## All clients at the same time", ""] + _table(["server", *cross.clients], [
        [server, *(_counts(words.cross_counts(client)) if client else "" for client in cells)]
        for server, cells in cross.rows])
    reasons = [[server, client.client, client.reason] for server, cells in cross.rows for client in cells
               if client and client.reason] + [[server, "", complaint] for server, complaint in cross.complaints]
    return lines + (["", *_table(["server", "client", "reason"], reasons)] if reasons else [])


def _counts(counts: Counts | None) -> str:
    return f"{words.SIGNS[counts.verdict]} {words.fraction(counts)}".rstrip() if counts else ""


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(heads), "|" + " --- |" * len(heads), *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def _text(text: str) -> str:
    """As text: nothing of it is markup, and it stays on its line."""
    return _SPECIAL.sub(r"\\\1", words.shortened(text, _REASON))
