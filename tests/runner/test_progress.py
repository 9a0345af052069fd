"""That ./test knows how far its steps are, and keeps what is worth reading."""
from __future__ import annotations

import unittest

from runner.progress import Progress


class Reading(unittest.TestCase):
    """Lines as ninja, ctest and the groups print them."""

    def setUp(self) -> None:
        self.progress = Progress()

    def kept(self, *lines: str) -> list[str]:
        """Those of the lines that a log keeps."""
        return [line for number, line in enumerate(lines) if self.progress.read(line, float(number))]

    def test_ninja(self) -> None:
        """Count, and what was built last; errors are kept."""
        self.assertEqual(self.kept("-- Configuring done", "[3/40] Building CXX object server/net/listener.cpp.o",
                                   "FAILED: server/x.o", "x.cpp:1: error: no"), ["FAILED: server/x.o", "x.cpp:1: error: no"])
        self.assertEqual(self.progress.text(9.0), "3/40, listener.cpp.o")

    def test_ctest(self) -> None:
        """Count, failures, and what has run longest; of the tests those that did not pass are kept."""
        failed = "2/9 Test  #4: On/A.B/pty ....***Failed    0.31 sec"
        skipped = "3/9 Test  #5: A.C ....***Skipped   0.00 sec"
        kept = self.kept("      Start  3: A.A", "      Start  4: On/A.B/pty", "      Start  5: A.C", "      Start  6: A.D",
                         "1/9 Test  #3: A.A ....   Passed    0.31 sec", failed, skipped)
        self.assertEqual(kept, [failed, skipped])
        self.assertEqual(self.progress.text(63.0), "3/9, 1 failed, longest now: A.D 1:00")

    def test_groups(self) -> None:
        """Of a group that failed its failures are kept."""
        self.assertEqual(self.kept("PASS 0.169.0/a (0.1)", "FAIL 0.169.0/b (0.1) why", "    expected"),
                         ["FAIL 0.169.0/b (0.1) why", "    expected"])


if __name__ == "__main__":
    unittest.main()
