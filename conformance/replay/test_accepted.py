"""Shows that the replayer accepts what is a server's own business: chunking, additional members, named deviations."""
from __future__ import annotations

import base64
import unittest
from typing import Any

from replay.compare import Comparer
from replay.fake_server import Message, Mutation
from replay.placeholders import Placeholders
from replay.self_test import (
    BODY_DELTA, COPIED, KILLED, PATCH, POLLING, RESUMED, SIMPLE, STDERR, STREAMED, WATCHED, edit, double, honest, on,
    on_result, play, without_watching)
from replay.streams import Seen
from replay.transcript import Mismatch


class Accepted(unittest.TestCase):
    """Differences that are no failures."""

    def test_recordings_as_they_are(self) -> None:
        for name in (STDERR, PATCH, SIMPLE, POLLING, RESUMED, KILLED, WATCHED, STREAMED, COPIED):
            with self.subTest(name):
                play(name, honest)

    def test_other_chunk_sizes(self) -> None:
        for name in (SIMPLE, POLLING, "0.169.0/unicode", "0.135.0/ordered_output"):
            with self.subTest(name):
                play(name, honest, chunk_bytes=7 if "ordered" not in name else 999)

    def test_additional_members(self) -> None:
        def add(message: Message) -> list[Any]:
            message["jsonrpc"] = "2.0"
            for member in ("result", "params", "error"):
                if member in message:
                    message[member]["addition"] = {"x": 1}
            return [message]
        for name in (STDERR, PATCH, POLLING):
            with self.subTest(name):
                play(name, add)

    def test_other_cuts_of_bodies(self) -> None:
        numbers: dict[str, int] = {}

        def halve(message: Message) -> list[Any]:
            if message.get("method") != BODY_DELTA:
                return [message]
            params = message["params"]
            data, name = base64.b64decode(params["deltaBase64"]), params["requestId"]
            halves = []
            for piece, done in ((data[:len(data) // 2], False), (data[len(data) // 2:], params["done"])):
                numbers[name] = numbers.get(name, 0) + 1
                halves.append({"method": BODY_DELTA, "params": {
                    **params, "seq": numbers[name], "deltaBase64": base64.b64encode(piece).decode(), "done": done}})
            return halves
        play(STREAMED, halve)

    def test_named_deviations(self) -> None:
        play(KILLED, on("process/exited", 3, edit("params", "exitCode", value=137)), output={})
        play(SIMPLE, on_result("isFile", edit("result", "createdAtMs", value=12345)))
        play(SIMPLE, on_result("environmentInfo", edit("result", "environmentInfo", "capabilities", value={})))

    def test_method_not_offered(self) -> None:
        play(SIMPLE, without_watching({}))

    def test_overtaking_where_recorded_servers_do_it(self) -> None:
        held: list[Message] = []

        def swap(message: Message) -> list[Any]:
            if message.get("method") == "process/output" and message["params"]["seq"] == 1:
                held.append(message)
                return []
            return [message, held.pop()] if held and message.get("method") == "process/exited" else [message]
        play(SIMPLE, swap)
        play(SIMPLE, self.exit_last())
        for server in (swap, self.exit_last()):
            with self.assertRaisesRegex(Mismatch, "gap|ascend"):
                play(SIMPLE, server, allow=frozenset({"created-at"}))

    def test_read_between_closed_and_a_late_exit(self) -> None:
        seen = Seen(Placeholders("/run"), Comparer(frozenset()), may_overtake=True)
        seen.on_output(1, "stdout", b"x")
        seen.on_closed(3)
        seen.on_read(1, {"chunks": [], "nextSeq": 4, "exited": True, "exitCode": 0, "closed": True})
        seen.on_exited(2, 0)
        self.assertEqual(seen.problems, [])

    @staticmethod
    def exit_last() -> Mutation:
        """`exited` is told behind `closed`."""
        held: list[Message] = []

        def mutate(message: Message) -> list[Any]:
            if message.get("method") == "process/exited":
                held.append(message)
                return []
            return [message, held.pop()] if message.get("method") == "process/closed" and held else [message]
        return mutate

    def test_resume_that_is_refused_at_first(self) -> None:
        met = 0

        def refuse(message: Message) -> list[Any]:
            nonlocal met
            met += 1
            attached = {"code": -32010, "message": "session is already attached to another connection"}
            return [{"error": attached, "id": message["id"]}] if met == 2 else [message]
        play(RESUMED, on_result("sessionId", refuse))

    def test_hints(self) -> None:
        play(WATCHED, on("fs/missingChanged", 1, double))
        hint = {"method": "fs/missingChanged", "params": {"watchId": 1}}
        play(SIMPLE, on("process/exited", 1, lambda message: [hint, message]))


if __name__ == "__main__":
    unittest.main()
