"""A server of this run: its process, its folders, the HTTP server it can reach, and what is private to it."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from differential import codex_home, fixture
from differential.http_peer import HttpPeer

from live.server_process import ServerProcess


class Target:
    """Started by `start`; both targets of a run have folders with names of the same length."""

    def __init__(self, command: list[str], root: Path, strip: Callable[[Any], Any]) -> None:
        self.root, self.strip = root, strip
        self._command = command
        self._peer = HttpPeer()
        self._process: ServerProcess | None = None
        self.texts: dict[str, str] = {}
        self.url, self.port = "", 0

    async def start(self) -> None:
        """Builds the tree, starts both servers."""
        self.root.mkdir(parents=True)
        (self.root / "cases").mkdir()
        world = self.root / "world"  # where `..` leads to
        fixture.build(world / "tree")
        fixture.build_odd(self.root / "odd")
        codex_home.build(self.root / "server" / "home", self.root / "project")  # codex looks for skills at its start
        await self._peer.start()
        self._process = ServerProcess(self._command, self.root / "server")
        host, self.port = self._process.address
        self.url = f"ws://{host}:{self.port}"
        self.texts = {str(world / "tree"): "$tree", str(self.root / "project"): "$project", str(self.root): "$root",
                      self._peer.address: "$http"}

    def ended(self) -> bool:
        """Whether the server ended by itself."""
        return self._process is not None and "[the server ended" in self._process.log_since(0)

    async def stop(self) -> None:
        """Ends both servers."""
        if self._process:
            self._process.stop()
        await self._peer.stop()
