"""The server under test: one that runs already, or servers of our own.

Exists because a server may read its home when it starts: a case that wants something there gets a server of its own.
"""
from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from live.server_process import ServerError, ServerProcess
from replay import fixture
from replay.case import Case
from replay.offers import Offers
from replay.reach import Unusable

_LOG_CHARACTERS = 2000


def server_environment() -> dict[str, str]:
    """What a server of ours finds, whatever the caller has: recorded texts are in English, and so are those of tools."""
    return {"PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/bash"}


def split_command(text: str) -> list[str]:
    """A command line as words.  Raises Unusable."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Unusable(f"--start {text!r} is no command: {error}") from error


def with_full_path(command: list[str]) -> list[str]:
    """The same command, its program by its full path: it is started in another folder.  Raises Unusable."""
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise Unusable(f"{shlex.join(command[:1]) or 'an empty command'} is no program that can be started here")
    return [str(Path(program).absolute()), *command[1:]]


class Target:
    """What is replayed against: a server at `url`, or servers started with `command`; all files are below `root`."""

    def __init__(self, url: str | None, command: list[str], root: Path) -> None:
        self._command, self.root = command, root
        self._shared = None if url else self._start(root / "shared")
        self.home = root / "shared" / "home" if self._shared else None
        self.url = url or _url(self._shared)
        self.offers = Offers(self.url)

    @contextlib.asynccontextmanager
    async def server_for(self, case: Case) -> AsyncIterator[tuple[Offers, Path | None]]:
        """What to talk to, and the server's home if it is known."""
        if not case.meta.server_home or self._shared is None:
            yield self.offers, self.home
            return
        own = Path(tempfile.mkdtemp(dir=self.root))
        fixture.make_tree(case.meta.server_home, own / "home")
        server = await asyncio.to_thread(self._start, own)
        try:
            yield Offers(_url(server)), own / "home"
        finally:
            await asyncio.to_thread(server.stop)

    def died(self) -> str:
        """How the shared server ended although nobody asked it to; "" while it runs."""
        return self._shared.log_since(0)[-_LOG_CHARACTERS:] if self._shared and self._shared.has_ended() else ""

    def stop(self) -> None:
        """Ends the shared server."""
        if self._shared:
            self._shared.stop()

    def _start(self, root: Path) -> ServerProcess:
        try:
            return ServerProcess(self._command, root, server_environment())
        except (ServerError, OSError) as error:
            raise Unusable(f"{shlex.join(self._command)}: {error}") from error


def _url(server: ServerProcess | None) -> str:
    assert server is not None
    host, port = server.address
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"
