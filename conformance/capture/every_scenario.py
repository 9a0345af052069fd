"""Records every scenario with one codex version: `paned-conformance capture --codex VERSION`.

Exists so that a new codex release becomes a folder of cases by one command.  The scenarios are played by the live test
in a process of its own, with an environment that tells nothing about this machine: clients before 0.135 send all of
theirs to the server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from capture.convert import Outcome, convert

_PARTS = Path(__file__).resolve().parent.parent
_SUITE = ("/usr/bin/python3", "-B", str(_PARTS / "paned-conformance"))
_PASSED_ON = ("HOME", "PANED_CACHE", "XDG_CACHE_HOME")  # how the live test finds the codex that was fetched
_FIXED = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SHELL": "/bin/bash",
          "PYTHONDONTWRITEBYTECODE": "1"}
_VERDICT = re.compile(r"(PASS|FAIL|SKIP|NOT-OFFERED) (\S+) \([\d.]+\) ?(.*)")
_EXIT_SKIPPED = 77


def record(version: str, pattern: str, sessions: Path, replaces: bool, keep: Path | None, jobs: int) -> int:
    """Records, converts, says what was left out; the exit code: 0 when all that passed are cases now."""
    fetched = subprocess.run([_PARTS / "live" / "fetch_codex.sh", version], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    if fetched.returncode != 0:
        print(fetched.stderr.strip(), file=sys.stderr)
        return fetched.returncode
    folder = Path(tempfile.mkdtemp(prefix="paned-capture-"))
    try:
        captures, staging = folder / "captures", folder / "sessions"
        verdicts = _play(version, pattern, captures, jobs)
        if verdicts is None:
            return 1
        paths = sorted((captures / version).glob("*.jsonl"))
        kept = [path.stem for path in paths if not replaces and (sessions / version / path.stem).exists()]
        outcomes = [convert(path, staging) for path in paths if path.stem not in kept]
        outcomes = _replayed(outcomes, fetched.stdout.strip(), staging)
        if keep is not None:
            shutil.copytree(captures, keep, dirs_exist_ok=True)
        for outcome in outcomes:
            if not outcome.reason:
                shutil.rmtree(sessions / outcome.case, ignore_errors=True)
                shutil.copytree(staging / outcome.case, sessions / outcome.case)
    finally:
        shutil.rmtree(folder)
    return _report(verdicts, outcomes, kept, sessions / version)


def _play(version: str, pattern: str, folder: Path, jobs: int) -> list[re.Match[str]] | None:
    """The verdicts of the live test; None: it came to no end."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _FIXED
    command = [*_SUITE, "live", "--reference", "--codex", version,
               "--scenario", pattern, "--jobs", str(jobs), "--capture", str(folder)]
    verdicts = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd="/") as live:
        assert live.stdout is not None
        for line in live.stdout:
            print(line, end="", flush=True)
            if verdict := _VERDICT.fullmatch(line.rstrip("\n")):
                verdicts.append(verdict)
    if live.returncode not in (0, 1, _EXIT_SKIPPED) or not verdicts:
        print(f"the live test ended with status {live.returncode}", file=sys.stderr)
        return None
    return verdicts


def _replayed(outcomes: list[Outcome], codex: str, staging: Path) -> list[Outcome]:
    """A case that the server it was recorded with fails is no case: something in it cannot be seen on the wire."""
    if all(outcome.reason for outcome in outcomes):
        return outcomes
    print("replaying the new cases against the server they were recorded with", flush=True)
    replay = subprocess.run([*_SUITE, "run", "--start", f"{codex} exec-server --listen ws://127.0.0.1:0",
                             "--sessions", str(staging)], stdout=subprocess.PIPE, text=True, check=False)
    verdicts = {verdict[2]: verdict for verdict in map(_VERDICT.match, replay.stdout.splitlines()) if verdict}
    checked = []
    for outcome in outcomes:
        verdict = verdicts.get(outcome.case)
        if not outcome.reason and (verdict is None or verdict[1] == "FAIL"):
            told = verdict[3] if verdict else "the replay came to no end"
            outcome = Outcome(outcome.case, f"its own server fails the replay: {told}")
        checked.append(outcome)
    return checked


def _report(verdicts: list[re.Match[str]], outcomes: list[Outcome], kept: list[str], target: Path) -> int:
    left_out = [(verdict[2], f"{verdict[1]} {verdict[3]}".strip()) for verdict in verdicts if verdict[1] != "PASS"]
    not_passed = {name for name, _ in left_out}
    refused = [outcome for outcome in outcomes if outcome.reason and outcome.case.rpartition("/")[2] not in not_passed]
    left_out += [(outcome.case.rpartition("/")[2], outcome.reason) for outcome in refused]
    left_out += [(name, "is there already; --replace records it anew") for name in kept if name not in not_passed]
    if left_out:
        print("left out:")
    for name, reason in left_out:
        print(f"  {name}: {reason}")
    written = sum(not outcome.reason for outcome in outcomes)
    failed = any(verdict[1] == "FAIL" for verdict in verdicts)
    print(f"{written} cases written to {target}, {len(left_out)} left out")
    return 1 if failed or refused else 0
