"""A container of the image: its configuration obeyed, process 1 of namespaces of its own, root read-only."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

_CLONE_NEWNET = 0x40000000
_HERE = Path(__file__).parent


class Buildah:
    """The image storage that build.sh has filled."""

    def __init__(self, storage: list[str]) -> None:
        self._command = ["buildah", *storage]

    def call(self, *arguments: str) -> str:
        """Runs one buildah command; its output."""
        done = subprocess.run([*self._command, *arguments], check=False, capture_output=True, text=True,
                              env={**os.environ, "BUILDAH_ISOLATION": "chroot"})
        if done.returncode != 0:
            raise RuntimeError(f"buildah {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def image(self, name: str) -> dict[str, Any]:
        """What `docker inspect` calls the image's Config."""
        return json.loads(self.call("inspect", "--type", "image", name))["Docker"]["config"]

    @contextlib.contextmanager
    def working_container(self, name: str):
        """A container of the image, as buildah understands it: its name, and the folder of its root."""
        container = self.call("from", "--pull-never", name)
        try:
            yield container, Path(self.call("mount", container))
        finally:
            self.call("rm", container)


class Container:
    """The image's command, running until close()."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self._config = config
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child=KILL",
             _HERE / "container.sh", root, config["User"], " ".join(config["Volumes"]),
             *self._inside([*config["Entrypoint"], *config["Cmd"]])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True, start_new_session=True)
        self.url = self._first_line(30)
        if not self.url:
            self.close()
            raise RuntimeError(f"the container announced nothing; its stderr: {self.log()}")
        # Process 1 as this side of the namespace knows it.
        self.pid = int(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text())

    def close(self) -> None:
        """Ends it, if it still runs."""
        self._process.kill()  # and its process 1 with it: --kill-child
        self._process.wait()
        self._process.stdout.close()

    def _inside(self, command: list[str]) -> list[str]:
        return ["env", "-i", "-C", self._config["WorkingDir"], *self._config["Env"], *command]

    def _first_line(self, seconds: float) -> str:
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            return self._process.stdout.readline().strip()
        finally:
            timer.cancel()

    def execute(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Runs a command as `docker exec` does: in the container, as its user."""
        uid, gid = self._config["User"].split(":")
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root",
             f"--setuid={uid}", f"--setgid={gid}", *self._inside(command)],
            check=False, capture_output=True, text=True, timeout=30)

    def connect(self, port: int) -> socket.socket:
        """A connection made from within the container's network; usable from outside."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net") as ours, open(f"/proc/{self.pid}/ns/net") as theirs:
            if libc.setns(theirs.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=5)
            finally:
                libc.setns(ours.fileno(), _CLONE_NEWNET)

    def processes(self) -> list[dict[str, str]]:
        """/proc/PID/status of every process inside."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
                if self._descends(int(fields["Pid"])):
                    found.append(fields)
        return found

    def _descends(self, pid: int) -> bool:
        while pid > 1 and pid != self.pid:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return pid == self.pid

    def server(self) -> dict[str, str]:
        """/proc/PID/status of the server itself; its holders bear the same name."""
        for fields in self.processes():
            if fields["Name"] == "paned" and int(fields["PPid"]) == self.pid:
                return fields
        raise RuntimeError("no server is a child of process 1")

    def terminate(self, seconds: float) -> tuple[int, float]:
        """SIGTERM to process 1, as a runtime stops a container: exit code, and how long it took."""
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        code = self._process.wait(seconds)
        return code, time.monotonic() - began

    def log(self) -> str:
        """Its stderr up to now."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")
