"""Shows that the differential test fails when a server is wrong, and only then. No codex, no network.

A fake exec-server on loopback stands for both sides; each test changes what one of them says.
"""
from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
import tempfile
import time
import unittest
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import websockets

from differential import all_cases, everywhere
from differential.case import (ABSENT, ANY, FAULT, NUMBER, RESULT, TEXT, Allow, Call, Case, Collect, Frame, Like, Note,
                  case, single)
from differential.compare import UNPLAYED, Verdict, deviation_ids, differences, fits, judge
from differential.normalise import Normaliser
from differential.player import Player

Answer = Callable[[dict[str, Any]], list[Any]]
KNOWN = {"known", "other"}
READ = Call("fs/readFile", {"path": "file://$tree/plain"})


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class FakeTarget:
    """What Player needs of a Target; `answer` makes the messages that answer a request."""

    def __init__(self, root: Path, answer: Answer) -> None:
        self.root, self._answer = root, answer
        self.texts = {str(root / "tree"): "$tree", str(root): "$root"}
        self.url, self.port = "", 0
        self.strip: Callable[[Any], Any] = lambda message: message

    async def serve(self, socket: Any) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                request = json.loads(text)
                for message in (self.usual(request) or self._answer(request)) if "id" in request else ():
                    if message is ConnectionAbortedError:
                        socket.transport.abort()
                    else:
                        await socket.send(json.dumps(message))

    @staticmethod
    def usual(request: dict[str, Any]) -> list[Any]:
        if request["method"] == "initialize":
            return [{"id": request["id"], "result": {"sessionId": "7b1c4a0e-2f6d-4f0a-9a51-1d2e3f405162"}}]
        return [{"id": "probe", "result": {}}] if request["id"] == "probe" else []


def play(played: Case, reference: Answer, own: Answer) -> Verdict:
    """Both sides of one case, and the verdict."""
    async def one(root: Path, answer: Answer) -> Any:
        target = FakeTarget(root, answer)
        async with websockets.serve(target.serve, "127.0.0.1", 0) as server:
            target.url = "ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
            return await Player(played, 0, target).play()  # type: ignore[arg-type]

    async def both() -> Any:
        with tempfile.TemporaryDirectory(prefix="paned-diff-self-") as folder:
            return await asyncio.gather(one(Path(folder) / "ref", reference), one(Path(folder) / "own", own))
    return judge(played, *asyncio.run(both()), KNOWN)


def says(result: Any, *before: Any) -> Answer:
    return lambda request: [*before, {"id": request["id"], "result": result}]


def fails(code: int, message: str) -> Answer:
    return lambda request: [{"error": {"code": code, "message": message}, "id": request["id"]}]


def of_path(request: dict[str, Any]) -> list[Any]:
    """Tells where the file lies: different on the two sides, and equal for the test."""
    path = request["params"]["path"]
    return [{"id": request["id"], "result": {"path": path, "dataBase64": encoded(f"at {path}")}}]


def output(*texts: str, without: int = 0, twice: int = 0) -> Answer:
    """A process that says these texts and ends; one notification is lost or comes twice."""
    notes = [*(("output", {"stream": "stdout", "chunk": encoded(text)}) for text in texts),
             ("exited", {}), ("closed", {})]
    return says({}, *({"method": f"process/{kind}", "params": {"processId": "p", "seq": number, **params}}
                      for number, (kind, params) in enumerate(notes, 1) for _ in range(1 + (number == twice))
                      if number != without))


class Same(unittest.TestCase):
    """What is no difference."""

    def test_folders_of_the_run(self) -> None:
        self.assertEqual(play(case("x", READ), of_path, of_path).word, "SAME")

    def test_sessions(self) -> None:
        verdict = play(case("x", Call("initialize", {}), READ), says({}), says({}))
        self.assertEqual(verdict.word, "SAME")

    def test_times_of_now(self) -> None:
        one, other = Normaliser({}), Normaliser({})
        now = int(time.time() * 1000)
        self.assertEqual(one.message({"modifiedAtMs": now}), other.message({"modifiedAtMs": now - 5000}))
        self.assertNotEqual(one.message({"modifiedAtMs": 1}), other.message({"modifiedAtMs": 2}))
        self.assertNotEqual(one.message({"size": now}), other.message({"size": now - 5000}))

    def test_cuts_of_output(self) -> None:
        played = case("x", Call("process/start"), Collect("p"))
        self.assertEqual(play(played, output("ab"), output("a", "b")).word, "SAME")
        self.assertEqual(play(played, output("ab"), output("a", "c")).word, "FAIL")
        exact = case("x", Call("process/start"), Collect("p", exact=True))
        self.assertEqual(play(exact, output("ab"), output("a", "b")).word, "FAIL")


class Differs(unittest.TestCase):
    """Every one of these is a fault."""

    def check(self, reference: Answer, own: Answer, wanted: str, *steps: Any) -> None:
        verdict = play(case("x", *(steps or (READ,))), reference, own)
        self.assertEqual(verdict.word, "FAIL")
        self.assertRegex("\n".join(verdict.faults), wanted)

    def test_results(self) -> None:
        self.check(says({"a": 1}), says({"a": 2}), "at 0.reply.result.a")
        self.check(says({"a": 1}), says({}), "at 0.reply.result.a")
        self.check(says({}), says({"a": None}), "at 0.reply.result.a")
        self.check(says({"a": 1}), says({"a": True}), "at 0.reply.result.a")
        self.check(says({"a": 1}), says({"a": 1.0}), "at 0.reply.result.a")
        self.check(says([1, 2]), says([2, 1]), "at 0.reply.result.0")
        self.check(says([1]), says([1, 1]), "at 0.reply.result")
        self.check(says({}), says(None), "at 0.reply.result")
        self.check(says({"dataBase64": encoded("a")}), says({"dataBase64": encoded("b")}), "dataBase64")

    def test_errors(self) -> None:
        self.check(fails(-32600, "a"), fails(-32603, "a"), "at 0.reply.error.code")
        self.check(fails(-32600, "a"), fails(-32600, "A"), "at 0.reply.error.message")
        self.check(fails(-32600, "a"), says({}), "at 0.reply\n")

    def test_extra_members(self) -> None:
        self.check(says({}), lambda request: [{"id": request["id"], "result": {}, "extra": 1}], "at 0.reply.extra")

    def test_what_does_not_come(self) -> None:
        self.check(says({}), lambda _: [], "timeout", Call("fs/readFile", {}, seconds=0.2))
        self.check(says({}), lambda _: [ConnectionAbortedError], "closed")
        note = {"method": "fs/missingChanged", "params": {"watchId": 1}}
        self.check(says({}, note), says({}), "none came", READ, Note("fs/missingChanged", seconds=0.2))

    def test_output_that_is_lost_or_comes_twice(self) -> None:
        steps = (Call("process/start"), Collect("p", seconds=0.3))
        self.check(output("a", "b"), output("a", "b", without=1), "at 1.ended", *steps)
        self.check(output("a", "b"), output("a", "b", without=3), "at 1.ended", *steps)
        self.check(output("a", "b"), output("a", "b", without=4), "at 1.ended", *steps)
        self.check(output("a", "b"), output("a", "b", twice=2), "at 1.ended", *steps)
        self.check(output("a", "b"), output("b", "a"), "at 1.output.stdout", *steps)

    def test_what_comes_unasked(self) -> None:
        self.check(says({}), says({}, {"method": "strange"}), "unasked")

    def test_ids(self) -> None:
        self.check(says({}), lambda request: [{"id": str(request["id"]), "result": {}}], "timeout",
                   Call("fs/readFile", {}, seconds=0.2))
        frame = Frame('{"id":5,"method":"x"}')
        self.check(says({}), lambda _: [{"id": -1, "result": {}}], r"at 0.messages.0.id", frame)

    def test_a_case_that_cannot_be_played(self) -> None:
        observed = [{UNPLAYED: "boom"}]
        self.assertEqual(judge(case("x"), observed, observed, KNOWN).word, "FAIL")


class Allowed(unittest.TestCase):
    """Deviations cover what they name, and nothing else."""

    def word(self, own: Answer, *allow: Allow) -> str:
        return play(case("x", READ, allow=allow), says({"a": 1, "b": 1}), own).word

    def test_covered(self) -> None:
        allow = Allow("known", "0.reply.result.a", NUMBER)
        self.assertEqual(self.word(says({"a": 2, "b": 1}), allow), "DEVIATES")
        self.assertEqual(self.word(says({"a": 2, "b": 2}), allow), "FAIL")
        self.assertEqual(self.word(says({"a": "2", "b": 1}), allow), "FAIL")
        self.assertEqual(self.word(fails(1, "x"), allow), "FAIL")

    def test_no_longer_needed(self) -> None:
        self.assertEqual(self.word(says({"a": 1, "b": 1}), Allow("known", "*")), "FAIL")
        both = (Allow("known", "0.reply.result.a"), Allow("other", "0.reply.result.b"))
        self.assertEqual(self.word(says({"a": 2, "b": 1}), *both), "FAIL")
        self.assertEqual(self.word(says({"a": 2, "b": 2}), *both), "DEVIATES")

    def test_unknown_id(self) -> None:
        self.assertEqual(self.word(says({"a": 2, "b": 1}), Allow("unheard-of", "0.reply.result.a")), "FAIL")

    def test_patterns(self) -> None:
        for pattern, value in ((ANY, None), (TEXT, "x"), (NUMBER, 1), (Like("a*"), "ab"), (ABSENT, ABSENT),
                               (RESULT, {"result": 1}),
                               ({"a": TEXT}, {"a": "x", "b": 1}), ([NUMBER, "x"], [1, "x"]),
                               (FAULT, {"error": {"code": 1, "message": ""}})):
            self.assertTrue(fits(pattern, value), pattern)
        for pattern, value in ((TEXT, 1), (NUMBER, True), (Like("a*"), "b"), (ABSENT, None), (RESULT, {"error": 1}),
                               ({"a": 1}, {"a": True}),
                               ({"a": ANY}, {}), ([NUMBER], [1, 2]), ("x", "y"), (None, ABSENT)):
            self.assertFalse(fits(pattern, value), pattern)

    def test_rules_for_all_messages(self) -> None:
        rules = everywhere.Everywhere()
        message = {"jsonrpc": "2.0", "id": 1,
                   "error": {"code": 1, "message": "x", "data": {"path": "/x", "limit": 3, "hint": "y"}}}
        self.assertEqual(rules.strip(message), {"id": 1, "error": {"code": 1, "message": "x"}})
        self.assertEqual(rules.strip({"id": 1, "result": {"createdAtMs": 5}}), {"id": 1, "result": {"createdAtMs": 0}})
        self.assertEqual(set(rules.met), set(everywhere.RULES))
        for kept in ({"jsonrpc": "1.0"}, {"error": {"data": {"other": 1}}}, {"error": {"data": {"limit": "3"}}},
                     {"error": {"data": {}}},
                     {"result": {"createdAtMs": "5"}}, {"result": {"createdAtMs": -5}}):
            before = json.dumps(kept)
            self.assertEqual(json.dumps(rules.strip(kept)), before)


class Tables(unittest.TestCase):
    """The cases and the table of deviations themselves."""

    def test_names_are_unique(self) -> None:
        names = Counter(played.name for played in all_cases.CASES)
        self.assertEqual([name for name, count in names.items() if count > 1], [])

    def test_every_deviation_is_in_the_table(self) -> None:
        known = deviation_ids(Path(__file__).resolve().parents[2] / "protocol" / "README.md")
        used = {allow.deviation for played in all_cases.CASES for allow in played.allow} | set(everywhere.RULES)
        self.assertEqual(sorted(used - known), [])

    def test_a_table_without_rows(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
            with self.assertRaises(ValueError):
                deviation_ids(Path(file.name))

    def test_allow_for_a_row_that_is_not_there(self) -> None:
        with self.assertRaises(AssertionError):
            single("m", {"a": {}}, allow={"b": Allow("known", "*")})

    def test_smallest_differences(self) -> None:
        found = differences({"a": {"b": [1, 2]}, "c": 1}, {"a": {"b": [1, 3]}, "c": 1})
        self.assertEqual([difference.place for difference in found], ["a.b.1"])


if __name__ == "__main__":
    unittest.main()
