"""Shows that the mutation check itself can fail: its proxy, its changes and its verdicts."""
from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import unittest
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import websockets

from mutations.all_mutations import ALL_MUTATIONS, all_controls
from mutations.change import Change, Pair, Strike, Tail
from mutations.controls import PassedOn
from mutations.edits import abort, drop, put
from mutations.in_events import output_last
from mutations.message import Message, Outgoing, Said, event, result_of
from mutations.mutation import Mutation
from mutations.proxy import Proxy
from mutations.recut import OtherCuts
from mutations.trial import Outcome
from mutations.verdict import CAUGHT, DID_NOT_STRIKE, MISSED, MutationVerdict

SESSIONS = Path(__file__).resolve().parent.parent / "sessions"
ODD = '{ "id" : 7,\t"result":{"text":"gr\\u00fc\u00dfe", "n": 1.0e2} }'
ACCIDENTS = ("", "exit code 1: Traceback", "frame 3: cannot connect: refused",
             "frame 2: nothing came for 20 s, missing: the reply to request 1 (initialize)",
             "frame 2: the server closed the connection (no close frame received or sent), missing: "
             "the reply to request 1 (initialize)")


def said(message: Message, request: Message | None = None) -> Said:
    return Said(json.dumps(message), message, request)


def output(seq: int, text: str = "x", process: str = "p") -> Said:
    chunk = base64.b64encode(text.encode()).decode()
    return said({"method": "process/output", "params": {
        "processId": process, "seq": seq, "stream": "stdout", "chunk": chunk}})


def ending(name: str, seq: int) -> Said:
    return said({"method": f"process/{name}", "params": {"processId": "p", "seq": seq}})


def told(change: Change, *messages: Said) -> list[Any]:
    """What comes out: (method, seq) of events."""
    come: list[Outgoing] = [thing for message in messages for thing in change.said(message)]
    plain = [thing.message if isinstance(thing, Said) else thing for thing in come]
    return [(thing["method"].rpartition("/")[2], thing["params"]["seq"]) for thing in plain if isinstance(thing, dict)]


class Changes(unittest.TestCase):
    """Each kind changes what it must, and counts it."""

    def test_strike_counts_occurrences(self) -> None:
        change = Strike(event("process/output", 2), drop)
        self.assertEqual(told(change, output(1), output(2), output(3)), [("output", 1), ("output", 3)])
        self.assertEqual(change.applied, 1)

    def test_strike_leaves_other_replies(self) -> None:
        change = Strike(result_of("fs/readFile"), put("result", "x", value=1))
        other = said({"id": 1, "result": {}}, {"id": 1, "method": "fs/walk"})
        failed = said({"id": 2, "error": {}}, {"id": 2, "method": "fs/readFile"})
        self.assertEqual(change.said(other) + change.said(failed), [other, failed])
        self.assertEqual(change.applied, 0)

    def test_edit_does_not_change_the_original(self) -> None:
        message = said({"id": 1, "result": {"a": {}}}, {"id": 1, "method": "m"})
        Strike(result_of("m"), put("result", "a", "b", value=1)).said(message)
        self.assertEqual(message.message, {"id": 1, "result": {"a": {}}})

    def test_pair_waits_for_the_second(self) -> None:
        change = Pair(event("process/output"), lambda first, second: [second, first])
        self.assertEqual(told(change, output(1)), [])
        self.assertEqual(told(change, output(2), output(3)), [("output", 2), ("output", 1), ("output", 3)])

    def test_tail_finds_the_last_output(self) -> None:
        change = Tail(output_last)
        come = told(change, output(1), output(2), ending("exited", 3), ending("closed", 4))
        self.assertEqual(come, [("output", 1), ("exited", 3), ("closed", 4), ("output", 2)])

    def test_tail_keeps_output_behind_exited_in_order(self) -> None:
        change = Tail(list)
        come = told(change, output(1), ending("exited", 2), output(3), ending("closed", 4))
        self.assertEqual(come, [("output", 1), ("exited", 2), ("output", 3), ("closed", 4)])


class OtherCutsOfOutput(unittest.TestCase):
    """A client must find one numbering in notifications and reads."""

    def setUp(self) -> None:
        self.change = OtherCuts()
        self.change.asked({"id": 1, "method": "process/start", "params": {"processId": "p"}})

    def read(self, after: int) -> Any:
        return self.change.forwarded(
            {"id": 2, "method": "process/read", "params": {"processId": "p", "afterSeq": after}})["params"]["afterSeq"]

    def test_numbers_stay_contiguous(self) -> None:
        come = told(self.change, output(1, "ab"), output(2, "c"), ending("exited", 3), output(4, "de"), ending("closed", 5))
        self.assertEqual([seq for _, seq in come], [1, 2, 3, 4, 5, 6, 7])

    def test_reads_use_the_same_numbers(self) -> None:
        chunks = [{"seq": seq, "stream": "stdout", "chunk": "YWI="} for seq in (1, 2)]
        request = {"id": 2, "method": "process/read", "params": {"processId": "p", "afterSeq": 0}}
        (reply,) = self.change.said(said({"id": 2, "result": {"chunks": chunks, "nextSeq": 3}}, request))
        assert isinstance(reply, dict)
        self.assertEqual([chunk["seq"] for chunk in reply["result"]["chunks"]], [1, 2, 3, 4])
        self.assertEqual(reply["result"]["nextSeq"], 5)
        self.assertEqual([self.read(after) for after in (0, 2, 4)], [0, 1, 2])


class TheProxy(unittest.TestCase):
    """Against a server that answers every message with one text."""

    def run_with(self, change: Callable[[], Change], talk: Callable[[Any, Proxy], Awaitable[None]], answer: str = ODD) -> None:
        async def serve(socket: Any, _path: str) -> None:
            with contextlib.suppress(websockets.ConnectionClosed):
                async for _ in socket:
                    await socket.send(answer)

        async def main() -> None:
            async with websockets.serve(serve, "127.0.0.1", 0, max_size=None) as server:
                url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
                async with Proxy(url, change) as proxy, \
                        websockets.connect(proxy.url, max_size=None, compression=None) as client:
                    await talk(client, proxy)
        asyncio.run(main())

    def test_passes_on_byte_for_byte(self) -> None:
        async def talk(client: Any, proxy: Proxy) -> None:
            await client.send(json.dumps({"id": 1, "method": "initialize", "params": {"clientName": "c"}}))
            self.assertEqual(await client.recv(), ODD)
            self.assertEqual(proxy.applied, 1)
        self.run_with(PassedOn, talk)

    def test_large_messages(self) -> None:
        large = json.dumps({"id": 1, "result": "x" * 20_000_000})

        async def talk(client: Any, _proxy: Proxy) -> None:
            await client.send(json.dumps({"id": 1, "method": "initialize", "params": {"clientName": "c"}}))
            self.assertEqual(await client.recv(), large)
        self.run_with(PassedOn, talk, large)

    def test_questions_before_a_case_are_not_struck(self) -> None:
        async def talk(client: Any, proxy: Proxy) -> None:
            await client.send(json.dumps({"id": 7, "method": "initialize", "params": {"clientName": "paned-conformance"}}))
            self.assertEqual(await client.recv(), ODD)
            self.assertEqual(proxy.applied, 0)
        self.run_with(lambda: Strike(result_of("initialize"), drop), talk)

    def test_cuts_the_connection(self) -> None:
        async def talk(client: Any, _proxy: Proxy) -> None:
            await client.send(json.dumps({"id": 7, "method": "initialize", "params": {"clientName": "c"}}))
            with self.assertRaises(websockets.ConnectionClosedError):
                await client.recv()
        self.run_with(lambda: Strike(result_of("initialize"), abort), talk)

    def test_a_server_that_is_gone(self) -> None:
        async def main() -> None:
            async with Proxy("ws://127.0.0.1:1", PassedOn) as proxy, websockets.connect(proxy.url) as client:
                with self.assertRaises(websockets.ConnectionClosedError):
                    await client.recv()
        asyncio.run(main())


class Verdict(unittest.TestCase):
    """Only a failure with the right text in every case counts."""

    def verdict(self, *outcomes: Outcome) -> str:
        mutation = Mutation("m", "", PassedOn, tuple(outcome.label for outcome in outcomes), "wrong code")
        return MutationVerdict(mutation, list(outcomes)).verdict

    def test_verdicts(self) -> None:
        caught = Outcome("a", 1, False, True, "it has a wrong code")
        self.assertEqual(self.verdict(caught, caught), CAUGHT)
        self.assertEqual(self.verdict(caught, Outcome("b", 1, True, False, "")), MISSED)
        self.assertEqual(self.verdict(caught, Outcome("b", 1, False, True, "nothing came")), MISSED)
        self.assertEqual(self.verdict(caught, Outcome("b", 1, False, False, "wrong code")), MISSED)
        self.assertEqual(self.verdict(caught, Outcome("b", 0, False, True, "wrong code")), DID_NOT_STRIKE)


class Declarations(unittest.TestCase):
    """What is declared can be run."""

    def test_names_and_cases(self) -> None:
        names = [each.name for each in (*all_controls(list(ALL_MUTATIONS)), *ALL_MUTATIONS)]
        self.assertEqual(len(names), len(set(names)))
        for each in (*all_controls(list(ALL_MUTATIONS)), *ALL_MUTATIONS):
            for case in each.cases:
                self.assertTrue((SESSIONS / case / "session.jsonl").exists(), f"{each.name}: {case}")

    def test_no_accident_counts(self) -> None:
        for mutation in ALL_MUTATIONS:
            for accident in ACCIDENTS:
                self.assertFalse(mutation.explains(accident), f"{mutation.name}: {accident}")


if __name__ == "__main__":
    unittest.main()
