"""Starting and ending child processes so that nothing is left behind, whatever happens to the runner."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO, Any


def start(command: list[str], cwd: Path, environment: dict[str, str],
          stdout: int | IO[Any], stderr: IO[Any], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Starts a process in a group of its own, which dies with the runner (if setpriv is there)."""
    setpriv = shutil.which("setpriv")
    prefix = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    return subprocess.Popen(prefix + command, cwd=cwd, env=environment, stdin=stdin,
                            stdout=stdout, stderr=stderr, start_new_session=True)


def end(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """SIGTERM, then SIGKILL for the whole group."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_leftovers(root: Path) -> list[str]:
    """Kills every process whose working directory is below `root` (which is ours alone); names them."""
    killed = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if not Path(os.readlink(entry / "cwd")).is_relative_to(root):
                continue
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            os.kill(int(entry.name), signal.SIGKILL)
            killed.append(f"{entry.name} {command.strip()[:120]}")
    return killed
