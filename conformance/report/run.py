"""Makes tables of result files: methods by clients of every server, servers beside each other, mutations, all at once.

Files are what `run`, `live`, `mutations` and `cross` write with --json, and the Go walk with -json; any number of them, of
any servers.
"""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from report import current, markdown, page, text
from report.deviation_list import TABLE, meanings
from report.inputs import load_inputs
from report.results import FORMAT, BadResults
from report.tables import Report, build


def as_json(report: Report) -> str:
    """The computed tables; README.md has their members."""
    return json.dumps({"format": FORMAT, **asdict(report)}, ensure_ascii=False, indent=1) + "\n"


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render, "json": as_json, "markdown": markdown.render, "html": page.render}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("files", nargs="*", type=Path, metavar="RESULTS.json", help="files written with --json")
    parser.add_argument("--format", choices=FORMATS, help="default: by the name of --out, else text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    current.configure(parser)


def main(arguments: argparse.Namespace) -> int:
    """Draws the tables; 0, or 1 when a file cannot be read or written."""
    if arguments.current:
        return current.main(arguments)
    if not arguments.files:
        arguments.usage_error("name the result files (what `paned-conformance run --json FILE` wrote), or --current")
    try:
        report = build(load_inputs(arguments.files), meanings(TABLE))
        write(FORMATS[arguments.format or _format_of(arguments.out)](report), arguments.out)
    except BadResults as error:
        print(f"paned-conformance report: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"paned-conformance report: cannot write {arguments.out}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def write(content: str, path: Path | None) -> None:
    """UTF-8 into the file; on a terminal that has no UTF-8, signs it cannot show become escapes."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.flush()


def _format_of(path: Path | None) -> str:
    endings = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}
    return endings.get(path.suffix, "text") if path else "text"
