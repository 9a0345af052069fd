"""The one server that all clients are to share, and what can be said of it when they are gone."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from cross import processes
from live.server_process import ServerError, ServerProcess, address_of

_CONNECTING_SECONDS = 20.0
_LEAVING_SECONDS = 150.0  # the longest a server waits for a client to come back is 80 s; then it ends what ran for it
_STOPPING_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TERMINAL_KEEPER = "tmux"  # paned's terminals live in one


class Target:
    """A server started here, or (`process` is None) one that runs already."""

    def __init__(self, name: str, version: str, url: str, process: ServerProcess | None) -> None:
        self.name, self.version, self.url = name, version, url
        self.address = address_of(url)
        self.pid = process.pid if process else processes.listener(self.address)
        self._process = process

    @staticmethod
    def of_paned(binary: Path, root: Path) -> Target:
        """Starts `paned serve`."""
        version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        return Target._started("paned", version, [str(binary.resolve()), "serve"], root)

    @staticmethod
    def of_codex(binary: Path, version: str, root: Path) -> Target:
        """Starts codex's own exec-server."""
        return Target._started("codex exec-server", version, [str(binary), "exec-server"], root)

    @staticmethod
    def of_url(name: str, url: str) -> Target:
        """One that runs already.  Raises ServerError."""
        target = Target(name, "", url, None)
        try:
            socket.create_connection(target.address, _CONNECTING_SECONDS).close()
        except OSError as error:
            raise ServerError(f"nobody answers at {url}: {error}") from error
        return target

    @staticmethod
    def _started(name: str, version: str, command: list[str], root: Path) -> Target:
        process = ServerProcess([*command, "--listen", "ws://127.0.0.1:0"], root)
        host, port = process.address
        return Target(name, version, f"ws://{host}:{port}", process)

    def complaints(self) -> list[str]:
        """What is wrong with it now that every client has ended."""
        if self._process is not None and not self._process.running():
            return [f"the server did not survive: {self._process.log_since(0)[-600:]}"]
        if processes.listener(self.address) != self.pid:
            return ["another process listens on the server's address: it was restarted"]
        if self.pid is None:
            return []
        return self._within(_LEAVING_SECONDS, self._left)

    def stop(self) -> list[str]:
        """Ends it if it was started here; what remained of it."""
        if self._process is None:
            return []
        self._process.stop()
        return self._within(_STOPPING_SECONDS, lambda: _named("outlived the server", processes.descendants(os.getpid())))

    def _left(self) -> list[str]:
        """Connections and programs of clients; the server's own helpers are not any."""
        assert self.pid is not None
        own = processes.own_programs(self.pid)
        mine = processes.descendants(os.getpid()) if self._process else set()
        left = {pid for pid in (mine | processes.descendants(self.pid)) - {self.pid}
                if (path := processes.program(pid)) and path not in own and Path(path).name != _TERMINAL_KEEPER}
        connections = processes.connections_at(self.address, self.pid)
        return _named("was left behind", left) + ([f"{connections} connections were left open"] if connections else [])

    @staticmethod
    def _within(seconds: float, look: Callable[[], list[str]]) -> list[str]:
        """What is found when nothing more goes away."""
        end = time.monotonic() + seconds
        while (found := look()) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        return found


def _named(what: str, pids: set[int]) -> list[str]:
    return [f"process {pid} {what}: {processes.command_line(pid)}" for pid in sorted(pids)]
