"""Plays cases made for the purpose: numbers a program tells, several connections, and folders that hold no case."""
from __future__ import annotations

import base64
import json
import re
import tempfile
import unittest
from pathlib import Path
from typing import Any

from replay.fake_server import Message, Mutation
from replay.folder import load_case
from replay.meta import BadCase
from replay.recorded import Expected
from replay.self_test import Replay, drop, edit, encoded, honest, on, write_case
from replay.transcript import Mismatch

SESSION = {"id": 1, "result": {"sessionId": {"$bind": "session"}}}
HELLO: list[Message] = [{"conn": 0, "open": {}}, {"conn": 0, "send": {"id": 1, "method": "initialize", "params": {}}},
                        {"conn": 0, "recv": SESSION}]
DROP: Message = {"conn": 0, "drop": "by the client"}
TOLD_PID = re.compile(r"pid=(\d+)")


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


class Numbers(OwnCase):
    """`pids`."""

    FRAMES = [*HELLO, sent(2, "process/start", {"processId": "a", "argv": ["script"], "cwd": "/", "pipeStdin": True}),
              came(2, {"processId": "a"}), output("a", "pid=4711 of 47110\n"),
              sent(3, "process/start", {"processId": "b", "argv": ["kill", "-9", "4711", "14711"], "cwd": "/"}),
              came(3, {"processId": "b"}),
              sent(4, "process/write", {"processId": "a", "chunk": encoded("kill 4711\n")}), came(4, {"status": "accepted"}),
              output("b", "killed 4711\n"), event("exited", "b", exitCode=0), event("closed", "b"),
              event("exited", "a", exitCode=0), event("closed", "a"), DROP]

    @staticmethod
    def other_number(message: Message) -> list[Any]:
        """Every output says 98 where the recording says 4711."""
        if message.get("method") == "process/output":
            raw = base64.b64decode(message["params"]["chunk"])
            message["params"]["chunk"] = base64.b64encode(re.sub(rb"\b4711\b", b"98", raw)).decode()
        return [message]

    def test_another_number_in_this_run(self) -> None:
        replay = self.replay(self.FRAMES, self.other_number, pids={"a": TOLD_PID.pattern}).run()
        heard = {message["id"]: message for message in replay.server.heard if "id" in message}
        self.assertEqual(["kill", "-9", "98", "14711"], heard[3]["params"]["argv"])
        self.assertEqual(encoded("kill 98\n"), heard[4]["params"]["chunk"])

    def test_a_number_in_pieces(self) -> None:
        replay = self.replay(self.FRAMES, self.other_number, chunk_bytes=1, pids={"a": TOLD_PID.pattern}).run()
        heard = {message["id"]: message for message in replay.server.heard if "id" in message}
        self.assertEqual(["kill", "-9", "4711", "14711"], heard[3]["params"]["argv"])

    def test_without_a_rule_it_is_another_output(self) -> None:
        with self.assertRaisesRegex(Mismatch, "bytes"):
            self.replay(self.FRAMES, self.other_number).run()

    def test_a_number_that_never_comes(self) -> None:
        silent = on("process/output", 1, edit("params", "chunk", value=encoded("pid=none, of 47110\n")))
        with self.assertRaisesRegex(Mismatch, r"output of a that matches 'pid=\(\\\\d\+\)'"):
            self.replay(self.FRAMES, silent, pids={"a": TOLD_PID.pattern}).run()


class ManyConnections(OwnCase):
    """Two sessions at once, with a process of the same name in each."""

    OTHER: list[Message] = [{"conn": 1, "open": {}}, sent(1, "initialize", {}, 1),
                            came(1, {"sessionId": {"$bind": "other"}}, 1)]
    FRAMES = [*HELLO, *OTHER, *life("same", "zero\n", 2), *life("same", "one\n", 2, 1), DROP,
              {"conn": 1, "drop": "by the client"}]

    @staticmethod
    def hello_by_connection() -> Mutation:
        """A session id of its own for each connection."""
        met = 0

        def mutate(message: Message) -> list[Any]:
            nonlocal met
            if "sessionId" in message.get("result", {}):
                met += 1
                message["result"]["sessionId"] = f"session {met}"
            return [message]
        return mutate

    def test_both_are_played(self) -> None:
        self.replay(self.FRAMES, self.hello_by_connection()).run()

    def test_each_is_compared(self) -> None:
        hello = self.hello_by_connection()
        for wrong in ("zero\n", "one\n"):
            def change(message: Message, wrong: str = wrong) -> list[Any]:
                if message.get("params", {}).get("chunk") == encoded(wrong):
                    message["params"]["chunk"] = encoded("two\n")
                return hello(message)
            with self.subTest(wrong), self.assertRaisesRegex(Mismatch, "process same: stdout"):
                Replay(load_case(self._written()), change).run()

    def test_one_that_says_nothing(self) -> None:
        hello, met = self.hello_by_connection(), 0

        def lose_second_end(message: Message) -> list[Any]:
            nonlocal met
            met += message.get("method") == "process/closed"
            return hello(message) if message.get("method") != "process/closed" or met == 1 else drop(message)
        with self.assertRaisesRegex(Mismatch, "of process same: its close"):
            self.replay(self.FRAMES, lose_second_end).run()

    def _written(self) -> Path:
        return self.folder if self.folder.exists() else write_case(self.folder, self.FRAMES)


class Resumed(OwnCase):
    """A process prints while no connection is there."""

    FRAMES = [
        *HELLO, sent(2, "process/start", {"processId": "p", "argv": ["x"], "cwd": "/"}), came(2, {"processId": "p"}),
        output("p", "one\n"), {"conn": 0, "drop": "by the network"},
        {"conn": 1, "open": {}}, sent(1, "initialize", {"resumeSessionId": {"$bound": "session"}}, 1),
        {"conn": 1, "recv": SESSION}, event("output", "p", 1, stream="stdout", chunk=encoded("three\n"), seq=3),
        sent(2, "process/read", {"processId": "p", "afterSeq": 1}, 1),
        came(2, {"chunks": [{"seq": 2, "stream": "stdout", "chunk": encoded("two\nthree\n")}], "nextSeq": 4,
                 "exited": False, "exitCode": None, "closed": False}, 1),
        event("output", "p", 1, stream="stdout", chunk=encoded("four\n"), seq=4),
        event("exited", "p", 1, exitCode=0, seq=5), event("closed", "p", 1, seq=6),
        sent(3, "process/terminate", {"processId": "p"}, 1), came(3, {"running": False}, 1),
        {"conn": 1, "drop": "by the client"}]

    def after(self, *away: Message, mutate: Mutation = honest) -> Replay:
        """A server where this has happened when the second connection comes."""
        replay = self.replay(self.FRAMES, mutate)
        replay.server.away = [entry["recv"]["params"] for entry in away]
        return replay

    @staticmethod
    def silent_about(*texts: str) -> Mutation:
        """These outputs are not notified."""
        chunks = [encoded(text) for text in texts]
        return lambda message: [] if message.get("params", {}).get("chunk") in chunks else [message]

    def test_as_recorded(self) -> None:
        self.after(output("p", "two\n")).run()

    def test_all_output_while_away(self) -> None:
        self.after(output("p", "two\n"), output("p", "three\n"), output("p", "four\n"), event("exited", "p", exitCode=0),
                   event("closed", "p")).run()

    def test_output_that_was_lost_while_away(self) -> None:
        with self.assertRaisesRegex(Mismatch, r"stdout \(15 of 19 bytes came\)|19 bytes expected, 15 came"):
            self.after().run()

    def test_output_that_is_not_notified_after_the_read(self) -> None:
        with self.assertRaisesRegex(Mismatch, "leaves a gap"):
            self.after(output("p", "two\n"), mutate=self.silent_about("four\n")).run()


class Union(unittest.TestCase):
    """What a process has printed, from pieces that were notified and read."""

    def total(self, *pieces: tuple[str, int, int, str]) -> str:
        """Pieces are (notified or read, first number, number behind the last, text)."""
        expected = Expected(over_connections=True)
        for way, seq, next_seq, text in pieces:
            chunk = {"seq": seq, "stream": "stdout", "chunk": encoded(text)}
            if way == "notified":
                expected.note_output(chunk)
            else:
                expected.note_read({"chunks": [chunk], "nextSeq": next_seq, "exited": False, "closed": False})
        return expected.total("stdout").decode()

    def test_pieces_of_both_kinds(self) -> None:
        self.assertEqual("abcdef", self.total(
            ("notified", 1, 3, "ab"), ("notified", 5, 6, "e"), ("read", 3, 6, "cde"), ("notified", 6, 7, "f")))

    def test_joined_pieces_that_overlap(self) -> None:
        self.assertEqual("abcdefg", self.total(("notified", 1, 3, "ab"), ("read", 3, 6, "cde"), ("notified", 5, 8, "efg")))

    def test_equal_texts_are_not_one(self) -> None:
        self.assertEqual("aaa", self.total(("notified", 1, 2, "a"), ("notified", 2, 3, "a"), ("read", 3, 4, "a")))


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
