#!/usr/bin/python3
"""The live test: the real codex CLI of one version against an exec-server, scenario by scenario.

    run.py --paned PATH | --server ws://HOST:PORT | --reference   --codex VERSION [--scenario GLOB]

One line per scenario, `PASS|FAIL|SKIP name (seconds) reason`, then `N passed, N failed, N skipped`.
Exit 0: nothing failed; 1: something did; 77: all was skipped.  See README.md.
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
from pathlib import Path

import process_group
import scenarios_commands
import scenarios_files
import scenarios_recovery
import scenarios_terminals
from codex_cli import CodexCli, parse_version
from scenario import LiveRun, Mismatch, Scenario, Unsupported, expect_equal
from server_process import ServerError, ServerProcess, address_of
from tcp_proxy import Address

SCENARIOS: tuple[Scenario, ...] = (
    scenarios_commands.SCENARIOS + scenarios_terminals.SCENARIOS + scenarios_recovery.SCENARIOS
    + scenarios_files.SCENARIOS)
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


def main() -> int:
    arguments = _parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that everything is cleaned up
    chosen = [scenario for scenario in SCENARIOS if fnmatch.fnmatch(scenario.name, arguments.scenario)]
    if not chosen:
        sys.exit(f"no scenario matches {arguments.scenario!r}")
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
        if arguments.server:
            address = address_of(arguments.server)
        else:
            program = ([str(codex.binary), "exec-server"] if arguments.reference
                       else [str(arguments.paned.resolve()), "serve"])
            server = ServerProcess([*program, "--listen", "ws://127.0.0.1:0"], root / "server")
            address = server.address
        return _report(_play_all(chosen, codex, address, server, root, arguments.jobs))
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


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Runs the real codex CLI against an exec-server.")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--paned", type=Path, metavar="PATH", help="start this paned binary")
    target.add_argument("--server", metavar="URL", help="a server that runs already and sees this machine's files")
    target.add_argument("--reference", action="store_true", help="start the exec-server of the same codex")
    parser.add_argument("--codex", required=True, metavar="VERSION", help="version of the client, e.g. 0.169.0")
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="only the scenarios whose name matches")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="scenarios at a time (default 3)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    return parser.parse_args()


def _play_all(chosen: list[Scenario], codex: CodexCli, address: Address, server: ServerProcess | None, root: Path,
              jobs: int) -> Iterator[Verdict]:
    pool = ThreadPoolExecutor(jobs)
    try:
        plays = []
        for scenario in chosen:
            if scenario.applies_to(codex.version):
                plays.append(pool.submit(_play, scenario, codex, address, server, root / scenario.name))
            else:
                yield Verdict("SKIP", scenario.name, 0, "not with this client version")
        for play in as_completed(plays):
            yield play.result()
    finally:  # when interrupted, main() kills what the threads wait for
        pool.shutdown(wait=False, cancel_futures=True)


def _play(scenario: Scenario, codex: CodexCli, address: Address, server: ServerProcess | None, root: Path) -> Verdict:
    start, log_start = time.monotonic(), server.log_size() if server else 0
    root.mkdir()
    run = LiveRun(codex, root, address)
    reason, details = "", ""
    try:
        scenario.play(run)
        expect_equal("faults on the wire", [], run.traffic.faults())
        expect_equal("connections of the client", scenario.connections, run.proxy.connections)
    except Unsupported as unsupported:
        return Verdict("SKIP", scenario.name, time.monotonic() - start, f"the server: {unsupported}")
    except Mismatch as mismatch:
        reason = mismatch.what
        details = f"expected: {mismatch.expected}\ncame:     {mismatch.came}\n"
    except Exception as error:
        reason, details = f"{type(error).__name__}: {error}", traceback.format_exc()
    finally:
        run.close()
    seconds = time.monotonic() - start
    if not reason:
        return Verdict("PASS", scenario.name, seconds, run.remark)
    details += f"connections: {run.proxy.connections} (expected {scenario.connections})\n"
    details += _tail("stderr of codex", run.result.stderr if run.result else "")
    details += _tail("stderr of the server meanwhile", server.log_since(log_start) if server else "")
    return Verdict("FAIL", scenario.name, seconds, reason, details)


def _tail(title: str, text: str) -> str:
    lines = [line[:_TAIL_WIDTH] for line in text.splitlines() if line.strip()]
    return "\n".join([f"--- {title}, {len(lines)} lines:", *lines[-_TAIL_LINES:], ""])


def _report(verdicts: Iterable[Verdict]) -> int:
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    for verdict in verdicts:
        print(verdict, flush=True)
        counts[verdict.word] += 1
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
    if counts["FAIL"]:
        return 1
    return 0 if counts["PASS"] else EXIT_SKIPPED


if __name__ == "__main__":
    sys.exit(main())
