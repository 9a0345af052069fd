"""That nothing a run of ctest says is lost or counted twice."""
from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from runner.results import FAILED, PASSED, SKIPPED, Result, read_results, summary


def results_of(*cases: tuple[str, str, str]) -> list[Result]:
    """The results of a file with these tests: name, ctest's status, output."""
    rows = "".join(f'<testcase name={quoteattr(name)} time="1.5" status={quoteattr(status)}><system-out>{escape(output)}'
                   "</system-out></testcase>" for name, status, output in cases)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "release.1.xml").write_text(f"<testsuite>{rows}</testsuite>", encoding="utf-8")
        return read_results(Path(folder))


def told(results: list[Result]) -> list[tuple[str, str, str]]:
    """Name, status and reason of each."""
    return [(result.name, result.status, result.reason) for result in results]


class Single(unittest.TestCase):
    """Tests that are no groups."""

    def test_status_and_reason(self) -> None:
        """Passed, failed, and both ways to say why one is skipped."""
        results = results_of(("a", "run", ""), ("b", "fail", "text"), ("c", "notrun", "x\nSKIP: no npm\n"),
                             ("D.e", "notrun", "a_test.cpp:3: Skipped\nnot root\n"), ("f", "notrun", ""))
        self.assertEqual(told(results), [("a", PASSED, ""), ("b", FAILED, ""), ("c", SKIPPED, "no npm"),
                                         ("D.e", SKIPPED, "not root"), ("f", SKIPPED, "no reason given")])


class Groups(unittest.TestCase):
    """Each line of a group is a test."""

    def test_of_the_replay(self) -> None:
        """Names as those of the tests that run alone; the sum has those that deviate among the passed."""
        output = ("PASS 0.169.0/a (0.1)\nDEVIATES 0.169.0/b (0.2) created-at (x)\nNOT-OFFERED 0.1.0/c (0.0) no tty\n"
                  "SKIP 0.1.0/d (0.0) no bash\n1 not offered, 1 deviate\n2 passed, 0 failed, 1 skipped\n")
        self.assertEqual(told(results_of(("replay.all", "run", output))), [
            ("replay.0.169.0.a", PASSED, ""), ("replay.0.169.0.b", PASSED, ""), ("replay.0.1.0.c", SKIPPED, "no tty"),
            ("replay.0.1.0.d", SKIPPED, "no bash")])

    def test_of_live_clients(self) -> None:
        """Its sum has what is not offered behind the others; indented details are no verdicts."""
        output = "PASS a (0.1)\nFAIL b (2.0) wrong\n    expected: PASS c (1.0)\n1 passed, 1 failed, 0 skipped, 0 not offered\n"
        self.assertEqual(told(results_of(("live.1.all", "fail", output))),
                         [("live.1.a", PASSED, ""), ("live.1.b", FAILED, "wrong")])

    def test_a_line_that_is_missing(self) -> None:
        """The sum is held against the lines."""
        output = "PASS a (0.1)\n2 passed, 0 failed, 0 skipped\n"
        self.assertEqual(told(results_of(("live.1.all", "run", output)))[1],
                         ("live.1.all", FAILED, "it says 2 tests, but 1 lines"))

    def test_one_that_died(self) -> None:
        """Without a sum it has failed, whatever its lines say."""
        self.assertEqual(told(results_of(("live.1.all", "fail", "PASS a (0.1)\n")))[1],
                         ("live.1.all", FAILED, "it says no sum"))

    def test_one_that_fails_although_its_tests_do_not(self) -> None:
        """As when the server it started has died at the end."""
        output = "PASS a (0.1)\n1 passed, 0 failed, 0 skipped\n"
        self.assertEqual(told(results_of(("x.all", "fail", output)))[1],
                         ("x.all", FAILED, "it failed, but none of its tests did"))

    def test_one_that_is_skipped(self) -> None:
        """Then it is one test."""
        self.assertEqual(told(results_of(("live.1.all", "notrun", "SKIP: no npm\n"))), [("live.1.all", SKIPPED, "no npm")])


class Summary(unittest.TestCase):
    """The last lines."""

    def test_sum(self) -> None:
        """All is well only when nothing failed."""
        results = [Result("release", "a", PASSED, 1.0), Result("release", "b", SKIPPED, 0.0, "why")]
        self.assertEqual(summary(results, []), (["SKIPPED release: b: why", "1 passed, 0 failed, 1 skipped"], True))

    def test_a_step_that_fails_in_silence(self) -> None:
        """Counts once; one whose tests are told does not count again."""
        results = [Result("release", "a", FAILED, 1.0, "why")]
        steps = [("release: tests", "release", True), ("asan: tests", "asan", True), ("clang-tidy", "", False)]
        lines, good = summary(results, steps)
        self.assertFalse(good)
        self.assertEqual(lines[-1], "0 passed, 3 failed, 0 skipped")

    def test_nothing_ran(self) -> None:
        """A build that fails is a failure."""
        self.assertEqual(summary([], [("release: build", "release", False)]),
                         (["FAILED STEP release: build", "0 passed, 1 failed, 0 skipped"], False))


if __name__ == "__main__":
    unittest.main()
