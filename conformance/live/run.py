"""The live test: the real codex CLI of one version against an exec-server, scenario by scenario.

One line per scenario, `PASS|FAIL|SKIP|NOT-OFFERED name (seconds) reason`, then `N passed, N failed, N skipped, N not
offered`.  Exit 0: nothing failed; 1: something did; 77: nothing was played to its end.  See README.md.
"""

from __future__ import annotations

import argparse
import fnmatch
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from live import process_group
from live.catalog import all_scenarios
from live.codex_cli import CodexCli, parse_version
from live.machine import MachineLack
from live.scenario import ClientFault, Launch, LiveRun, Mismatch, Scenario, Unsupported, expect_equal
from live.server_process import ServerError, ServerProcess, address_of
from live.toml_table import BadScenario
from capture.tcp_proxy import Address

EXIT_SKIPPED = 77
_TAIL_LINES, _TAIL_WIDTH = 16, 300  # of a log that a failure shows


@dataclass(frozen=True)
class Verdict:
    """What came of one scenario."""

    word: str
    name: str
    seconds: float
    reason: str = ""
    details: str = ""

    def __str__(self) -> str:
        line = f"{self.word} {self.name} ({self.seconds:.1f}) {self.reason}".rstrip()
        return f"{line}\n{textwrap.indent(self.details, '    ')}".rstrip()


def main(arguments: argparse.Namespace) -> int:
    """Plays the scenarios and prints the verdicts; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that everything is cleaned up
    try:
        scenarios = all_scenarios()
    except BadScenario as error:
        sys.exit(f"scenario file {error}")
    chosen = [scenario for scenario in scenarios if fnmatch.fnmatch(scenario.name, arguments.scenario)]
    if not chosen:
        sys.exit(f"no scenario matches {arguments.scenario!r}")
    if arguments.list:
        print("\n".join(f"{scenario.name:<28}{scenario.about}".rstrip() if arguments.long else scenario.name
                        for scenario in chosen if scenario.applies_to(parse_version(arguments.codex))))
        return 0
    fetched = subprocess.run([Path(__file__).parent / "fetch_codex.sh", arguments.codex], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    if fetched.returncode == EXIT_SKIPPED:
        return _report(Verdict("SKIP", scenario.name, 0, fetched.stderr.strip().removeprefix("SKIP: "))
                       for scenario in chosen)
    if fetched.returncode != 0:
        sys.exit(f"fetch_codex.sh failed: {fetched.stderr}")
    codex = CodexCli(Path(fetched.stdout.strip()), parse_version(arguments.codex))

    root = Path(tempfile.mkdtemp(prefix=f"paned-live-{arguments.codex}-")).resolve()
    server: ServerProcess | None = None
    try:
        launch: Launch | None = None
        if not arguments.server:
            program = ([str(codex.binary), "exec-server"] if arguments.reference
                       else [str(arguments.paned.resolve()), "serve"])
            launch = partial(_launch, program)
            server = launch((), root / "server")
        address = server.address if server else address_of(arguments.server)
        stage = Stage(codex, address, server, launch, root, arguments.capture)
        return _report(_play_all(chosen, stage, arguments.jobs))
    except ServerError as error:
        sys.exit(f"server: {error}")
    finally:
        if server is not None:
            server.stop()
        for leftover in process_group.kill_leftovers(root):
            print(f"note: killed a process that was left over: {leftover}", file=sys.stderr)
        if arguments.keep:
            print(f"note: kept {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--paned", type=Path, metavar="PATH", help="start this paned binary")
    target.add_argument("--server", metavar="URL", help="a server that runs already and sees this machine's files")
    target.add_argument("--reference", action="store_true", help="start the exec-server of the same codex")
    target.add_argument("--list", action="store_true", help="just name the scenarios of this client version")
    parser.add_argument("--long", action="store_true", help="with --list: what each is about, too")
    parser.add_argument("--codex", required=True, metavar="VERSION", help="version of the client, e.g. 0.169.0")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only the scenarios whose name matches")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="scenarios at a time (default 3)")
    parser.add_argument("--capture", type=Path, metavar="FOLDER",
                        help="write FOLDER/VERSION/SCENARIO.jsonl for replay/convert.py")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")


@dataclass(frozen=True)
class Stage:
    """What all scenarios of this call have in common."""

    codex: CodexCli
    address: Address
    server: ServerProcess | None
    launch: Launch | None
    root: Path
    captures: Path | None


def _launch(program: list[str], arguments: tuple[str, ...], folder: Path) -> ServerProcess:
    return ServerProcess([*program, "--listen", "ws://127.0.0.1:0", *arguments], folder)


def _play_all(chosen: list[Scenario], stage: Stage, jobs: int) -> Iterator[Verdict]:
    pool = ThreadPoolExecutor(jobs)
    try:
        plays = []
        for scenario in chosen:
            if scenario.applies_to(stage.codex.version):
                plays.append(pool.submit(_play, scenario, stage))
            else:
                yield Verdict("SKIP", scenario.name, 0, "not with this client version")
        for play in as_completed(plays):
            yield play.result()
    finally:  # when interrupted, main() kills what the threads wait for
        pool.shutdown(wait=False, cancel_futures=True)


def _play(scenario: Scenario, stage: Stage) -> Verdict:
    start, log_start = time.monotonic(), stage.server.log_size() if stage.server else 0
    run = LiveRun(stage.codex, stage.root / scenario.name, stage.address, stage.launch, scenario.project)
    run.remotes[0].expected_connections = scenario.connections
    word, reason, details = "PASS", "", ""
    try:
        scenario.play(run)
        _check_wire(run)
        reason = run.remark
    except Unsupported as unsupported:
        word, reason = "NOT-OFFERED", f"the server: {unsupported}"
    except ClientFault as fault:
        word, reason = "SKIP", f"the client: {fault}"
    except MachineLack as lack:
        word, reason = "SKIP", f"this machine: {lack}"
    except Mismatch as mismatch:
        word, reason = "FAIL", mismatch.what
        details = f"expected: {mismatch.expected}\ncame:     {mismatch.came}\n"
    except Exception as error:
        word, reason, details = "FAIL", f"{type(error).__name__}: {error}", traceback.format_exc()
    finally:
        own_logs = run.server_logs()
        run.close()
    if stage.captures:
        for remote in (remote for remote in run.remotes if remote.proxy.connections):
            name = scenario.name if remote is run.remotes[0] else f"{scenario.name}_{remote.name}"
            remote.recorder.write(stage.captures / ".".join(map(str, stage.codex.version)) / f"{name}.jsonl")
    seconds = time.monotonic() - start
    if word == "FAIL" and (name := next(filter(None, (remote.traffic.repeated_process_id() for remote in run.remotes)), "")):
        # Before 0.169 the client draws process names from some 99000 numbers: one run of 500 with twenty commands has two equal.
        return Verdict("SKIP", scenario.name, seconds, f"the client: named two processes {name} (so: {reason})")
    if word == "FAIL" and (missing := scenario.not_offered(run)):
        return Verdict("NOT-OFFERED", scenario.name, seconds, f"the server: {missing} (without it: {reason})")
    if word == "FAIL":
        details += f"connections: {[remote.proxy.connections for remote in run.remotes]}\n"
        details += _tail("stderr of codex", run.result.stderr if run.result else "")
        details += _tail("stderr of the servers of its own", own_logs)
        details += _tail("stderr of the server meanwhile", stage.server.log_since(log_start) if stage.server else "")
    return Verdict(word, scenario.name, seconds, reason, details)


def _check_wire(run: LiveRun) -> None:
    """What holds for every scenario."""
    for remote in run.remotes:
        expect_equal(f"faults on the wire, server {remote.name}", [], remote.traffic.faults())
        if remote.expected_connections is not None:
            expect_equal(f"connections of the client, server {remote.name}", remote.expected_connections,
                         remote.proxy.connections)


def _tail(title: str, text: str) -> str:
    lines = [line[:_TAIL_WIDTH] for line in text.splitlines() if line.strip()]
    return "\n".join([f"--- {title}, {len(lines)} lines:", *lines[-_TAIL_LINES:], ""])


def _report(verdicts: Iterable[Verdict]) -> int:
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0, "NOT-OFFERED": 0}
    for verdict in verdicts:
        print(verdict, flush=True)
        counts[verdict.word] += 1
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped, {counts['NOT-OFFERED']} not offered")
    if counts["FAIL"]:
        return 1
    return 0 if counts["PASS"] else EXIT_SKIPPED
