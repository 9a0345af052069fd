"""Shows that a folder which holds no usable case is told with file and key."""
from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from replay.fake_server import Message
from replay.folder import load_case
from replay.meta import BadCase
from replay.own_case import DROP, HELLO, OwnCase, came, event, life, output, sent
from replay.self_test import write_case


class BadCases(OwnCase):
    """Folders that hold no usable case are told with file and key."""

    def check(self, wanted: str, frames: list[Message] | None = None, **meta: Any) -> None:
        """Loading this case fails so."""
        with tempfile.TemporaryDirectory() as folder, self.subTest(wanted):
            write_case(Path(folder) / "case", frames or [*HELLO, *life("p", "pid=1\n", 2), DROP], **meta)
            with self.assertRaisesRegex(BadCase, wanted):
                load_case(Path(folder) / "case")

    def test_keys_of_meta(self) -> None:
        self.check("^meta.json: unknown key codexVersion", codexVersion="1")
        self.check("^meta.json: client: a string is expected, not 7", client=7)
        self.check("^meta.json: needs: unknown key tmus", needs={"tmus": True})
        self.check('^meta.json: needs: tty: true or false is expected, not "yes"', needs={"tty": "yes"})
        self.check("^meta.json: needs: methods: an array of strings is expected", needs={"methods": "fs/walk"})
        self.check("^meta.json: allow: no such deviation: event-order", allow=["event-order"])
        self.check("^meta.json: awaits: only fs/missingChanged", awaits=["process/exited"])
        self.check("^meta.json: output: q: no such process", output={"q": {"lines": []}})
        self.check("^meta.json: output: p: unknown key line", output={"p": {"line": []}})
        self.check('^meta.json: setup: 0: do: "git-commit-all" is expected', setup=[{"do": "rm"}])
        self.check("^meta.json: serverHome: a: kind: one of file, ", serverHome={"a": {"kind": "fifo"}})
        self.check("^meta.json: serverHome: a: text is missing", serverHome={"a": {"kind": "file"}})
        self.check(r"^meta.json: serverHome: '../a': a path below the run folder", serverHome={"../a": {"kind": "directory"}})

    def test_numbers(self) -> None:
        self.check("^meta.json: pids: q: no such process", pids={"q": r"(\d+)"})
        self.check("^meta.json: pids: p: a regular expression with one group", pids={"p": r"\d+"})
        self.check(r"^meta.json: pids: p: no regular expression: ", pids={"p": "("})
        self.check(r"^meta.json: pids: p: 'id (.*)' finds no number", pids={"p": "id (.*)"})

    def test_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(BadCase, "^meta.json is missing"):
                load_case(Path(folder))
            case = write_case(Path(folder) / "case", [*HELLO, DROP])
            (case / "files.json").write_text("{oops", encoding="utf-8")
            with self.assertRaisesRegex(BadCase, "^files.json: Expecting property name"):
                load_case(case)
            (case / "files.json").write_text(json.dumps({"a": {"kind": "file", "text": 1}}), encoding="utf-8")
            with self.assertRaisesRegex(BadCase, "^files.json: a: text: a string is expected"):
                load_case(case)
            (case / "session.jsonl").write_text('{"conn": 0}\n', encoding="utf-8")
            with self.assertRaisesRegex(BadCase, '^session.jsonl line 1: {"conn": N, KIND: …} is expected'):
                load_case(case)

    def test_frames(self) -> None:
        self.check("^session.jsonl line 1: send: connection 0 is not open", [sent(1, "initialize", {})])
        self.check("^session.jsonl line 4: recv: id 2 was not asked", [*HELLO, came(2, {})])
        self.check("^session.jsonl line 4: recv: id 1 was not asked, or answered", [*HELLO, came(1, {})])
        self.check("^session.jsonl line 4: send: method is missing", [*HELLO, {"conn": 0, "send": {"id": 2}}])
        self.check("^session.jsonl line 4: recv: process p was not started", [*HELLO, output("p", "x")])
        self.check("^session.jsonl line 5: recv: either result or error", [
            *HELLO, sent(2, "fs/walk", {}), {"conn": 0, "recv": {"id": 2}}])
        self.check(r"^session.jsonl line 5: recv: \$any: one of integer, ", [
            *HELLO, sent(2, "fs/walk", {}), came(2, {"a": [{"$any": "number"}]})])
        self.check(r"^session.jsonl line 4: send: \$bound: other was not bound", [
            *HELLO, sent(2, "initialize", {"resumeSessionId": {"$bound": "other"}})])
        self.check("^session.jsonl line 6: recv: no such message: ", [
            *HELLO, *life("p", "x", 2)[:2], event("output", "p", stream="stdout", chunk="%")])
        self.check("^session.jsonl line 4: recv: unknown notification process/new", [
            *HELLO, {"conn": 0, "recv": {"method": "process/new", "params": {}}}])


if __name__ == "__main__":
    unittest.main()
