"""Keeps what client and server said in the form that conformance/replay/convert.py reads.

Why it exists: a scenario that runs well against codex's own server is a recording worth replaying.  Paths that
differ in every run are spelled as convert.py wants them: the run folder is /tmp/ws, what is above it /tmp, the
server's home /home/executor.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path
from typing import Any

_BYTE_MEMBERS = frozenset({"chunk", "dataBase64", "bodyBase64", "deltaBase64"})
_RECORDED_ROOT, _RECORDED_HOME = "/tmp/ws", "/home/executor"


class Recorder:
    """One server's side of a run; may be used from any thread."""

    def __init__(self, root: Path, server: Path) -> None:
        self._spellings = [(str(server / "home"), _RECORDED_HOME), (str(server / "tmp"), f"{_RECORDED_HOME}/tmp"),
                           (str(root), _RECORDED_ROOT), (str(root.parent), "/tmp")]
        self._start = time.monotonic()
        self._lines: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def opened(self, connection: int, head: bytes) -> None:
        """The client opened a connection with this HTTP head; values of its headers are not kept."""
        names = [line.split(b":", 1)[0].decode().lower() for line in head.split(b"\r\n")[1:]]
        self._add({"conn": connection, "ev": "open", "headers": dict.fromkeys(names, "<…>")})

    def spell(self, here: str, recorded: str) -> None:
        """`here` is recorded as `recorded` from now on."""
        self._spellings.append((here, recorded))

    def closed(self, connection: int) -> None:
        """The connection is gone."""
        self._add({"conn": connection, "ev": "close"})

    def message(self, connection: int, from_server: bool, payload: bytes) -> None:
        """A message went over the connection."""
        try:
            text = json.dumps(self._spell(json.loads(payload)), ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            text = payload.decode(errors="replace")  # Traffic calls it a fault
        self._add({"conn": connection, "dir": "s2c" if from_server else "c2s", "text": text})

    def write(self, path: Path) -> None:
        """Writes the capture, one JSON object a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self._lines)
        path.write_text(text, encoding="utf-8")

    def _add(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._lines.append({"t_ms": int((time.monotonic() - self._start) * 1000), **line})

    def _spell(self, value: Any, member: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._spell(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._spell(inner, member) for inner in value]
        if not isinstance(value, str):
            return value
        if member in _BYTE_MEMBERS:
            data = base64.b64decode(value)
            for here, recorded in self._spellings:
                data = data.replace(here.encode(), recorded.encode())
            return base64.b64encode(data).decode()
        for here, recorded in self._spellings:
            value = value.replace(here, recorded)
        return value
