"""Ties the ids of deviations to the rows of the deviation table, so that none is accepted that nobody has written down."""
from __future__ import annotations

import json
import re
import unittest
from pathlib import Path

from replay.deviations import DEVIATIONS, Place, possible_in

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

    def test_file_and_line_of_a_broken_configuration(self) -> None:
        place = Place("environmentConfig/read", {}, ("error", "message"))
        text = "failed to load executor-local config: /home/a:b/config.toml:2:6: key with no value"
        for other, accepted in ((text.replace("key with no value", "something else"), True), (text.replace(":6:", ":9:"), True),
                                (text.replace(":2:", ":3:"), False), (text.replace("a:b", "c"), False), ("nothing", False)):
            with self.subTest(other):
                self.assertEqual(accepted, DEVIATIONS["toml-words"].may_differ(place, text, other))


if __name__ == "__main__":
    unittest.main()
