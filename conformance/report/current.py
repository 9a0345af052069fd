"""Makes the whole report anew: every part of the suite against paned, and the replay against codex's own servers, too.

Exists so that REPORT.md is never written by hand and never half old: one command, and a step that cannot run is named in the
report with the reason instead of being left out.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
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
STEP_SECONDS = 7200.0
_PATIENCE_SECONDS = 30.0
EXIT_SKIPPED = 77


@dataclass(frozen=True)
class Command:
    """A program that writes one file of results."""

    name: str
    words: list[str]
    output: Path
    server: str  # what the report calls the server, whatever the program calls it


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that the step under way is ended, too
    folder: Path = arguments.current.resolve()
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    for stale in results.glob("*.json"):
        stale.unlink()
    paned = arguments.paned.resolve()
    references = [fetch(version) for version in arguments.codex]
    inputs, began = Inputs(), datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory(prefix="paned-report-") as scratch:
        spellings = {str(PROGRAM): "paned-conformance", str(SUITE): "conformance", str(paned): "PANED", scratch: "SCRATCH",
                     f"{folder}{os.sep}": "", **{codex.binary: f"CODEX-{codex.version}" for codex in references if codex.binary}}
        steps = []
        for command in plan(paned, references, results, Path(scratch)):
            print(f"== {command.name}", flush=True)
            steps.append(execute(command, inputs, spellings))
            print(f"   {steps[-1].outcome} ({steps[-1].seconds:.0f} s) {steps[-1].reason}".rstrip(), flush=True)
    steps += [Step(f"replay against codex {codex.version}", "", NOT_RUN, codex.reason, 0.0)
              for codex in references if not codex.binary]
    run = StepRun(_made(began, paned, references), steps)
    (results / "steps.json").write_text(
        json.dumps({"format": FORMAT, "suite": STEPS, **asdict(run)}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    inputs.steps.append(run)
    report = build(inputs, meanings(TABLE))
    (folder / "REPORT.md").write_text(markdown.render(report), encoding="utf-8")
    (folder / "report.html").write_text(page.render(report), encoding="utf-8")
    ran = sum(step.outcome == RAN for step in steps)
    print(f"{folder}: REPORT.md, report.html, results/; {ran} of {len(steps)} steps ran")
    return 0 if ran == len(steps) else 1


def plan(paned: Path, references: list[Codex], results: Path, scratch: Path) -> list[Command]:
    """The commands, in the order in which they run."""
    program, version = str(PROGRAM), version_of(paned)
    commands = []

    def add(name: str, words: list[str], server: str, json_option: str = "--json") -> None:
        output = results / f"{name.replace(' ', '-')}.json"
        commands.append(Command(name, [*words, json_option, str(output)], output, server))
    add("replay against paned", [program, "run", "--paned", str(paned)], version)
    add("Go walk against paned", [str(SUITE / "go-bridge" / "run.sh"), str(paned), str(scratch)], version, "-json")
    for codex in references:
        add(f"codex {codex.version} through paned", [program, "live", "--paned", str(paned), "--codex", codex.version], version)
    add("all clients at once through paned", [program, "cross", "--paned", str(paned)], version)
    add("mutations", [program, "mutations", "--paned", str(paned)], version)
    for codex in references:
        if codex.binary:
            server = f"codex exec-server {codex.version}"
            start = shlex.join([codex.binary, "exec-server", "--listen", "ws://127.0.0.1:0"])
            add(f"replay against codex {codex.version}", [program, "run", "--start", start], server)
            # A few scenarios tell whom it serves; those that fail there wait long for what never comes.
            add(f"all clients at once through codex {codex.version}",
                [program, "cross", "--codex", codex.version, "--scenario", "*command*"], server)
    return commands


def execute(command: Command, inputs: Inputs, spellings: dict[str, str]) -> Step:
    """Runs one command and takes its results in; whatever goes wrong is the step's reason."""
    command.output.unlink(missing_ok=True)
    began = time.monotonic()
    reason, status = _run(command.words)
    if not reason:
        try:
            _name_server(command)
            loaded = load_inputs([command.output])
            inputs.results += loaded.results
            inputs.mutations += loaded.mutations
            inputs.cross += loaded.cross
        except BadResults as error:
            reason = f"exit status {status}: {error}"
    return Step(command.name, _spelled(shlex.join(command.words), spellings), NOT_RUN if reason else RAN,
                _spelled(reason, spellings), round(time.monotonic() - began, 1))


def _name_server(command: Command) -> None:
    """One server has one name in all the files, so that their results come together, also when they are read again."""
    try:
        content = json.loads(command.output.read_text(encoding="utf-8"))
        server = content["server"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # load_inputs says what is wrong
    content["server"] = command.server if isinstance(server, str) else {**server, "name": command.server, "version": ""}
    command.output.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


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
        _end(process)  # also when this program is interrupted
    if process.returncode in (0, 1):
        return "", process.returncode
    lines = output.strip().splitlines() or ["it said nothing"]
    if process.returncode == EXIT_SKIPPED:
        return ([line for line in lines if line.startswith("SKIP")] or lines)[-1].removeprefix("SKIP: "), process.returncode
    return f"exit status {process.returncode}: {lines[-1]}", process.returncode


def _end(process: subprocess.Popen[str]) -> None:
    """Gently first: a part of the suite ends what it has started."""
    if process.poll() is not None:
        return
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def fetch(version: str) -> Codex:
    """The codex of that version, by live/fetch_codex.sh."""
    fetched = subprocess.run([SUITE / "live" / "fetch_codex.sh", version], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    if fetched.returncode == 0:
        return Codex(version, fetched.stdout.strip())
    return Codex(version, "", fetched.stderr.strip().removeprefix("SKIP: ") or f"exit status {fetched.returncode}")


def version_of(paned: Path) -> str:
    """Its name and version, by --version."""
    try:
        said = subprocess.run([paned, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"paned-conformance report: {paned} --version: {error}")
    return " ".join(said.split()[:2])


def _spelled(text: str, spellings: dict[str, str]) -> str:
    """Without the paths of this machine."""
    for path, name in spellings.items():
        text = text.replace(path, name)
    return text


def _made(began: datetime, paned: Path, references: list[Codex]) -> dict[str, str]:
    """When, how, of what and where."""
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {
        "made": began.strftime("%Y-%m-%d %H:%M UTC"),
        "by": "paned-conformance report --current FOLDER --paned PANED",
        "server": version_of(paned),
        "beside it": ", ".join(f"codex {codex.version}" for codex in references if codex.binary) or "nothing",
        "machine": f"{release}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
