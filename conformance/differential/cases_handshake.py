"""initialize, sessions, resume."""
from __future__ import annotations

from typing import Any

from differential.case import ABSENT, BARE, FULL, INITIALIZED, Allow, Call, Case, Connect, Drop, Frame, case

NOBODY = "0199a213-81c0-4800-8aa1-bbab2a035a53"


def initialize(on: str = "a", **members: Any) -> Call:
    return Call("initialize", {"clientName": "x", **members}, on=on)


STATUS = Call("environment/status")
ROWS: dict[str, Any] = {
    "without params": ABSENT, "null": None, "empty object": {}, "array": [], "number": 7, "text": "x",
                        "clientName null": {"clientName": None},
    "clientName number": {"clientName": 7}, "clientName missing": {"resumeSessionId": None},
                        "resumeSessionId number": {"clientName": "x", "resumeSessionId": 7},
    "resumeSessionId object": {"clientName": "x", "resumeSessionId": {}},
                        "resumeSessionId unknown": {"clientName": "x", "resumeSessionId": NOBODY},
    "resumeSessionId empty": {"clientName": "x", "resumeSessionId": ""},
                        "resumeSessionId no UUID": {"clientName": "x", "resumeSessionId": "no session"},
    "resumeSessionId NUL": {"clientName": "x", "resumeSessionId": "a\0\n"},
                        "resumeSessionId long": {"clientName": "x", "resumeSessionId": "x" * 1000},
}
CASES: list[Case] = [
    *[case(f"initialize {name}", Call("initialize", params), STATUS, initialize(), handshake=BARE,
           allow=Allow("positional-params", "0.reply.error.message",
                       "invalid type: sequence, expected struct InitializeParams")
           if name == "array" else ()) for name, params in ROWS.items()],
    *[case(f"initialize {name}", Call("initialize", params), handshake=BARE) for name, params in {
        "good": {"clientName": "x"}, "clientName empty": {"clientName": ""},
        "clientName long": {"clientName": "x" * 10_000},
        "resumeSessionId null": {"clientName": "x",
                                 "resumeSessionId": None}, "unknown members": {"clientName": "x", "clientVersion": [1],
                                                                               "capabilities": {}}}.items()],
    case("initialize twice", initialize(), initialize(), initialize(resumeSessionId="$session.a"), STATUS,
         handshake=FULL),
    case("initialize twice before initialized", initialize(), initialize(), STATUS, handshake=BARE),
    case("initialize twice with bad params", Call("initialize", {}), handshake=FULL),
    case("initialized twice", Frame('{"method":"initialized"}'), STATUS),
    case("resume of a session that is attached", Connect("b", BARE), initialize("b", resumeSessionId="$session.a"),
         initialize("b"), STATUS),
    case("resume of the own session", initialize(resumeSessionId="$session.a"), handshake=FULL),
    case("resume of a dropped session", Drop("a"), Connect("b", resume="$session.a"),
         Call("environment/status", on="b")),
    case("resume of a dropped session twice", Drop("a"), Connect("b", resume="$session.a"), Connect("c", BARE),
         initialize("c", resumeSessionId="$session.a")),
    case("resume needs initialized", Drop("a"), Connect("b", INITIALIZED, resume="$session.a"),
         Call("fs/getMetadata", {"path": "file:///"}, on="b")),
    case("a session that never sent initialized is resumed", initialize(), Drop("a"), Connect("b", BARE),
         initialize("b", resumeSessionId="$session.a"), handshake=BARE),
]
