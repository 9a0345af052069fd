"""That ./test -R builds no program too few."""
from __future__ import annotations

import os
import re
import subprocess
import unittest
from pathlib import Path

from runner.selection import may_match, names_in, targets_for

ROOT = Path(__file__).resolve().parents[2]


class Choosing(unittest.TestCase):
    """What may match."""

    WORDS = {"OutputRule", "Holds", "OutputRule.Holds", "Cells", "tmux", "pty"}

    def test_names(self) -> None:
        """Whole names, parts of them, instances and parameters."""
        for pattern in ("OutputRule", "Output", "OutputRule.Holds", r"^OutputRule\.", "Cells/OutputRule", "Holds/tmux$", "Rule|Nothing",
                        "OutputRule.Holds/12", ".*Rule.Ho", "Out.*Rule", "(Output|Other)Rule", "Outputs?Rule"):
            self.assertTrue(may_match(pattern, self.WORDS), pattern)

    def test_what_cannot(self) -> None:
        """A word that occurs in no name."""
        for pattern in ("replay", "OutputRule.Lets", "Nothing|Neither", "Cells/Other"):
            self.assertFalse(may_match(pattern, self.WORDS), pattern)

    def test_tests_that_are_no_programs(self) -> None:
        """They need what their command names."""
        tests = [{"name": "replay.a", "command": ["run", "--paned", "/b/paned"]}, {"name": "lint.b", "command": ["x"]},
                 {"name": "net_test_NOT_BUILT"}]
        outputs = {"/b/paned": "paned"}
        self.assertEqual(targets_for("replay", tests, {"net_test": {"Net"}}, outputs), ["paned"])
        self.assertEqual(targets_for("lint", tests, {"net_test": {"Net"}}, outputs), [])
        self.assertEqual(targets_for("Net", tests, {"net_test": {"Net"}}, outputs), ["net_test"])


class BuiltPrograms(unittest.TestCase):
    """Every test of every program that is built here."""

    def test_each_is_found_by_its_name(self) -> None:
        """By its whole name, and by that without instance and parameter."""
        table = Path(os.environ.get("PANED_BUILD", ROOT / "build" / "release")) / "test_programs.tsv"
        seen = 0
        for line in table.read_text(encoding="utf-8").splitlines():
            name, program, sources = line.split("\t")
            if not Path(program).exists():
                continue  # not built: `./test -R`
            words = names_in([ROOT / source for source in sources.split(";")], ROOT)
            listed = subprocess.run([program, "--gtest_list_tests"], stdout=subprocess.PIPE, text=True, check=True).stdout
            suite = ""
            for row in listed.splitlines():
                entry = row.partition("#")[0].strip()
                if not row.startswith(" "):
                    suite = entry
                    continue
                seen += 1
                for pattern in (f"^{re.escape(suite + entry)}$", re.escape(suite + entry).replace("/", ".*")):
                    self.assertTrue(may_match(pattern, words), f"{name}: {suite}{entry} by {pattern}")
        self.assertGreater(seen, 0)


if __name__ == "__main__":
    unittest.main()
