"""Starts a server under test and finds out what it offers.

Exists so that "not offered" is decided by asking the server (the capabilities of its initialize
reply, a tty probe, a sandbox probe) and not by its name.
"""
from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websockets

from replay import fixture
from replay.case import Case

START_SECONDS = 20.0


class ServerProcess:
    """A server of our own; its first line on stdout is the URL."""

    def __init__(self, command: list[str], home: Path) -> None:
        (home / "tmp").mkdir(parents=True)
        environment = {"PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"), "HOME": str(home),
                       "TMPDIR": str(home / "tmp"), "CODEX_HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                       "SHELL": "/bin/bash"}
        self.log = home / "stderr.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            env=environment, cwd=home)
        self.url = self._first_line()

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        descriptor, line, deadline = self.process.stdout.fileno(), b"", time.monotonic() + START_SECONDS
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready = select.select([descriptor], [], [], max(0.0, left))[0]
            piece = os.read(descriptor, 1) if ready else b""
            if not piece:
                self.stop()
                raise RuntimeError(f"the server printed no URL: {self.log.read_text(errors='replace')[-2000:]}")
            line += piece
        return line.decode().strip()

    def died(self) -> str:
        """How the server ended although nobody asked it to; "" while it runs."""
        code = self.process.poll()
        return "" if code is None else f"the server ended with {code}: {self.log.read_text(errors='replace')[-2000:]}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Target:
    """What is replayed against: a server that runs already, or servers of our own below the folder `root`."""

    def __init__(self, url: str | None, command: list[str], root: Path) -> None:
        self.command, self.root = command, root
        self.shared = ServerProcess(command, root / "home") if url is None else None
        self.home = root / "home" if self.shared else None
        self.offers = Offers(self.shared.url if self.shared else str(url))

    @contextlib.contextmanager
    def server_for(self, case: Case) -> Iterator[tuple[Offers, Path | None]]:
        """What to talk to, and the server's home if it is known. A server may read its home when it
        starts, so a case that wants something there gets a server of its own."""
        if not case.server_home or self.shared is None:
            yield self.offers, self.home
            return
        home = Path(tempfile.mkdtemp(dir=self.root)) / "home"
        fixture.make_tree(case.server_home, home)
        server = ServerProcess(self.command, home)
        try:
            yield Offers(server.url), home
        finally:
            server.stop()

    def died(self) -> str:
        """How the shared server ended although nobody asked it to."""
        return self.shared.died() if self.shared else ""

    def stop(self) -> None:
        """Ends the shared server."""
        if self.shared:
            self.shared.stop()


class Offers:
    """What a server offers; every question is asked once, on a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._known: dict[str, str] = {}
        self._capabilities: dict[str, Any] | None = None

    async def capabilities(self) -> dict[str, Any]:
        if self._capabilities is None:
            async with websockets.connect(self.url, compression=None, origin=None, ping_interval=None) as socket:
                result = (await _ask(socket, 1, "initialize", {"clientName": "replay-probe"})).get("result", {})
                self._capabilities = (result.get("environmentInfo") or {}).get("capabilities") or {}
        return self._capabilities

    async def start_problem(self, uris: bool, extra: dict[str, Any]) -> str:
        """"" when /bin/true can be run with these parameters, else what went wrong; an answer that
        begins with "refused" is an error reply."""
        key = json.dumps([uris, extra], sort_keys=True)
        if key not in self._known:
            problem = await asyncio.wait_for(self._try_start(uris, extra), START_SECONDS)
            if problem and await asyncio.wait_for(self._try_start(uris, {}), START_SECONDS):
                problem = ""  # A plain start fails as well: the case itself has to tell.
            self._known[key] = problem
        return self._known[key]

    async def _try_start(self, uris: bool, extra: dict[str, Any]) -> str:
        async with websockets.connect(self.url, compression=None, origin=None, ping_interval=None) as socket:
            await _ask(socket, 1, "initialize", {"clientName": "replay-probe"})
            await socket.send(json.dumps({"method": "initialized", "params": {}}))
            reply = await _ask(socket, 2, "process/start", {
                "processId": "probe", "argv": ["/bin/true"], "cwd": "file:///" if uris else "/", "env": {},
                "tty": False, "pipeStdin": False, "arg0": None, **extra})
            if "error" in reply:
                return f"refused: {reply['error'].get('message')}"
            while True:
                message = json.loads(await socket.recv())
                if message.get("method") == "process/exited":
                    code = message["params"]["exitCode"]
                    return "" if code == 0 else f"/bin/true exited with {code}"


async def _ask(socket: Any, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    await socket.send(json.dumps({"id": number, "method": method, "params": params}))
    while True:
        message = json.loads(await socket.recv())
        if message.get("id") == number:
            return dict(message)
