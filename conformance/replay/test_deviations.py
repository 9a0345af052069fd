"""Ties the ids of deviations to the rows of the deviation table, so that none is accepted that nobody has written down."""
from __future__ import annotations

import json
import re
import unittest
from pathlib import Path

from replay.deviations import DEVIATIONS, possible_in

CONFORMANCE = Path(__file__).resolve().parent.parent
TABLE = CONFORMANCE.parent / "protocol" / "README.md"


def row_ids() -> list[str]:
    """The first cells of the table, in order."""
    section = TABLE.read_text(encoding="utf-8").split("\n## Deviations from the reference\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


class Ids(unittest.TestCase):
    """deviations.py, the cases and the table."""

    def test_rows_have_ids_of_their_own(self) -> None:
        ids = row_ids()
        self.assertGreater(len(ids), 50)
        self.assertEqual(sorted(set(ids)), sorted(ids))

    def test_every_accepted_deviation_is_a_row(self) -> None:
        self.assertEqual(set(), set(DEVIATIONS) - set(row_ids()))

    def test_every_allowed_id_is_a_row(self) -> None:
        metas = sorted((CONFORMANCE / "sessions").glob("*/*/meta.json"))
        self.assertGreater(len(metas), 50)
        for meta in metas:
            with self.subTest(str(meta)):
                self.assertEqual(set(), set(json.loads(meta.read_text(encoding="utf-8"))["allow"]) - set(row_ids()))

    def test_possible_in(self) -> None:
        exited = {"recv": {"method": "process/exited", "params": {"exitCode": -1}}}
        self.assertEqual(["exit-drained", "signal-128n"], possible_in([exited]))
        self.assertEqual(["created-at"], possible_in([{"recv": {"id": 1, "result": {"createdAtMs": 0}}}]))
        self.assertEqual([], possible_in([{"recv": {"id": 1, "result": {"createdAtMs": 1234}}}]))


if __name__ == "__main__":
    unittest.main()
