"""What the ids of deviations mean, from the table of protocol/README.md.

Exists so that a reader of a report need not look them up; without the table (or for ids of another server's list) the ids
stand alone.
"""
from __future__ import annotations

import re
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "protocol" / "README.md"
_ROW = re.compile(r"^\| `(?P<id>[a-z0-9.-]+)` \| (?P<what>.+?) \|")


def meanings(table: Path) -> dict[str, str]:
    """By id, as plain text; empty where there is no such file."""
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {row["id"]: row["what"].replace("`", "") for row in map(_ROW.match, lines) if row}
