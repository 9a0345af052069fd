"""What a scenario says of each method, and the results of a whole call, in the form all parts of the suite share.

Exists because a scenario tries many methods at once: that it failed is not yet a word against each of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from live.traffic import Traffic
from report.results import FAIL, NOT_OFFERED, PASS

_METHOD_NOT_FOUND = -32601
_HANDSHAKE = "initialize"


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
