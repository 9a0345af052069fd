"""A report as one HTML page: no script, nothing fetched, for screens of any width, dark and light, paper and screen readers."""
from __future__ import annotations

from itertools import groupby
from pathlib import Path

from report import order, words
from report.element import Markup, element, join
from report.inputs import CAUGHT, MutationRun, StepRun
from report.results import FAIL, PASS, VERDICTS
from report.tables import Cell, Comparison, Counts, CrossTable, MethodRow, Remark, Report, ServerTables

STYLE = Path(__file__).with_suffix(".css")
_OPEN_UP_TO = 12  # rows of a list that is shown without a click


def render(report: Report) -> str:
    """The whole page."""
    sections = [_overview(report)]
    if len(report.servers) > 1:
        sections += [_comparison(place, comparison) for place, comparison in enumerate(report.comparisons)]
    if report.cross:
        sections.append(_cross(report.cross))
    sections += [_mutations(run) for run in report.mutations]
    sections += [_server(f"server-{place}", server) for place, server in enumerate(report.servers)]
    sections += [_steps(run) for run in report.steps]
    head = join([Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
                 element("title", words.TITLE), element("style", Markup(STYLE.read_text(encoding="utf-8")))])
    body = join([_header(report), element("main", *sections),
                 element("footer", "Made by ", element("code", "paned-conformance report"), ".")])
    return f'<!doctype html>\n<html lang="en">{element("head", head)}{element("body", body)}</html>\n'


def _header(report: Report) -> Markup:
    made = [element("div", element("dt", name), element("dd", value))
            for run in report.steps for name, value in run.made.items()]
    links = [("#overview", "Overview")]
    if len(report.servers) > 1:
        links += [(f"#comparison-{place}", f"Servers: {comparison.suite}")
                  for place, comparison in enumerate(report.comparisons)]
    links += [("#cross", "All at once")] if report.cross else []
    links += [("#mutations", "Mutations")] if report.mutations else []
    links += [(f"#server-{place}", server.server) for place, server in enumerate(report.servers)]
    missing = words.not_run(report)
    return element(
        "header", element("h1", words.TITLE), element("dl", *made, class_="made") if made else "",
        element("div", element("strong", "Not run:"), element("ul", *(element("li", step) for step in missing)),
                class_="warning") if missing else "",
        element("nav", element("ul", *(element("li", element("a", name, href=target)) for target, name in links)),
                aria_label="Sections"))


def _overview(report: Report) -> Markup:
    cards = [element("li", element("strong", server.server), _figure(server.total.good, server.total.exercised),
                     _bar(server.total), element("p", words.sentence(server.total))) for server in report.servers]
    for run in report.mutations:
        caught = sum(mutation.verdict == CAUGHT for mutation in run.mutations)
        cards.append(element("li", element("strong", "Mutations"), _figure(caught, len(run.mutations)),
                             _bar(Counts(passed=caught, failed=len(run.mutations) - caught)),
                             element("p", words.mutation_sentence(run))))
    legend = [join([element("dt", element("span", f"{words.SIGNS[verdict]} {words.WORDS[verdict]}", class_=f"chip {verdict}")),
                    element("dd", words.MEANINGS[verdict])]) for verdict in VERDICTS]
    return element("section", element("h2", "Overview"),
                   element("ul", *cards, class_="cards") if cards else element("p", "No results."),
                   element("dl", *legend, class_="legend"),
                   element("p", f"{words.FRACTION}. {words.BLANK.capitalize()}.", class_="soft"), id="overview")


def _figure(good: int, exercised: int) -> Markup:
    return element("p", f"{good}", element("span", f" / {exercised}", class_="soft"), class_="figure")


def _bar(counts: Counts) -> Markup:
    parts = [element("i", class_=verdict, style=f"flex: {number}") for verdict, number in zip(
        (PASS, "deviates", FAIL, "skip", "not-offered"), words.numbers(counts)) if number]
    return element("div", *parts, class_="bar", aria_hidden="true")


def _comparison(place: int, comparison: Comparison) -> Markup:
    rows = [element("tr", element("th", server, scope="row"), *map(_counts_cell, cells))
            for server, cells in comparison.rows]
    name = f"comparison-{place}"
    return element("section", element("h2", f"Servers and clients: {comparison.suite}", id=f"{name}-title"),
                   element("p", "A row is a server, a column the clients' cases; a cell, how many of them went right.", class_="soft"),
                   _matrix(f"{name}-title", "server", comparison.clients, [element("tbody", *rows)]), id=name)


def _cross(cross: CrossTable) -> Markup:
    rows = [element("tr", element("th", server, scope="row"), *(
        _cell(words.cross_counts(client), words.cross_hint(client)) if client else element("td") for client in cells))
        for server, cells in cross.rows]
    reasons = [[server, client.client, client.reason] for server, cells in cross.rows for client in cells
               if client and client.reason] + [[server, "", complaint] for server, complaint in cross.complaints]
    return element("section", element("h2", "All clients at the same time", id="cross-title"),
                   element("p", "All clients of a row worked through that one server at once.", class_="soft"),
                   _matrix("cross-title", "server", cross.clients, [element("tbody", *rows)]),
                   _list("Reasons", ["server", "client", "reason"], reasons, len(reasons)) if reasons else "", id="cross")


def _mutations(run: MutationRun) -> Markup:
    heads = ["mutation", "what it does to replies", "changed", "verdict", "seen by", "first"]
    rows = []
    for mutation in run.mutations:
        verdict = PASS if mutation.verdict == CAUGHT else FAIL
        rows.append(element(
            "tr", element("th", element("code", mutation.name), scope="row"), element("td", mutation.description),
            element("td", str(mutation.applied)),
            element("td", element("span", f"{words.SIGNS[verdict]} {mutation.verdict}", class_=f"chip {verdict}")),
            element("td", words.counted(len(mutation.caught_by), "case"), title=", ".join(mutation.caught_by) or None),
            element("td", mutation.first, class_="wide")))
    return element("section", element("h2", "Mutations", id="mutations-title"),
                   element("p", f"A proxy breaks the replies of {run.server}; the suite must see it. {words.mutation_sentence(run)}; "
                           f"{words.control_sentence(run)} ({words.CONTROLS}).", class_="soft"),
                   _scroll("mutations-title", element("table", _heads(heads), element("tbody", *rows), class_="list")),
                   id="mutations")


def _server(name: str, server: ServerTables) -> Markup:
    letters = words.letters(server.deviations)
    parts = [element("h2", server.server, id=f"{name}-title"), element("p", f"{words.sentence(server.total)}.", class_="soft")]
    if server.methods:
        bodies = [element("tbody", element("tr", element("th", family, scope="rowgroup", class_="family",
                                                         colspan=str(len(server.clients) + 1))),
                          *(_method_row(name, row, letters) for row in rows))
                  for family, rows in groupby(server.methods, key=lambda row: row.family)]
        parts += [element("h3", "Methods and clients", id=f"{name}-methods"),
                  _matrix(f"{name}-methods", "method", server.clients, bodies)]
    bodies = [element("tbody", element("tr", element("th", suite.suite, scope="rowgroup", class_="family",
                                                     colspan=str(len(server.clients) + 1))),
                      *(element("tr", element("th", word, scope="row"), *(_number(counts, place) for counts in suite.counts))
                        for place, word in enumerate(words.COUNT_WORDS))) for suite in server.suites]
    parts += [element("h3", "Cases", id=f"{name}-cases"), _matrix(f"{name}-cases", "cases", server.clients, bodies)]
    if server.repeated:
        parts.append(element("p", f"{words.counted(server.repeated, 'case')} played more than once: the worst verdict counts."))
    if server.deviations:
        rows = [element("tr", element("td", letters[deviation.id]),
                        element("th", element("code", deviation.id), scope="row"), element("td", deviation.meaning, class_="wide"),
                        element("td", str(deviation.cases)), element("td", ", ".join(deviation.clients)),
                        element("td", ", ".join(deviation.methods)), id=f"{name}-{letters[deviation.id]}")
                for deviation in server.deviations]
        parts += [element("h3", "Deviations met", id=f"{name}-deviations"), _scroll(f"{name}-deviations", element(
            "table", _heads(["", "id", "meaning", "cases", "clients", "methods"]), element("tbody", *rows), class_="list"))]
    parts += [_remarks(title, remarks) for title, remarks in (
        ("Failed", server.failed), ("Skipped", server.skipped), ("Not offered", server.not_offered)) if remarks]
    return element("section", *parts, id=name)


def _method_row(server: str, row: MethodRow, letters: dict[str, str]) -> Markup:
    def notes(cell: Cell) -> str:
        return element("sup", *(element("a", letters[name], href=f"#{server}-{letters[name]}", title=name)
                                for name in cell.deviations)) if cell.deviations else ""
    return element("tr", element("th", _method(row.method), scope="row"), *(
        _cell(cell.counts, words.cell_hint(cell), notes(cell)) if cell else element("td") for cell in row.cells))


def _method(name: str) -> Markup:
    """May be broken behind a slash, where there is little room."""
    family, slash, rest = name.partition("/")
    return element("code", family, slash, Markup("<wbr>") if slash else "", rest)


def _cell(counts: Counts, hint: str, notes: str = "") -> Markup:
    verdict = counts.verdict
    return element("td", element("span", words.SIGNS[verdict], aria_hidden="true"),
                   element("span", words.WORDS[verdict], class_="unseen"), " ", words.fraction(counts), notes,
                   class_=verdict, title=hint)


def _counts_cell(counts: Counts | None) -> Markup:
    return _cell(counts, words.sentence(counts)) if counts else element("td")


def _number(counts: Counts | None, place: int) -> Markup:
    if not counts:
        return element("td")
    number, verdict = words.numbers(counts)[place], (PASS, "deviates", FAIL, "skip", "not-offered")[place]
    return element("td", str(number), class_=(verdict if number and verdict == FAIL else f"number{' some' * bool(number)}"))


def _remarks(title: str, remarks: list[Remark]) -> Markup:
    number = sum(len(remark.cases) for remark in remarks)
    return _list(f"{title}: {words.counted(number, 'case')}", ["suite", "client", "cases", "reason"], [
        [remark.suite, remark.client, ", ".join(remark.cases), remark.reason or "no reason given"] for remark in remarks],
        len(remarks))


def _steps(run: StepRun) -> Markup:
    rows = [[step.name, step.command, f"{step.outcome}: {step.reason}" if step.reason else step.outcome, f"{step.seconds:.0f}"]
            for step in run.steps]
    return element("section", element("h2", "How this was made"),
                   _list("Steps", ["step", "command", "outcome", "seconds"], rows, len(rows)), id="steps")


def _list(title: str, heads: list[str], rows: list[list[str]], number: int) -> Markup:
    table = element("table", _heads(heads), element("tbody", *(element("tr", *(
        element("td", cell, class_="wide" if head in ("reason", "cases", "command") else None)
        for head, cell in zip(heads, row))) for row in rows)), class_="list")
    inside = join([element("summary", title), element("div", table, class_="scroll", tabindex="0", role="region",
                                                      aria_label=title)])
    return element("details", inside, open="" if number <= _OPEN_UP_TO else None)


def _heads(heads: list[str]) -> Markup:
    return element("thead", element("tr", *(element("th", head, scope="col") if head else element("td") for head in heads)))


def _matrix(labelled_by: str, corner: str, clients: list[str], bodies: list[Markup]) -> Markup:
    split = [order.split_client(client) for client in clients]
    families = [(family, len(list(columns))) for family, columns in groupby(family for family, _ in split)]
    head = element(
        "thead", element("tr", element("th", corner, scope="col", rowspan="2"),
                         *(element("th", family, scope="colgroup", colspan=str(width)) for family, width in families)),
        element("tr", *(element("th", rest, scope="col") for _, rest in split)))
    return _scroll(labelled_by, element("table", head, *bodies, class_="matrix"))


def _scroll(labelled_by: str, table: Markup) -> Markup:
    """A table that is wider than the screen scrolls by itself, by the keyboard, too."""
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_labelledby=labelled_by)
