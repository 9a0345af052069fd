"""Plays sessions that outlive their connection."""
from __future__ import annotations

import unittest

from replay.fake_server import Message, Mutation
from replay.own_case import HELLO, SESSION, OwnCase, came, event, output, sent
from replay.recorded import Expected
from replay.self_test import Replay, encoded, honest
from replay.transcript import Mismatch


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


if __name__ == "__main__":
    unittest.main()
