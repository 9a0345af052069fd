"""What came of a scenario, what it says of each method, and the results of a whole call in the suite's common form.

Exists because a scenario tries many methods at once: that it failed is not yet a word against each of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from live.traffic import Traffic
from report.results import FAIL, NOT_OFFERED, PASS, CaseResult, Results

_METHOD_NOT_FOUND = -32601
_HANDSHAKE = "initialize"
_LINE_WIDTH = 300  # of a log or a value in one line


@dataclass(frozen=True)
class Verdict:
    """What came of one scenario."""

    word: str
    name: str
    seconds: float
    reason: str = ""
    details: str = ""
    methods: dict[str, str] = field(default_factory=dict)
    server_version: str = ""

    def account(self) -> str:
        """The reason in one line, with what was expected and what came."""
        lines = [self.reason] + [line for line in self.details.splitlines() if line.startswith(("expected: ", "came: "))]
        return ", ".join(" ".join(line.split())[:_LINE_WIDTH] for line in lines)

    def __str__(self) -> str:
        line = f"{self.word} {self.name} ({self.seconds:.1f}) {self.reason}".rstrip()
        return f"{line}\n{textwrap.indent(self.details, '    ')}".rstrip()


def judge_methods(traffics: Iterable[Traffic], word: str, reason: str, needed: Iterable[str]) -> dict[str, str]:
    """Method -> verdict, for the methods and notifications that were on the wire.

    Where a scenario failed, the blame goes to the methods its reason names; if none, to those which were not
    answered; if none, to all but the handshake.  The others then get no verdict: what they brought was not looked at.
    """
    traffics = list(traffics)
    requests = [request for traffic in traffics for request in traffic.requests]
    seen = list(dict.fromkeys([request.method for request in requests]
                              + [notification.method for traffic in traffics for notification in traffic.notifications]))
    refused = {request.method for request in requests if (request.error or {}).get("code") == _METHOD_NOT_FOUND}
    if word == "NOT-OFFERED":
        refused |= set(needed) & set(seen)
    judged = dict.fromkeys(sorted(refused), NOT_OFFERED)
    if word == "PASS":
        judged |= {method: PASS for method in seen if method not in refused}
    elif word == "FAIL":
        blamed = [method for method in seen if method in reason]
        blamed = blamed or [request.method for request in requests if request.reply is None]
        blamed = blamed or [method for method in seen if method != _HANDSHAKE] or seen
        judged |= {method: FAIL for method in blamed if method not in refused}
    return judged


def declared_version(traffics: Iterable[Traffic]) -> str:
    """What a server said of itself at initialize; "" if nothing, as old ones."""
    for traffic in traffics:
        for request in traffic.of_method(_HANDSHAKE):
            if version := ((request.result or {}).get("environmentInfo") or {}).get("executorVersion"):
                return str(version)
    return ""


def results_of(verdicts: Sequence[Verdict], codex: str, server: dict[str, str], started: datetime, seconds: float) -> Results:
    """The verdicts of the client version `codex` as results."""
    return Results("live", server, started.isoformat(timespec="seconds"), round(seconds, 1),
                   [CaseResult(f"codex {codex}", verdict.name, verdict.word.lower(), round(verdict.seconds, 1),
                               verdict.account(), verdict.methods) for verdict in verdicts])
