"""Several turns of one codex process: `codex app-server`, driven over its stdin and stdout.

Why it exists: `codex exec` ends after one turn, and what a server tells the client in the meantime (that a watched
path has appeared) counts only in the next.
"""

from __future__ import annotations

import json
import select
import subprocess
import time
from pathlib import Path
from typing import IO, Any

from live import process_group

JsonObject = dict[str, Any]


class AppServerError(Exception):
    """It did not answer as expected."""


def run_turns(command: list[str], project: Path, environment: dict[str, str], turns: int, stderr: IO[bytes],
              timeout: float) -> None:
    """Starts a thread in `project` and takes `turns` turns in it, one after the other."""
    process = process_group.start(command, project, environment, subprocess.PIPE, stderr, stdin=subprocess.PIPE)
    try:
        talk = _Talk(process, time.monotonic() + timeout)
        talk.request("initialize", {"clientInfo": {"name": "live-test", "version": "1"}})
        talk.send({"method": "initialized"})
        thread = talk.request("thread/start", {"cwd": str(project), "approvalPolicy": "never",
                                               "sandbox": "danger-full-access"})["thread"]["id"]
        for _ in range(turns):
            talk.request("turn/start", {"threadId": thread, "input": [{"type": "text", "text": "go"}]})
            talk.wait_for_notification("turn/completed")
    finally:
        process_group.end(process, grace_seconds=1)


class _Talk:
    """JSON-RPC, one message a line."""

    def __init__(self, process: subprocess.Popen[bytes], end: float) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._end = end
        self._number = 0
        self._buffer = b""

    def send(self, message: JsonObject) -> None:
        self._stdin.write(json.dumps(message).encode() + b"\n")
        self._stdin.flush()

    def request(self, method: str, params: JsonObject) -> JsonObject:
        """The result; notifications that come before it are not looked at."""
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._next(f"reply to {method}")
            if message.get("id") == self._number and "method" not in message:
                if "result" not in message:
                    raise AppServerError(f"{method}: {message.get('error')}")
                return dict(message["result"])

    def wait_for_notification(self, method: str) -> None:
        while self._next(method).get("method") != method:
            pass

    def _next(self, wanted: str) -> JsonObject:
        while b"\n" not in self._buffer:
            ready = select.select([self._stdout], [], [], max(0.0, self._end - time.monotonic()))[0]
            piece = self._stdout.read1(65536) if ready else b""
            if not piece:
                raise AppServerError(f"{wanted}: {'it ended' if ready else 'nothing came in time'}")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return dict(json.loads(line))
