"""The tables of a report: methods by clients of each server, cases by client, servers beside each other.

Exists so that text, Markdown, HTML and JSON only have to draw; what a cell says is decided here and nowhere else.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from report import order
from report.inputs import CrossClient, CrossRun, Inputs, MutationRun, StepRun, server_label
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP, CaseResult, Results

# The verdict that speaks for several: what is wrong before what is right, what was found out before what was not.
PRECEDENCE = (FAIL, DEVIATES, PASS, NOT_OFFERED, SKIP)


def foremost(verdicts: Iterable[str]) -> str:
    """The verdict that speaks for all of them."""
    return min(verdicts, key=PRECEDENCE.index)


@dataclass(frozen=True)
class Counts:
    """Cases by verdict."""

    passed: int = 0
    deviates: int = 0
    failed: int = 0
    skipped: int = 0
    not_offered: int = 0

    @property
    def good(self) -> int:
        """Cases in which the server did what it should, if need be as a deviation says."""
        return self.passed + self.deviates

    @property
    def exercised(self) -> int:
        """Cases that were played to an end."""
        return self.good + self.failed

    @property
    def total(self) -> int:
        """All cases."""
        return self.exercised + self.skipped + self.not_offered

    @property
    def verdict(self) -> str:
        """The one that speaks for all of them."""
        numbers = {FAIL: self.failed, DEVIATES: self.deviates, PASS: self.passed, NOT_OFFERED: self.not_offered}
        return foremost([verdict for verdict, number in numbers.items() if number] or [SKIP])

    @staticmethod
    def of(verdicts: Iterable[str]) -> Counts:
        """Counts verdicts."""
        seen = list(verdicts)
        return Counts(seen.count(PASS), seen.count(DEVIATES), seen.count(FAIL), seen.count(SKIP),
                      seen.count(NOT_OFFERED))


@dataclass(frozen=True)
class Cell:
    """How a server answers one method of one client."""

    counts: Counts  # of the cases that use the method
    deviations: list[str]  # ids, of the cases in which the method deviates
    failed: list[str]  # names of the cases in which it fails


@dataclass(frozen=True)
class MethodRow:
    """A method, with a cell per client of the server; None where no case of the client uses it."""

    method: str
    family: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class SuiteRow:
    """The cases of one suite, by client; None where it has none."""

    suite: str
    counts: list[Counts | None]


@dataclass(frozen=True)
class Remark:
    """Cases of one client that came to the same verdict for the same reason."""

    suite: str
    client: str
    cases: list[str]
    reason: str


@dataclass(frozen=True)
class Deviation:
    """A row of the deviation list, and where it was needed."""

    id: str
    cases: int
    clients: list[str]
    methods: list[str]
    meaning: str = ""


@dataclass(frozen=True)
class Run:
    """A file of results that went into a table."""

    suite: str
    started: str
    seconds: float
    cases: int
    url: str


@dataclass(frozen=True)
class ServerTables:
    """Everything about one server."""

    server: str
    clients: list[str]
    methods: list[MethodRow]
    suites: list[SuiteRow]
    total: Counts
    failed: list[Remark]
    skipped: list[Remark]
    not_offered: list[Remark]
    deviations: list[Deviation]
    repeated: int  # cases that were played more than once; the foremost verdict counts
    runs: list[Run]


@dataclass(frozen=True)
class Comparison:
    """Servers beside each other, by the clients of one suite."""

    suite: str
    clients: list[str]
    rows: list[tuple[str, list[Counts | None]]]


@dataclass(frozen=True)
class CrossTable:
    """All clients at the same time, a row per server."""

    clients: list[str]
    rows: list[tuple[str, list[CrossClient | None]]]
    complaints: list[tuple[str, str]]  # server, what was wrong with the run as a whole


@dataclass(frozen=True)
class Report:
    """All tables."""

    servers: list[ServerTables] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    cross: CrossTable | None = None
    mutations: list[MutationRun] = field(default_factory=list)
    steps: list[StepRun] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """A case in the suite that played it."""

    suite: str
    result: CaseResult


def build(inputs: Inputs, meanings: dict[str, str]) -> Report:
    """Computes all tables; `meanings` explains ids of deviations."""
    by_server: dict[str, list[Results]] = defaultdict(list)
    for results in inputs.results:
        by_server[server_label(results.server)].append(results)
    servers = [_server_tables(name, by_server[name], meanings) for name in order.servers_in_order(by_server)]
    return Report(servers, _comparisons(servers), _cross(inputs.cross), inputs.mutations, inputs.steps)


def _server_tables(name: str, runs: list[Results], meanings: dict[str, str]) -> ServerTables:
    entries, repeated = _merge(runs)
    clients = order.clients_in_order({entry.result.client for entry in entries})
    suites = order.suites_in_order({entry.suite for entry in entries})
    return ServerTables(
        name, clients, _method_rows(entries, clients),
        [SuiteRow(suite, [_counts_of(entries, suite, client) for client in clients]) for suite in suites],
        Counts.of(entry.result.verdict for entry in entries),
        _remarks(entries, FAIL, clients), _remarks(entries, SKIP, clients), _remarks(entries, NOT_OFFERED, clients),
        _deviations(entries, meanings), repeated,
        [Run(run.suite, run.started, run.seconds, len(run.cases), run.server.get("url", "")) for run in runs])


def _merge(runs: list[Results]) -> tuple[list[_Entry], int]:
    """Every case once.  Of a case that was played more than once the foremost verdict counts, not the last one:
    a failure that a second run does not show is still one."""
    merged: dict[tuple[str, str, str], CaseResult] = {}
    repeated = set()
    for run in runs:
        for result in run.cases:
            key = (run.suite, result.client, result.case)
            if key in merged:
                repeated.add(key)
                if foremost([merged[key].verdict, result.verdict]) == merged[key].verdict:
                    continue
            merged[key] = result
    return [_Entry(suite, result) for (suite, _, _), result in merged.items()], len(repeated)


def _method_rows(entries: list[_Entry], clients: list[str]) -> list[MethodRow]:
    uses: dict[tuple[str, str], list[CaseResult]] = defaultdict(list)
    for entry in entries:
        for method in entry.result.methods:
            uses[method, entry.result.client].append(entry.result)
    methods = order.in_protocol_order({method for method, _ in uses})
    return [MethodRow(method, order.family_of(method), [_cell(method, uses.get((method, client))) for client in clients])
            for method in methods]


def _cell(method: str, results: list[CaseResult] | None) -> Cell | None:
    if not results:
        return None
    deviations = {deviation for result in results for deviation in _needed(result, method)}
    return Cell(Counts.of(result.methods[method] for result in results), sorted(deviations),
                sorted(result.case for result in results if result.methods[method] == FAIL))


def _needed(result: CaseResult, method: str) -> list[str]:
    """The deviations of a method; where the case does not say which they are, all of the case."""
    if result.deviating:
        return result.deviating.get(method, [])
    return result.deviations if result.methods[method] == DEVIATES else []


def _counts_of(entries: list[_Entry], suite: str, client: str) -> Counts | None:
    verdicts = [entry.result.verdict for entry in entries if (entry.suite, entry.result.client) == (suite, client)]
    return Counts.of(verdicts) if verdicts else None


def _remarks(entries: list[_Entry], verdict: str, clients: list[str]) -> list[Remark]:
    cases: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for entry in entries:
        if entry.result.verdict == verdict:
            cases[entry.suite, entry.result.client, entry.result.reason].append(entry.result.case)
    remarks = [Remark(suite, client, sorted(names), reason) for (suite, client, reason), names in cases.items()]
    suites = order.suites_in_order({entry.suite for entry in entries})
    return sorted(remarks, key=lambda remark: (suites.index(remark.suite), clients.index(remark.client), remark.cases))


def _deviations(entries: list[_Entry], meanings: dict[str, str]) -> list[Deviation]:
    needing: dict[str, list[CaseResult]] = defaultdict(list)
    for entry in entries:
        for deviation in set(entry.result.deviations):
            needing[deviation].append(entry.result)
    return [Deviation(name, len(results), order.clients_in_order({result.client for result in results}),
                      order.in_protocol_order({method for result in results for method in result.methods
                                               if name in _needed(result, method)}),
                      meanings.get(name, ""))
            for name, results in sorted(needing.items())]


def _comparisons(servers: list[ServerTables]) -> list[Comparison]:
    suites = order.suites_in_order({row.suite for server in servers for row in server.suites})
    comparisons = []
    for suite in suites:
        found = {server.server: {client: counts for row in server.suites if row.suite == suite
                                 for client, counts in zip(server.clients, row.counts) if counts}
                 for server in servers}
        clients = order.clients_in_order({client for counts in found.values() for client in counts})
        comparisons.append(Comparison(suite, clients, [
            (server, [counts.get(client) for client in clients]) for server, counts in found.items() if counts]))
    return comparisons


def _cross(runs: list[CrossRun]) -> CrossTable | None:
    if not runs:
        return None
    clients = order.clients_in_order({client.client for run in runs for client in run.clients})
    rows = []
    for server in order.servers_in_order({run.server for run in runs}):
        found = {client.client: client for run in runs if run.server == server for client in run.clients}
        rows.append((server, [found.get(client) for client in clients]))
    return CrossTable(clients, rows, [(run.server, complaint) for run in runs for complaint in run.complaints])
