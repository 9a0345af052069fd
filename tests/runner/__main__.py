"""./test, once its packages are installed: what is built and run in which order.

Lanes share the machine. In front: the tests of one build after the other, which mostly wait. Behind them, with what they
leave of the processors: the builds for the tests to come, clang-tidy, the fuzz targets; and beside those the image. Tests labelled `quiet`
run alone, with the background held.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from runner.results import Result, read_results, summary
from runner.screen import Screen
from runner.selection import names_in, targets_for
from runner.step import BUILD, LINT, TEST, Lane, Step
from runner.times import read_ninja_log, render

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "test"  # of what the last call found: results.tsv, times.md
JOBS = os.cpu_count() or 1
# Most tests wait most of their time; those that do not say so (PROCESSORS in CMake, counted in these).
TESTS_AT_ONCE = 3 * JOBS

RELEASE, ASAN, TSAN, FUZZ = "release", "asan-ubsan", "tsan", "fuzz"
# Of the end-to-end tests TSan runs those in which the server has more than one thread: calls on files, http, the log.
RACES = {TSAN: ("-R", r"^(Forms/)?(Auth|BigFiles|Blocks|Concurrency|Config|Environment|Files|Healthcheck|Http|Leaks|Malformed|"
                      r"Sessions|ShellSnapshot|Shutdown|Surroundings|TtyWorlds|Watch)")}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def configure(preset: str) -> Step:
    """CMake, once for each folder; also where that failed half-way."""
    return Step(f"{preset}: configure", BUILD, preset, ["cmake", "--preset", preset, "-DPANED_BUILD_TESTS=ON"])


def build(preset: str, *targets: str) -> Step:
    """Everything, or what is named."""
    chosen = ["--target", *targets] if targets else []
    return Step(f"{preset}: build", BUILD, preset, ["cmake", "--build", "--preset", preset, *chosen])


class Run:
    """One call of ./test."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.screen = Screen()
        origin = time.monotonic()
        self.front = Lane(self.screen, ROOT, origin, background=False)
        self.behind = Lane(self.screen, ROOT, origin, background=True)
        self.aside = Lane(self.screen, ROOT, origin, background=True)  # for what fetches and unpacks more than it computes
        self.lanes = (self.front, self.behind, self.aside)
        self._logs = {preset: _size(ROOT / "build" / preset / ".ninja_log") for preset in (RELEASE, ASAN, TSAN, FUZZ)}
        self._files = 0

    def tests(self, what: str, preset: str, *options: str, server: str = "", folder: str = "",
              at_once: int = TESTS_AT_ONCE) -> Step:
        """ctest of a build. With `server`, the end-to-end tests of this build against the server of another. With `folder`, only
        what is below it: two ctests at the same time must not be in one folder."""
        self._files += 1
        xml = self.scratch / f"{server or preset}.{self._files}.xml"
        env = dict(SANITIZERS)
        if server:
            env["PANED_E2E_SERVER"] = str(ROOT / "build" / server / "server" / "paned")
        return Step(f"{server or preset}: {what}", TEST, server or preset, [
            "ctest", "--test-dir", f"build/{preset}/{folder}", "-j", str(at_once), "--output-on-failure", "--no-tests=error",
            "--test-output-size-passed", "100000000", "--test-output-size-failed", "100000000",
            "--output-junit", str(xml), *options], env)

    def quick(self) -> None:
        """One build; what tells a mistake soonest."""
        if self.front.run(configure(RELEASE)) and self.front.run(build(RELEASE, "tests")):
            self.front.run(self.tests("unit, end-to-end and replay tests", RELEASE, "-LE", "live|single|image|quiet"))

    def only(self, pattern: str) -> None:
        """The tests of the release build whose names match."""
        if not self.front.run(configure(RELEASE)):
            return
        targets = _targets(pattern)
        if not targets or self.front.run(build(RELEASE, *targets)):
            self.front.run(self.tests(f"tests that match {pattern}", RELEASE, "-R", pattern))

    def everything(self) -> None:
        """All builds, all tests, all linters."""
        if not (self.front.run(configure(RELEASE)) and self.front.run(build(RELEASE, "all"))):
            return
        built = {preset: threading.Event() for preset in (ASAN, TSAN)}
        good: set[str] = set()

        def build_behind(preset: str) -> None:
            try:
                if self.behind.run(configure(preset)) and self.behind.run(build(preset, "tests")):
                    good.add(preset)
            finally:
                built[preset].set()  # or the front would wait for ever

        def work_behind() -> None:
            for preset in built:
                build_behind(preset)
            self.behind.run(Step("clang-tidy", LINT, "", [
                "env", "-C", "tests", sys.executable, "-B", "-m", "runner.clang_tidy", f"../build/{RELEASE}"]))
            if self.behind.run(configure(FUZZ)) and self.behind.run(build(FUZZ, "fuzzers")):
                self.behind.run(Step("fuzz: a short run of every target", LINT, FUZZ, ["tests/scripts/fuzz_smoke.sh"]))

        background = [threading.Thread(target=work_behind),
                      threading.Thread(target=self.aside.run, args=(self.tests("image", RELEASE, folder="conformance/image"),))]
        for thread in background:
            thread.start()
        self.front.run(self.tests("unit, end-to-end, replay tests, live clients", RELEASE, "-LE", "single|image|quiet"))
        for preset, event in built.items():
            event.wait()
            if preset in good:
                self.front.run(self.tests("unit and replay tests", preset, "-LE", "live|single|lint|image|quiet"))
                self.front.run(self.tests("end-to-end tests", RELEASE, "-L", "e2e", *RACES.get(preset, ()), server=preset))
        for lane in (self.behind, self.aside):
            lane.hold()
        self.front.run(self.tests("tests that need quiet", RELEASE, "-L", "quiet", at_once=1))
        for lane in (self.behind, self.aside):
            lane.go_on()
        for thread in background:
            thread.join()

    def end(self, shows_times: bool) -> int:
        """The last words; the exit code."""
        self.screen.close()
        results = read_results(self.scratch)
        measured = [step for lane in self.lanes for step in lane.measured]
        built = [edge for preset, size in self._logs.items() for edge in read_ninja_log(ROOT / "build" / preset, size)]
        FOLDER.mkdir(parents=True, exist_ok=True)
        table = render(measured, results, built)
        (FOLDER / "times.md").write_text(table + "\n", encoding="utf-8")
        _write_results(results)
        if shows_times:
            print(table)
        failed = [(step.name, step.build, step.kind == TEST) for lane in self.lanes for step in lane.failed]
        lines, good = summary(results, failed)
        print("\n".join(lines), flush=True)
        return 0 if good else 1


def _write_results(results: Sequence[Result]) -> None:
    rows = [f"{result.build}\t{result.name}\t{result.status}\t{result.seconds:.3f}\t{result.reason}" for result in results]
    (FOLDER / "results.tsv").write_text("\n".join(["build\ttest\tstatus\tseconds\treason", *rows, ""]), encoding="utf-8")


def _targets(pattern: str) -> list[str]:
    """What of the release build the tests that match need."""
    folder = ROOT / "build" / RELEASE
    listed = subprocess.run(["ctest", "--test-dir", str(folder), "--show-only=json-v1"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    programs = {name: names_in([ROOT / source for source in sources.split(";")], ROOT)
                for name, _, sources in (line.split("\t") for line in
                                         (folder / "test_programs.tsv").read_text(encoding="utf-8").splitlines())}
    outputs = {str(folder / "server" / "paned"): "paned"}
    return targets_for(pattern, json.loads(listed)["tests"], programs, outputs)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def main() -> int:
    """Reads the arguments and runs what they ask for."""
    parser = argparse.ArgumentParser(prog="./test", description="Installs what is missing, builds, and runs every test. The "
                                     "last line is the sum.", epilog="The results of all tests, a line each: "
                                     "build/test/results.tsv. Where the time went: build/test/times.md.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--quick", action="store_true",
                      help="format, include table, unit, end-to-end and replay tests of one build")
    what.add_argument("-R", metavar="REGEX", dest="pattern",
                      help="the tests of the release build whose names match; builds only what they need")
    parser.add_argument("--times", action="store_true", help="also print where the time went")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as an exception, so that everything is ended
    scratch = Path(tempfile.mkdtemp(prefix="paned-test-"))
    run = Run(scratch)
    try:
        if arguments.pattern is not None:
            run.only(arguments.pattern)
        elif arguments.quick:
            run.quick()
        else:
            run.everything()
        return run.end(arguments.times)
    except KeyboardInterrupt:
        for lane in run.lanes:
            lane.end()
        print("./test: interrupted", file=sys.stderr)
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(130)  # the threads of the lanes are not waited for
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
