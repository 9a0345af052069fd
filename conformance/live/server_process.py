"""The exec-server under test: started for this run, or one that is already there."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from live import process_group
from capture.tcp_proxy import Address

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0


class ServerError(Exception):
    """The server under test cannot be used."""


def clean_environment(home: Path, temporary: Path) -> dict[str, str]:
    """The caller's environment without what would steer codex, a proxy or tmux, and with private folders.

    HTTPS_PROXY points to a closed port: codex tries to reach its makers' sites, and fails there at once.
    """
    dropped = ("CODEX_", "OPENAI_", "PANED_", "TMUX", "XDG_")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(dropped) and not name.lower().endswith("_proxy")}
    environment.update(HOME=str(home), TMPDIR=str(temporary), XDG_RUNTIME_DIR=str(temporary),
                       HTTPS_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1")
    return environment


def address_of(url: str) -> Address:
    """Host and port of a ws:// URL."""
    parts = urlsplit(url)
    if parts.scheme != "ws" or parts.hostname is None or parts.port is None:
        raise ServerError(f"not a ws://HOST:PORT URL: {url!r}")
    return parts.hostname, parts.port


class ServerProcess:
    """A server that prints its ws URL as the first line of stdout; `root`/home is its home and its CODEX_HOME.

    Its environment is the caller's, cleaned, unless another one is given.
    """

    def __init__(self, command: list[str], root: Path, environment: Mapping[str, str] | None = None) -> None:
        for name in ("home", "tmp"):
            (root / name).mkdir(parents=True, mode=0o700, exist_ok=True)
        self._log_path = root / "stderr"
        own = {**(clean_environment(root / "home", root / "tmp") if environment is None else environment),
               "HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "CODEX_HOME": str(root / "home")}
        with self._log_path.open("wb") as log:
            self._process = process_group.start(command, root, own, subprocess.PIPE, log)
        try:
            self.address = address_of(self._first_line())
        except ServerError:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def log_size(self) -> int:
        """Where the server's stderr ends now."""
        return self._log_path.stat().st_size

    def log_since(self, offset: int) -> str:
        """The server's stderr from `offset` on, and how it ended if it did."""
        text = self._log_path.read_bytes()[offset:].decode(errors="replace")
        status = self._process.poll()
        return text if status is None else f"{text}\n[the server ended with status {status}]"

    def has_ended(self) -> bool:
        """Did it end although nobody asked it to?"""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Ends the server and its process group."""
        process_group.end(self._process, _STOP_SECONDS)

    def _first_line(self) -> str:
        pipe = self._process.stdout
        assert pipe is not None
        if not select.select([pipe], [], [], _START_SECONDS)[0]:
            raise ServerError(f"the server printed no URL in {_START_SECONDS:.0f} s\n{self.log_since(0)}")
        line = pipe.readline().decode(errors="replace").strip()
        if not line:
            self._process.wait(_STOP_SECONDS)
            raise ServerError(f"the server ended without printing its URL\n{self.log_since(0)}")
        threading.Thread(target=pipe.read, daemon=True).start()  # whatever it prints later must not block it
        return line
