"""Cases made for a self-test: messages in short, and a folder to put them in."""
from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

from replay.fake_server import Message, Mutation
from replay.folder import load_case
from replay.self_test import Replay, encoded, write_case

SESSION = {"id": 1, "result": {"sessionId": {"$bind": "session"}}}
HELLO: list[Message] = [{"conn": 0, "open": {}}, {"conn": 0, "send": {"id": 1, "method": "initialize", "params": {}}},
                        {"conn": 0, "recv": SESSION}]
DROP: Message = {"conn": 0, "drop": "by the client"}


def sent(number: int, method: str, params: Message, conn: int = 0) -> Message:
    """A request."""
    return {"conn": conn, "send": {"id": number, "method": method, "params": params}}


def came(number: int, result: Message, conn: int = 0) -> Message:
    """A reply."""
    return {"conn": conn, "recv": {"id": number, "result": result}}


def event(method: str, name: str, conn: int = 0, **params: Any) -> Message:
    """A notification of a process; its number matters only where a session is resumed."""
    return {"conn": conn, "recv": {"method": f"process/{method}", "params": {"processId": name, "seq": 1, **params}}}


def output(name: str, text: str, conn: int = 0) -> Message:
    """Output of a process."""
    return event("output", name, conn, stream="stdout", chunk=encoded(text))


def life(name: str, text: str, first_id: int, conn: int = 0) -> list[Message]:
    """A process from its start to its end."""
    return [sent(first_id, "process/start", {"processId": name, "argv": ["x"], "cwd": "/"}, conn),
            came(first_id, {"processId": name}, conn), output(name, text, conn),
            event("exited", name, conn, exitCode=0), event("closed", name, conn)]


class OwnCase(unittest.TestCase):
    """A test with a folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "1.0" / "case"

    def replay(self, frames: list[Message], mutate: Mutation, chunk_bytes: int = 1 << 20, **meta: Any) -> Replay:
        """A case of these frames."""
        return Replay(load_case(write_case(self.folder, frames, **meta)), mutate, chunk_bytes)
