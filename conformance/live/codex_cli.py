"""Runs the real `codex exec` once, in private folders, against a given model server and exec-server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from live import process_group
from live.app_server import run_turns
from live.server_process import clean_environment

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    """`0.169.0` as a tuple that compares."""
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True)
class CodexResult:
    """How a run of codex ended; no exit code: it was killed after the time limit."""

    exit_code: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Task:
    """What one run of codex is given; without `server_url` its home says which servers there are."""

    model_url: str
    server_url: str | None
    settings: tuple[str, ...] = ()
    resumes: bool = False  # goes on with the latest thread of the same home
    sandbox: str = "danger-full-access"


@dataclass(frozen=True)
class CodexCli:
    """One installed version of codex."""

    binary: Path
    version: Version

    @property
    def takes_output_from_notifications(self) -> bool:
        """From 0.150 on; before, a notification only makes the client ask by process/read."""
        return self.version >= (0, 150)

    @property
    def install(self) -> Path:
        """The folder of the native package, with the binary and the programs it brings."""
        return next((folder for folder in self.binary.parents if folder.parent.name == "vendor"), self.binary.parent)

    @property
    def _model(self) -> str:
        """A model name from the binary's own catalog; an unknown one is offered no apply_patch."""
        return "gpt-5.5" if self.version >= (0, 150) else "gpt-5.4"

    def run(self, root: Path, project: Path, task: Task, timeout: float,
            started: Callable[[subprocess.Popen[bytes]], None]) -> CodexResult:
        """Runs one prompt in `project`; `root` has the folders `home`, `codex-home` and `tmp`; `started` gets the process.

        CODEX_HOME must not lie below TMPDIR: codex refuses that.
        """
        command = [str(self.binary), "exec", "--sandbox", task.sandbox, "--skip-git-repo-check",
                   "-C", str(project), *self._options(task), *(["resume", "--last"] if task.resumes else [])]
        environment = self._environment(root, task)
        stdout_path, stderr_path = root / "codex.stdout", root / "codex.stderr"
        with stdout_path.open("wb") as stdout, stderr_path.open("wb") as stderr:
            process = process_group.start([*command, "go"], project, environment, stdout, stderr)
            started(process)
            try:
                ended = process_group.ended_within(process, timeout)
            finally:
                process_group.end(process, grace_seconds=1)
        return CodexResult(process.returncode if ended else None, stdout_path.read_text(errors="replace"), stderr_path.read_text(errors="replace"))

    def run_turns(self, root: Path, project: Path, task: Task, turns: int, timeout: float) -> CodexResult:
        """Takes several turns in one thread of one process; folders as for run().  Raises AppServerError."""
        stderr_path = root / "codex.stderr"
        with stderr_path.open("wb") as stderr:
            run_turns([str(self.binary), "app-server", *self._options(task)], project, self._environment(root, task), turns,
                      stderr, timeout)
        return CodexResult(0, "", stderr_path.read_text(errors="replace"))

    def _environment(self, root: Path, task: Task) -> dict[str, str]:
        environment = clean_environment(root / "home", root / "tmp")
        environment.update(CODEX_HOME=str(root / "codex-home"), MOCK_KEY="none")
        if task.server_url is not None:
            environment["CODEX_EXEC_SERVER_URL"] = task.server_url
        return environment

    def _options(self, task: Task) -> list[str]:
        provider = (f'model_providers.mock={{name="mock",base_url="{task.model_url}",wire_api="responses",'
                    'env_key="MOCK_KEY",request_max_retries=0,stream_max_retries=0,supports_websockets=false}')
        settings = ('approval_policy="never"', 'model_provider="mock"', f'model="{self._model}"', "features.unified_exec=true",
                    provider, *task.settings)
        return [word for setting in settings for word in ("-c", setting)]
