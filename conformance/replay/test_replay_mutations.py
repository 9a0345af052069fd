"""Shows that the replayer fails when a server is wrong: a fake one repeats a recording with one thing changed."""
from __future__ import annotations

import unittest
from typing import Any

from replay.fake_server import Message, Mutation
from replay.self_test import (
    BODY_DELTA, COPIED, KILLED, PATCH, POLLING, RESUMED, SIMPLE, STDERR, STREAMED, TTY, WATCHED, double, drop, edit, encoded, on,
    on_error, on_result, play, without_watching)
from replay.transcript import Mismatch


class Refused(unittest.TestCase):
    """Every one of these is a wrong server."""

    def check(self, name: str, mutate: Mutation, wanted: str, **changes: Any) -> None:
        with self.assertRaisesRegex(Mismatch, wanted):
            play(name, mutate, **changes)

    def test_lost_output(self) -> None:
        self.check(STDERR, on("process/output", 2, drop), "leaves a gap")

    def test_lost_last_output(self) -> None:
        self.check(RESUMED, on("process/output", 2, drop), "missing: of process .* bytes came|differ from byte")

    def test_doubled_output(self) -> None:
        self.check(STDERR, on("process/output", 2, double), "does not ascend")

    def test_lost_where_events_may_overtake(self) -> None:
        self.check(POLLING, on("process/output", 2, drop), "leaves a gap|missing: of process")
        self.check(KILLED, on("process/exited", 3, drop), "leaves a gap|missing: of process")
        self.check(POLLING, on("process/output", 2, double), "does not ascend")

    def test_changed_bytes(self) -> None:
        self.check(STDERR, on("process/output", 2, edit("params", "chunk", value=encoded("E1\n"))), "differ from byte 0")

    def test_longer_output(self) -> None:
        self.check(STDERR, on("process/output", 1, edit("params", "chunk", value=encoded("o1\nx"))), "differ from byte 3")

    def test_other_stream(self) -> None:
        self.check(STDERR, on("process/output", 2, edit("params", "stream", value="stdout")), r"stderr \(3 of 6 bytes came\)")

    def test_bad_base64(self) -> None:
        self.check(STDERR, on("process/output", 2, edit("params", "chunk", value="%%%=")), "base64")

    def test_swapped_order(self) -> None:
        held: list[Message] = []

        def swap(message: Message) -> list[Any]:
            if message.get("method") != "process/output":
                return [message]
            held.append(message)
            return [] if len(held) == 1 else [message, held[0]] if len(held) == 2 else [message]
        self.check(STDERR, swap, "gap|ascend")

    def test_notification_members(self) -> None:
        self.check(STDERR, on("process/output", 1, edit("params", "stream", value=KeyError)), "stream is missing")
        self.check(STDERR, on("process/closed", 1, edit("params", "seq", value=KeyError)), "seq is missing")
        self.check(STDERR, on("process/output", 1, edit("params", "seq", value="1")), "any integer expected")
        self.check(STDERR, on("process/exited", 1, edit("params", "sandboxDenied", value=KeyError)), "is missing")

    def test_exit_code(self) -> None:
        self.check(STDERR, on("process/exited", 1, edit("params", "exitCode", value=1)), "exitCode")
        self.check(KILLED, on("process/exited", 3, edit("params", "exitCode", value=137)), "exitCode", allow=frozenset())
        self.check(KILLED, on("process/exited", 3, edit("params", "exitCode", value=9)), "exitCode")

    def test_lost_end(self) -> None:
        self.check(STDERR, on("process/closed", 1, drop), "missing: of process .* its close")
        self.check(STDERR, on("process/exited", 1, drop), "gap|missing: of process .* its exit")
        self.check(STDERR, on("process/exited", 1, drop), "gap", allow=frozenset())

    def test_closed_numbered_before_exited(self) -> None:
        """`exited` may come late where recorded servers do that, but its number is the lower one."""
        held: list[Message] = []

        def exchange(message: Message) -> list[Any]:
            if message.get("method") == "process/exited":
                held.append(message)
                return []
            if message.get("method") != "process/closed":
                return [message]
            exited, params = held.pop(), message["params"]
            exited["params"]["seq"], params["seq"] = params["seq"], exited["params"]["seq"]
            return [message, exited]
        self.check(STDERR, exchange, "closed before exited")

    def test_output_behind_the_end(self) -> None:
        held: list[Message] = []

        def delay(message: Message) -> list[Any]:
            if message.get("method") == "process/output" and message["params"]["seq"] == 4:
                held.append(message)
                return []
            return [message, held.pop()] if message.get("method") == "process/closed" and held else [message]
        self.check(STDERR, delay, "closed seq 6 leaves a gap")

    def test_doubled_end(self) -> None:
        self.check(STDERR, on("process/closed", 2, double), "after closed")
        self.check(STDERR, on("process/exited", 1, double), "ascend|twice")

    def test_unknown_notification(self) -> None:
        extra = {"method": "process/strange", "params": {}}
        self.check(STDERR, on("process/exited", 1, lambda message: [extra, message]), "unexpected notification")

    def test_reply_members(self) -> None:
        self.check(PATCH, on_result("isSymlink", edit("result", "isSymlink", value=KeyError)), "isSymlink is missing")
        self.check(PATCH, on_result("isSymlink", edit("result", "size", value="4")), "size")
        self.check(PATCH, on_result("isSymlink", edit("result", "isFile", value=1)), "isFile")
        self.check(STDERR, on_result("running", edit("result", "running", value=True)), "running")
        self.check(PATCH, on_result("dataBase64", edit("result", "dataBase64", value="eA==")), "dataBase64")

    def test_errors(self) -> None:
        self.check(PATCH, on_error(edit("error", "code", value=-32603)), "error.code")
        self.check(PATCH, on_error(edit("error", "message", value="gone")), "error.message")
        self.check(PATCH, on_error(lambda m: [{"id": m["id"], "result": {}}]), "error is expected|unexpected result")
        self.check(SIMPLE, without_watching({"fsWatchMissing": True}), "unexpected error|result is expected",
                   allow=frozenset())

    def test_replies_and_ids(self) -> None:
        self.check(SIMPLE, on_result("running", drop, only_first=True), "missing: the reply to request")
        self.check(SIMPLE, on_result("watching", double), "second reply")
        self.check(SIMPLE, on_result("watching", edit("id", value="10")), "not asked")
        self.check(SIMPLE, on_result("watching", edit("id", value=77)), "not asked")

    def test_transport(self) -> None:
        self.check(SIMPLE, on_result("watching", lambda _: ["{oops"]), "not JSON")
        self.check(SIMPLE, on_result("watching", lambda _: [b"{}"]), "binary")
        self.check(SIMPLE, on_result("watching", lambda _: [ConnectionAbortedError]), "closed the connection")

    def test_reads(self) -> None:
        self.check(POLLING, on_result("nextSeq", edit("result", "chunks", value=[])), "process/read")
        self.check(POLLING, on_result("nextSeq", edit("result", "nextSeq", value=KeyError)), "nextSeq is missing")
        self.check(POLLING, on_result("nextSeq", edit("result", "exited", value=False)), "exited|closed")
        self.check(POLLING, on_result("nextSeq", edit("result", "closed", value=True)), "closed but not exited")

    def test_read_contents(self) -> None:
        def change(message: Message) -> list[Any]:
            for chunk in message["result"]["chunks"]:
                chunk["chunk"] = encoded("tick-X\n")
            return [message]
        self.check(POLLING, on_result("nextSeq", change), "different contents")

    def test_claims_of_reads(self) -> None:
        """What a client never asks for again, or no longer waits for."""
        skipping = on_result("nextSeq", edit("result", "nextSeq", value=9), only_first=True)
        self.check(RESUMED, skipping, "did not return output seq 2, and its nextSeq 9 is behind it")
        for name, member in ((POLLING, "exited"), (TTY, "exited"), (TTY, "closed")):
            with self.subTest(f"{name} {member}"):
                code = {POLLING: 5, TTY: 7}[name]
                ended = {"exited": True, "exitCode": code, **({"closed": True} if member == "closed" else {})}
                self.check(name, self.claiming(ended), f"said {member} with nextSeq 1, but")

    @staticmethod
    def claiming(members: Message) -> Mutation:
        """The first read, of a process that has said nothing yet, has these members."""
        def claim(message: Message) -> list[Any]:
            message["result"].update(members)
            return [message]
        return on_result("nextSeq", claim, only_first=True)

    def test_awaited_notification(self) -> None:
        self.check(WATCHED, on("fs/missingChanged", 1, drop), "missing: fs/missingChanged")
        self.check(WATCHED, on("fs/missingChanged", 1, edit("params", "watchId", value=7)), "missing: fs/missingChanged")

    def test_bodies(self) -> None:
        self.check(STREAMED, on(BODY_DELTA, 1, drop), "body of http-1: seq 2 after 0")
        self.check(STREAMED, on(BODY_DELTA, 1, double), "body of http-1: seq 1 after 1")
        self.check(STREAMED, on(BODY_DELTA, 2, drop), "missing: the body of http-1")
        self.check(STREAMED, on(BODY_DELTA, 2, double), "after the last one")
        self.check(STREAMED, on(BODY_DELTA, 1, edit("params", "done", value=True)), "after the last one|it ended after")
        self.check(STREAMED, on(BODY_DELTA, 1, edit("params", "deltaBase64", value="eA==")), "other bytes than recorded")
        self.check(STREAMED, on(BODY_DELTA, 1, edit("params", "error", value="broken")), "error 'broken'")
        self.check(STREAMED, on(BODY_DELTA, 1, edit("params", "requestId", value="http-99")), "unexpected notification")

    def test_blocks(self) -> None:
        self.check(COPIED, on_result("eof", edit("result", "eof", value=True), only_first=True), "eof")
        self.check(COPIED, on_result("eof", edit("result", "chunk", value="eA=="), only_first=True), "chunk")
        self.check(COPIED, on_result("handleId", edit("result", "handleId", value="other")), "handleId")

    def test_other_session_after_reconnect(self) -> None:
        met = 0

        def second(message: Message) -> list[Any]:
            nonlocal met
            met += 1
            return edit("result", "sessionId", value=f"session-{met}")(message)
        self.check(RESUMED, on_result("sessionId", second), "again")


if __name__ == "__main__":
    unittest.main()
