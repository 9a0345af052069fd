"""Makes the whole report anew: every part of the suite against paned, and the replay against codex's own servers, too.

Exists so that REPORT.md is never written by hand and never half old: one command, and a step that cannot run is named in the
report with the reason instead of being left out.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from report import markdown, page
from report.deviation_list import TABLE, meanings
from report.inputs import NOT_RUN, RAN, STEPS, Inputs, Step, StepRun, load_inputs
from report.results import FORMAT, BadResults
from report.tables import build

SUITE = Path(__file__).resolve().parents[1]
PROGRAM = SUITE / "paned-conformance"
REFERENCES = ("0.120.0", "0.135.0", "0.150.1", "0.169.0")
STEP_SECONDS = 3600.0
EXIT_SKIPPED = 77


@dataclass(frozen=True)
class Command:
    """A program that writes one file of results."""

    name: str
    words: list[str]
    output: Path


@dataclass(frozen=True)
class Codex:
    """A codex of one version: its binary, or why there is none."""

    version: str
    binary: str
    reason: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `report --current`."""
    parser.add_argument("--current", type=Path, metavar="FOLDER",
                        help="run everything anew; writes REPORT.md, report.html and results/ into FOLDER")
    parser.add_argument("--paned", type=Path, metavar="PATH", help="with --current: the paned binary")
    parser.add_argument("--codex", nargs="*", default=REFERENCES, metavar="VERSION",
                        help=f"with --current: codex's own servers to put beside it (default: {' '.join(REFERENCES)})")


def main(arguments: argparse.Namespace) -> int:
    """Runs the steps and writes the report; 0, or 1 when a step did not run."""
    if arguments.paned is None or not os.access(arguments.paned, os.X_OK):
        arguments.usage_error("--current needs --paned PATH, the program that the report is about")
    folder: Path = arguments.current.resolve()
    (folder / "results").mkdir(parents=True, exist_ok=True)
    paned = arguments.paned.resolve()
    references = [fetch(version) for version in arguments.codex]
    spellings = {str(PROGRAM): "paned-conformance", str(SUITE): "conformance", str(paned): "PANED", f"{folder}{os.sep}": "",
                 **{codex.binary: f"CODEX-{codex.version}" for codex in references if codex.binary}}
    began = datetime.now(timezone.utc)
    inputs, steps = Inputs(), []
    for command in plan(paned, references, folder / "results"):
        print(f"== {command.name}", flush=True)
        step = execute(command, inputs, spellings)
        print(f"   {step.outcome} ({step.seconds:.0f} s) {step.reason}".rstrip(), flush=True)
        steps.append(step)
    steps += [Step(f"replay against codex {codex.version}", "", NOT_RUN, codex.reason, 0.0)
              for codex in references if not codex.binary]
    run = StepRun(_made(began, paned, references), steps)
    (folder / "results" / "steps.json").write_text(
        json.dumps({"format": FORMAT, "suite": STEPS, **asdict(run)}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    inputs.steps.append(run)
    report = build(inputs, meanings(TABLE))
    (folder / "REPORT.md").write_text(markdown.render(report), encoding="utf-8")
    (folder / "report.html").write_text(page.render(report), encoding="utf-8")
    print(f"{folder}: REPORT.md, report.html, results/; {sum(step.outcome == RAN for step in steps)} of {len(steps)} steps ran")
    return 0 if all(step.outcome == RAN for step in steps) else 1


def plan(paned: Path, references: list[Codex], results: Path) -> list[Command]:
    """The commands, in the order in which they run."""
    program = [sys.executable, "-B", str(PROGRAM)]
    walk = str(SUITE / "go-bridge" / "run.sh")
    build_folder = str(results.parent / "go-build")

    def command(name: str, words: list[str], json_option: str = "--json") -> Command:
        output = results / f"{name.replace(' ', '-')}.json"
        return Command(name, [*words, json_option, str(output)], output)
    commands = [command("replay against paned", [*program, "run", "--paned", str(paned)]),
                command("Go walk against paned", [walk, str(paned), build_folder], "-json"),
                command("mutations", [*program, "mutations", "--paned", str(paned)]),
                command("all clients at once against paned", [*program, "cross", "--paned", str(paned)])]
    for codex in references:
        if codex.binary:
            start = shlex.join([codex.binary, "exec-server", "--listen", "ws://127.0.0.1:0"])
            commands.append(command(f"replay against codex {codex.version}", [*program, "run", "--start", start]))
    return commands


def execute(command: Command, inputs: Inputs, spellings: dict[str, str]) -> Step:
    """Runs one command and takes its results in; whatever goes wrong is the step's reason."""
    command.output.unlink(missing_ok=True)
    began = time.monotonic()
    reason, status = _run(command.words)
    if not reason:
        try:
            loaded = load_inputs([command.output])
            inputs.results += loaded.results
            inputs.mutations += loaded.mutations
            inputs.cross += loaded.cross
        except BadResults as error:
            reason = f"exit status {status}: {error}"
    return Step(command.name, _spelled(shlex.join(command.words), spellings), NOT_RUN if reason else RAN,
                _spelled(reason, spellings), round(time.monotonic() - began, 1))


def _run(command: list[str]) -> tuple[str, int]:
    """Why there are no results ("" when there may be some), and the exit status."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, errors="replace", start_new_session=True)
    except OSError as error:
        return f"cannot be started: {error.strerror}", -1
    try:
        output, _ = process.communicate(timeout=STEP_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not over after {STEP_SECONDS:.0f} s", -1
    finally:
        if process.poll() is None:  # also when this program is interrupted
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode in (0, 1):
        return "", process.returncode
    last = (output.strip().splitlines() or ["it said nothing"])[-1]
    return (last.removeprefix("SKIP: ") if process.returncode == EXIT_SKIPPED
            else f"exit status {process.returncode}: {last}"), process.returncode


def fetch(version: str) -> Codex:
    """The codex of that version, by live/fetch_codex.sh."""
    fetched = subprocess.run([SUITE / "live" / "fetch_codex.sh", version], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    if fetched.returncode == 0:
        return Codex(version, fetched.stdout.strip())
    return Codex(version, "", fetched.stderr.strip().removeprefix("SKIP: ") or f"exit status {fetched.returncode}")


def _spelled(text: str, spellings: dict[str, str]) -> str:
    """Without the paths of this machine."""
    for path, name in spellings.items():
        text = text.replace(path, name)
    return text


def _made(began: datetime, paned: Path, references: list[Codex]) -> dict[str, str]:
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    version = subprocess.run([paned, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    return {
        "made": began.strftime("%Y-%m-%d %H:%M UTC"),
        "by": "paned-conformance report --current FOLDER --paned PANED",
        "server": version.stdout.strip() or "unknown version",
        "beside it": ", ".join(f"codex {codex.version}" for codex in references if codex.binary) or "nothing",
        "machine": f"{release}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
