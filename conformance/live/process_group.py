"""Starting and ending child processes so that nothing is left behind, whatever happens to the runner."""

from __future__ import annotations

import contextlib
import os
import select
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


def ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it comes to its end in time.  It is not reaped, so its number, and its group's, stay its own."""
    if process.returncode is not None:
        return True
    descriptor = os.pidfd_open(process.pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def end(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """SIGTERM, then SIGKILL for the whole group."""
    if not ended_within(process, 0):
        process.terminate()
        ended_within(process, grace_seconds)
    if process.returncode is None:  # once it is reaped, a busy machine may have given the number to a stranger
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
