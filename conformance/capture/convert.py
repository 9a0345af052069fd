"""Makes cases for `paned-conformance run` from captures.

CAPTURES is a folder of VERSION/CASE.jsonl, or one such file; the cases go to SESSIONS/VERSION/CASE.  A case that is
there already keeps its files and what people wrote in its meta.json.  Exit code 1 when a capture was refused.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from capture.capture_file import Unconvertible, read_capture
from capture.case_folder import write_case


@dataclass(frozen=True)
class Outcome:
    """What came of one capture; no reason: the case was written."""

    case: str
    reason: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("captures", type=Path, metavar="CAPTURES", help="folder of VERSION/CASE.jsonl, or one such file")
    parser.add_argument("sessions", type=Path, metavar="SESSIONS", help="where the cases go")


def main(arguments: argparse.Namespace) -> int:
    """Converts all captures; the exit code."""
    captures: Path = arguments.captures
    paths = [captures] if captures.is_file() else sorted(captures.glob("*/*.jsonl"))
    if not paths:
        arguments.usage_error(f"{captures}: no capture VERSION/CASE.jsonl below it")
    outcomes = [convert(path, arguments.sessions) for path in paths]
    refused = [outcome for outcome in outcomes if outcome.reason]
    for outcome in refused:
        print(f"REFUSED {outcome.case}: {outcome.reason}")
    print(f"{len(outcomes) - len(refused)} cases written, {len(refused)} refused")
    return 1 if refused else 0


def convert(path: Path, sessions: Path) -> Outcome:
    """Writes one case."""
    version, name = path.resolve().parent.name, path.stem
    try:
        write_case(read_capture(path), sessions / version / name)
    except Unconvertible as error:
        return Outcome(f"{version}/{name}", str(error))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Outcome(f"{version}/{name}", f"a message is not what the protocol says: {type(error).__name__} {error}")
    return Outcome(f"{version}/{name}")
