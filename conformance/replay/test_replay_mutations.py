"""Shows that the replayer fails when a server is wrong, and only then.

A fake server repeats a recording; each test changes one thing in what it says. Differences that are
a server's own business (chunking, additional members, named deviations) must pass.
"""
from __future__ import annotations

import asyncio
import base64
import dataclasses
import sys
import unittest
from pathlib import Path
from typing import Any

from replay.case import Case
from replay.fake_server import FakeServer, Message, Mutation
from replay.folder import load_case
from replay.player import Player
from replay.transcript import Mismatch

SESSIONS = Path(__file__).resolve().parent.parent / "sessions"
ROOT = "/tmp/replay-self-test/run"
STDERR, PATCH, SIMPLE = "0.169.0/stderr", "0.169.0/apply_patch", "0.169.0/simple"
WATCHED, STREAMED, COPIED = "0.169.0/missing_appears", "0.169.0/mcp_http", "0.169.0/copy_source"
BODY_DELTA = "http/request/bodyDelta"
POLLING, RESUMED, KILLED, TTY = "0.120.0/polling", "0.169.0/reconnect_running", "0.135.0/failing", "0.120.0/tty"


def honest(message: Message) -> list[Any]:
    return [message]


def on(method: str, count: int, change: Mutation) -> Mutation:
    """Applies `change` to the count-th notification of this method."""
    met = 0

    def mutate(message: Message) -> list[Any]:
        nonlocal met
        if message.get("method") != method:
            return [message]
        met += 1
        return change(message) if met == count else [message]
    return mutate


def on_result(member: str, change: Mutation, only_first: bool = False) -> Mutation:
    """Applies `change` to replies whose result has this member."""
    done = False

    def mutate(message: Message) -> list[Any]:
        nonlocal done
        if member not in message.get("result", {}) or (only_first and done):
            return [message]
        done = True
        return change(message)
    return mutate


def edit(*path: str, value: Any) -> Mutation:
    """Sets a member, or removes it (value KeyError)."""
    def mutate(message: Message) -> list[Any]:
        inner = message
        for name in path[:-1]:
            inner = inner[name]
        if value is KeyError:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        return [message]
    return mutate


def on_error(change: Mutation) -> Mutation:
    return lambda message: change(message) if "error" in message else [message]


def drop(_: Message) -> list[Any]:
    return []


def double(message: Message) -> list[Any]:
    return [message, message]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def play(name: str, mutate: Mutation, idle: float, chunk_bytes: int = 1 << 20, **changes: Any) -> None:
    case: Case = load_case(SESSIONS / name)
    case = dataclasses.replace(case, meta=dataclasses.replace(case.meta, **changes))

    async def run() -> None:
        async with FakeServer(case, ROOT, mutate, chunk_bytes) as url:
            await Player(case, url, ROOT, idle).play()
    asyncio.run(run())


class Accepted(unittest.TestCase):
    """Differences that are no failures."""

    def test_recordings_as_they_are(self) -> None:
        for name in (STDERR, PATCH, SIMPLE, POLLING, RESUMED, KILLED, WATCHED, STREAMED, COPIED):
            with self.subTest(name):
                play(name, honest, 20)

    def test_other_chunk_sizes(self) -> None:
        for name in (SIMPLE, POLLING, "0.169.0/unicode", "0.135.0/ordered_output"):
            with self.subTest(name):
                play(name, honest, 20, chunk_bytes=7 if "ordered" not in name else 999)

    def test_additional_members(self) -> None:
        def add(message: Message) -> list[Any]:
            message["jsonrpc"] = "2.0"
            for member in ("result", "params", "error"):
                if member in message:
                    message[member]["addition"] = {"x": 1}
            return [message]
        for name in (STDERR, PATCH, POLLING):
            with self.subTest(name):
                play(name, add, 20)

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
        play(STREAMED, halve, 20)

    def test_named_deviations(self) -> None:
        play(KILLED, on("process/exited", 3, edit("params", "exitCode", value=137)), 20, output={})
        play(SIMPLE, on_result("isFile", edit("result", "createdAtMs", value=12345)), 20)
        play(SIMPLE, on_result("environmentInfo", edit("result", "environmentInfo", "capabilities", value={})), 20)

    def test_method_not_offered(self) -> None:
        play(SIMPLE, self.without_watching({}), 20)

    @staticmethod
    def without_watching(flags: Message) -> Mutation:
        def mutate(message: Message) -> list[Any]:
            result = message.get("result", {})
            if "environmentInfo" in result:
                result["environmentInfo"]["capabilities"] = flags
            elif "watching" in result:
                return [{"error": {"code": -32601, "message": "no such method"}, "id": message["id"]}]
            return [message]
        return mutate

    def test_overtaking_where_recorded_servers_do_it(self) -> None:
        held: list[Message] = []

        def swap(message: Message) -> list[Any]:
            if message.get("method") == "process/output" and message["params"]["seq"] == 1:
                held.append(message)
                return []
            return [message, held.pop()] if held and message.get("method") == "process/exited" else [message]
        play(SIMPLE, swap, 20)
        with self.assertRaisesRegex(Mismatch, "gap|ascend"):
            play(SIMPLE, swap, 1, allow=frozenset({"created-at"}))

    def test_resume_that_is_refused_at_first(self) -> None:
        met = 0

        def refuse(message: Message) -> list[Any]:
            nonlocal met
            met += 1
            attached = {"code": -32010, "message": "session is already attached to another connection"}
            return [{"error": attached, "id": message["id"]}] if met == 2 else [message]
        play(RESUMED, on_result("sessionId", refuse), 20)

    def test_hints(self) -> None:
        play(WATCHED, on("fs/missingChanged", 1, double), 20)
        hint = {"method": "fs/missingChanged", "params": {"watchId": 1}}
        play(SIMPLE, on("process/exited", 1, lambda message: [hint, message]), 20)


class Refused(unittest.TestCase):
    """Every one of these is a wrong server."""

    def check(self, name: str, mutate: Mutation, wanted: str, idle: float = 1.0, **changes: Any) -> None:
        with self.assertRaisesRegex(Mismatch, wanted):
            play(name, mutate, idle, **changes)

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
        self.check(STDERR, on("process/exited", 1, drop), "gap|closed before exited")

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
        self.check(SIMPLE, Accepted.without_watching({"fsWatchMissing": True}), "unexpected error|result is expected",
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
