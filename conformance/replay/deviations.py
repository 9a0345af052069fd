"""The deviations a case may allow: what is accepted under each id, and where it can matter.

Exists so that there is one table: cases name its ids in `allow`, the comparer asks it, `--deviations` prints it. Every
id is a row of the deviation table in protocol/README.md, which says why and who gains.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

METHOD_NOT_FOUND = -32601
INVALID_REQUEST = -32600
SIGNALS = range(1, 65)
ENVIRONMENT_METHODS = ("initialize", "environment/info")  # their results tell the members of the environment


@dataclass(frozen=True)
class Place:
    """Where in which message something differs."""

    method: str  # of the request that is answered, or of the notification
    params: dict[str, Any]  # its
    path: tuple[str, ...] = ()
    on_terminal: bool = False  # the process it is about has a tty


def _never_lacks(_place: Place) -> bool:
    return False


def _never_differs(_place: Place, _expected: Any, _actual: Any) -> bool:
    return False


def _lacks_no_tail(_stream: str) -> bytes:
    return b""


@dataclass(frozen=True)
class Deviation:
    """One row; the functions say what is accepted."""

    id: str
    accepts: str
    sign: str  # regex for the JSON of a session in which it can matter
    may_lack: Callable[[Place], bool] = _never_lacks  # the member at this place may be missing
    may_differ: Callable[[Place, Any, Any], bool] = _never_differs  # the value at this place may be another
    may_lack_tail: Callable[[str], bytes] = _lacks_no_tail  # what may be missing at the end of a stream
    counts: bool = True  # False: the recorded servers do so themselves now and then; no reason to say DEVIATES


def is_integer(value: Any) -> bool:
    """JSON knows no booleans that are numbers."""
    return isinstance(value, int) and not isinstance(value, bool)


def _lacks_identity(place: Place) -> bool:
    return place.method in ENVIRONMENT_METHODS and place.path[-1] in ("executorVersion", "providerId", "prependPathDirs")


def _creation_time(place: Place, _expected: Any, actual: Any) -> bool:
    return place.path == ("result", "createdAtMs") and is_integer(actual) and actual >= 0


def _signal_status(place: Place, expected: Any, actual: Any) -> bool:
    if place.path[-1:] != ("exitCode",) or not is_integer(actual) or actual - 128 not in SIGNALS:
        return False
    return bool(expected == -1 or expected == 1 and place.on_terminal)


def _directory_is_no_file(place: Place, expected: Any, actual: Any) -> bool:
    if place.method != "fs/readFile" or place.path != ("error",) or not isinstance(actual, dict):
        return False
    return (expected.get("message") == "Is a directory (os error 21)" and actual.get("code") == INVALID_REQUEST
            and actual.get("message") == f"path `{place.params['path']}` is not a file")


def _words_of_toml(place: Place, expected: Any, actual: Any) -> bool:
    if place.method != "environmentConfig/read" or place.path != ("error", "message") or not isinstance(actual, str):
        return False
    said, says = (_TOML_FAULT.match(text) for text in (expected, actual))
    return said is not None and says is not None and said[1] == says[1]


_TOML_FAULT = re.compile(r"(failed to load executor-local config: .*?:\d+:)\d+: .")

_ROWS = (
    Deviation("created-at", "`createdAtMs` is a real time where the recorded server said 0", '"createdAtMs": 0',
              may_differ=_creation_time),
    Deviation("exit-drained", "`process/exited` comes before output with a lower `seq`, or behind output and `process/closed` "
              "with a higher one, as from the recorded servers now and then. All else is in order, and nothing else is missing "
              "at `process/closed`", '"process/exited"', counts=False),
    Deviation("info-members", "`executorVersion`, `providerId`, `prependPathDirs` are missing", '"executorVersion":',
              may_lack=_lacks_identity),
    Deviation("read-directory", "`fs/readFile` of a directory is -32600 ``path `P` is not a file`` where an older server "
              "said `Is a directory (os error 21)`", r"Is a directory \(os error 21\)",
              may_differ=_directory_is_no_file),
    Deviation("signal-128n", "the exit code of a death by signal n is 128+n, where an older server said -1 and any "
              "recorded one 1 on a tty", r'"exitCode": (-1|1)\b', may_differ=_signal_status),
    Deviation("toml-words", "why, and at which column, a file is no TOML is told in other words; the file and the line are "
              "the same", "failed to load executor-local config", may_differ=_words_of_toml),
    Deviation("tty-hangup", "the last CR LF of a tty is missing, where an older server added it when it ended the process",
              r'"stream": "pty", "chunk": "DQo="', may_lack_tail=lambda stream: b"\r\n" if stream == "pty" else b""),
)
DEVIATIONS = {row.id: row for row in _ROWS}


def possible_in(messages: Iterable[dict[str, Any]]) -> list[str]:
    """The ids that can matter in a session with these messages: what a new case allows."""
    text = json.dumps(list(messages))
    return [row.id for row in _ROWS if re.search(row.sign, text)]


def listing() -> str:
    """The table as text."""
    rows = "\n".join(f"  {row.id:<16}{row.accepts}" for row in _ROWS)
    return ("A case is accepted with these differences from its recording if its meta.json allows them by id. "
            "protocol/README.md\nof paned says what, why and who gains. One that was needed makes the verdict DEVIATES, "
            f"except exit-drained.\n{rows}")
