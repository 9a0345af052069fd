"""Plays cases made for the purpose: numbers that a program tells, several connections at once."""
from __future__ import annotations

import base64
import re
import unittest
from pathlib import Path
from typing import Any

from replay.fake_server import Message, Mutation
from replay.folder import load_case
from replay.own_case import DROP, HELLO, OwnCase, came, event, life, output, sent
from replay.self_test import Replay, drop, edit, encoded, honest, on, write_case
from replay.transcript import Mismatch

TOLD_PID = re.compile(r"pid=(\d+)")


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


if __name__ == "__main__":
    unittest.main()
