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
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from itertools import chain
from pathlib import Path

from live import process_group
from live.catalog import all_scenarios
from live.codex_cli import CodexCli, parse_version
from live.machine import MachineLack
from live.meeting import meeting
from live.outcome import Verdict, declared_version, judge_methods, results_of
from live.recording import Recording, Target
from live.scenario import ClientFault, Launch, LiveRun, Mismatch, Scenario, Unsupported, expect_equal
from live.server_process import ServerError, ServerProcess, address_of
from live.toml_table import BadScenario
from capture.facts import CaseFacts
from capture.tcp_proxy import Address

EXIT_SKIPPED = 77
_ALL, _SHARED, _OWN = "all", "shared", "own"
_TAIL_LINES, _TAIL_WIDTH = 16, 300  # of a log that a failure shows


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
    if arguments.servers != _ALL:
        chosen = [scenario for scenario in chosen if scenario.own_server == (arguments.servers == _OWN)]
    if arguments.applicable:
        chosen = [scenario for scenario in chosen if scenario.applies_to(parse_version(arguments.codex))]
    if arguments.list:
        print("\n".join(f"{scenario.name:<28}{scenario.about}".rstrip() if arguments.long else scenario.name
                        for scenario in chosen if scenario.applies_to(parse_version(arguments.codex))))
        return 0
    started, begun = datetime.now(timezone.utc), time.monotonic()
    fetched = subprocess.run([Path(__file__).parent / "fetch_codex.sh", arguments.codex], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    if fetched.returncode == EXIT_SKIPPED:
        return _exit_code(_report(Verdict("SKIP", scenario.name, 0, fetched.stderr.strip().removeprefix("SKIP: "))
                                  for scenario in chosen))
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
        captures = Target(arguments.capture / arguments.codex, f"codex {arguments.codex}", _server_name(arguments),
                          codex.install, root / "server" / "home" if server else None) if arguments.capture else None
        stage = Stage(codex, address, server, launch, root, captures, arguments.patience)
        first = [meeting(arguments.meet)] if arguments.meet else []
        verdicts = _report(chain(_play_all(first, stage, 1), _play_all(chosen, stage, arguments.jobs)))
        if arguments.json:
            results_of(verdicts, arguments.codex, _described(arguments, verdicts, address), started,
                       time.monotonic() - begun).write(arguments.json)
        return _exit_code(verdicts)
    except ServerError as error:
        sys.exit(f"server: {error}")
    finally:
        if server is not None:
            server.stop()
        for leftover in process_group.kill_leftovers(root) if not arguments.meet else ():  # see configure()
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
    parser.add_argument("--servers", choices=(_ALL, _SHARED, _OWN), default=_ALL,
                        help="only the scenarios that share one server, or only those that start servers of their own (default all)")
    parser.add_argument("--applicable", action="store_true", help="say nothing of scenarios that are not for this client version")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="scenarios at a time (default 3)")
    parser.add_argument("--capture", type=Path, metavar="FOLDER",
                        help="record into FOLDER/VERSION/SCENARIO.jsonl, for `paned-conformance convert`")
    parser.add_argument("--patience", type=float, default=1.0, metavar="N", help="multiply all time limits (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE (for paned-conformance report)")
    parser.add_argument("--server-name", default="", metavar="NAME", help="what the results call the server")
    parser.add_argument("--meet", type=Path, metavar="FOLDER",
                        help="first hold a connection open until FOLDER/go appears (for paned-conformance cross, which "
                             "also sees to the processes that are left over)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")


@dataclass(frozen=True)
class Stage:
    """What all scenarios of this call have in common."""

    codex: CodexCli
    address: Address
    server: ServerProcess | None
    launch: Launch | None
    root: Path
    captures: Target | None
    patience: float


def _server_name(arguments: argparse.Namespace) -> str:
    """What a recording says of the server."""
    if arguments.reference:
        return f"codex exec-server {arguments.codex}"
    return "paned" if arguments.paned else str(arguments.server)


def _described(arguments: argparse.Namespace, verdicts: list[Verdict], address: Address) -> dict[str, str]:
    """What the results say of the server; of its version, what it says itself."""
    name = arguments.server_name or ("paned" if arguments.paned else "codex exec-server" if arguments.reference else "")
    declared = next((verdict.server_version for verdict in verdicts if verdict.server_version), "")
    return {"name": name, "url": arguments.server or f"ws://{address[0]}:{address[1]}",
            "version": arguments.codex if arguments.reference else declared}


def _launch(program: list[str], arguments: tuple[str, ...], folder: Path) -> ServerProcess:
    return ServerProcess([*program, "--listen", "ws://127.0.0.1:0", *arguments], folder)


def _undeclared(_arguments: tuple[str, ...], _folder: Path) -> ServerProcess:
    raise Mismatch("a server of its own", "own_server=True in the scenario", "it is not there")


def _play_all(chosen: list[Scenario], stage: Stage, jobs: int) -> Iterator[Verdict]:
    pool = ThreadPoolExecutor(jobs)
    try:
        plays = []
        for scenario in chosen:
            if stage.captures and not scenario.record:
                yield Verdict("SKIP", scenario.name, 0, f"not to be recorded: {scenario.record_reason}")
            elif scenario.applies_to(stage.codex.version):
                plays.append(pool.submit(_play, scenario, stage))
            else:
                yield Verdict("SKIP", scenario.name, 0, "not with this client version")
        for play in as_completed(plays):
            yield play.result()
    finally:  # when interrupted, main() kills what the threads wait for
        pool.shutdown(wait=False, cancel_futures=True)


def _play(scenario: Scenario, stage: Stage) -> Verdict:
    start, log_start = time.monotonic(), stage.server.log_size() if stage.server else 0
    recording = _recording(scenario, stage)
    launch = stage.launch if scenario.own_server else _undeclared
    run = LiveRun(stage.codex, stage.root / scenario.name, stage.address, launch, scenario.project, recording)
    run.remotes[0].expected_connections = scenario.connections
    word, reason, details = "PASS", "", ""
    run.patience = stage.patience
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
    if recording is not None and (faults := recording.finish(word, reason, run.process_ids)) and word == "PASS":
        word, reason = "FAIL", f"recording: {'; '.join(faults)}"
    seconds = time.monotonic() - start
    if word == "FAIL" and (name := next(filter(None, (remote.traffic.repeated_process_id() for remote in run.remotes)), "")):
        # Before 0.169 the client draws process names from some 99000 numbers: one run of 500 with twenty commands has two equal.
        return Verdict("SKIP", scenario.name, seconds, f"the client: named two processes {name} (so: {reason})")
    if word == "FAIL" and (missing := scenario.not_offered(run)):
        word, reason, details = "NOT-OFFERED", f"the server: {missing} (without it: {reason})", ""
    traffics = [remote.traffic for remote in run.remotes]
    methods = judge_methods(traffics, word, reason, scenario.methods)
    if word == "FAIL":
        details += f"connections: {[remote.proxy.connections for remote in run.remotes]}\n"
        details += _tail("stderr of codex", run.result.stderr if run.result else "")
        details += _tail("stderr of the servers of its own", own_logs)
        details += _tail("stderr of the server meanwhile", stage.server.log_since(log_start) if stage.server else "")
    return Verdict(word, scenario.name, seconds, reason, details, methods, declared_version(traffics))


def _recording(scenario: Scenario, stage: Stage) -> Recording | None:
    if stage.captures is None:
        return None
    about = scenario.description or (scenario.play.__doc__ or scenario.name.replace("_", " ")).splitlines()[0]
    needs = {**scenario.needs, "capabilities": [*scenario.capabilities, *scenario.needs.get("capabilities", ())]}
    facts = CaseFacts(about, scenario.recorded_names, scenario.setup, scenario.output, scenario.awaits, scenario.pids, needs)
    return Recording(stage.captures, scenario.name, facts, stage.root / scenario.name)


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


def _report(verdicts: Iterable[Verdict]) -> list[Verdict]:
    told = []
    for verdict in verdicts:
        print(verdict, flush=True)
        told.append(verdict)
    passed, failed, skipped, not_offered = (sum(verdict.word == word for verdict in told)
                                            for word in ("PASS", "FAIL", "SKIP", "NOT-OFFERED"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped, {not_offered} not offered")
    return told


def _exit_code(verdicts: list[Verdict]) -> int:
    words = {verdict.word for verdict in verdicts}
    if "FAIL" in words:
        return 1
    return 0 if "PASS" in words else EXIT_SKIPPED
