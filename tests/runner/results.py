"""The results of all tests, read from the JUnit files that ctest wrote; and their sum.

A ctest whose name ends in `.all` is a group: one process that runs many tests and prints a line for each. Each of those
lines is a test here, under the name that it has when it is run alone; nothing a group holds can be lost unseen, for the
lines are held against the number that the group itself says.
Pure, but for reading the files.
"""
from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_GROUP_END = ".all"

# `PASS 0.169.0/simple (0.1) why`, and with a rule in between, as the Go client has it.
_VERDICT = re.compile(r"^(PASS|DEVIATES|FAIL|SKIP|NOT-OFFERED) (\S+) (?:\S+ )?\((\d+\.\d+)\) ?(.*)$", re.MULTILINE)
_VERDICT_STATUS = {"PASS": PASSED, "DEVIATES": PASSED, "FAIL": FAILED, "SKIP": SKIPPED, "NOT-OFFERED": SKIPPED}
_VERDICT_SUM = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped(?:, (\d+) not offered)?(?:, (\d+) deviate)?", re.MULTILINE)
_NOT_OFFERED_BEFORE = re.compile(r"^(\d+) not offered, \d+ deviate$", re.MULTILINE)

_SAID_SKIP = re.compile(r"^(?:SKIP|NOT-OFFERED):?\s+(.+)$", re.MULTILINE)
_GTEST_SKIP = re.compile(r"Skipped\n(.+?)\n")


@dataclass(frozen=True)
class Result:
    """What came of one test."""

    build: str
    name: str
    status: str
    seconds: float
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.build}: {self.name}"


def read_results(folder: Path) -> list[Result]:
    """All results in a folder of files called BUILD.NUMBER.xml."""
    return [result for path in sorted(folder.glob("*.xml")) for result in read_file(path)]


def read_file(path: Path) -> Iterator[Result]:
    """The results in one file."""
    build = path.name.split(".")[0]
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, seconds = case.get("name", ""), float(case.get("time", "0"))
        output = case.findtext("system-out") or ""
        status = {"run": PASSED, "fail": FAILED}.get(case.get("status", ""), SKIPPED)
        if name.endswith(_GROUP_END) and status != SKIPPED:
            yield from _members(build, name, status, output)
        else:
            yield Result(build, name, status, seconds, _skip_reason(output) if status == SKIPPED else "")


def _members(build: str, group: str, status: str, output: str) -> Iterator[Result]:
    """The tests of a group; one more, with the group's name, if the group is not what its lines say."""
    prefix = group.removesuffix(_GROUP_END)
    members = list(_of_verdicts(build, prefix, output))
    yield from members
    expected = _sum_of_verdicts(output)
    if expected is None:
        yield Result(build, group, FAILED, 0.0, "it says no sum")
    elif expected != len(members):
        yield Result(build, group, FAILED, 0.0, f"it says {expected} tests, but {len(members)} lines")
    elif status == FAILED and all(member.status != FAILED for member in members):
        yield Result(build, group, FAILED, 0.0, "it failed, but none of its tests did")


def _of_verdicts(build: str, prefix: str, output: str) -> Iterator[Result]:
    for word, name, seconds, reason in _VERDICT.findall(output):
        status = _VERDICT_STATUS[word]
        yield Result(build, f"{prefix}.{name.replace('/', '.')}", status, float(seconds), reason if status != PASSED else "")


def _sum_of_verdicts(output: str) -> int | None:
    sums = _VERDICT_SUM.findall(output)
    if not sums:
        return None
    before = _NOT_OFFERED_BEFORE.findall(output)
    return sum(int(number) for number in sums[-1] if number) + (int(before[-1]) if before else 0)


def _skip_reason(output: str) -> str:
    """What the test itself said: a line that begins with SKIP, or GoogleTest's skip message."""
    said = _SAID_SKIP.search(output) or _GTEST_SKIP.search(output)
    return said[1].strip() if said else "no reason given"


def summary(results: Sequence[Result], failed_steps: Iterable[tuple[str, str, bool]]) -> tuple[list[str], bool]:
    """The last lines of ./test, and whether all is well. `failed_steps`: name, build, whether it ran tests."""
    lines = [f"SKIPPED {result}: {result.reason}" for result in results if result.status == SKIPPED]
    failed = [result for result in results if result.status == FAILED]
    lines += [f"FAILED {result}{': ' if result.reason else ''}{result.reason}" for result in failed]
    steps = list(failed_steps)
    lines += [f"FAILED STEP {name}" for name, _, _ in steps]
    # A step that fails without a failing test (a build, a linter) counts as one failure.
    told = {result.build for result in failed}
    silent = sum(not (runs_tests and build in told) for _, build, runs_tests in steps)
    passed, skipped = (sum(result.status == status for result in results) for status in (PASSED, SKIPPED))
    lines.append(f"{passed} passed, {len(failed) + silent} failed, {skipped} skipped")
    return lines, not failed and not steps
