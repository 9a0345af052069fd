"""A server that cuts output otherwise: every output is notified and read in two chunks, numbered throughout.

Exists as a control: how output is cut into chunks is a server's own business, so nothing but the numbers may follow.
"""
from __future__ import annotations

import base64

from mutations.change import Change
from mutations.message import Message, NOTIFICATION, Outgoing, RESULT, Said

_OUTPUT, _READ, _DELTA = "process/output", "process/read", "http/request/bodyDelta"


def _halves(text: str) -> list[str]:
    raw = base64.b64decode(text)
    pieces = [raw[:len(raw) // 2], raw[len(raw) // 2:]] if len(raw) > 1 else [raw]
    return [base64.b64encode(piece).decode() for piece in pieces]


class _Numbers:
    """Which numbers a client sees for the events of one process; an event of which nothing is known is one event."""

    def __init__(self) -> None:
        self._pieces: dict[int, int] = {}

    def cut(self, seq: int, pieces: int) -> None:
        self._pieces[seq] = pieces

    def first(self, seq: int) -> int:
        """The number of the first piece of the server's event `seq`."""
        return seq + sum(pieces - 1 for event, pieces in self._pieces.items() if event < seq)

    def original(self, seen: int) -> int:
        """The last event of the server that a client knows which has seen all up to `seen`."""
        seq = 0
        while self.first(seq + 2) - 1 <= seen:
            seq += 1
        return seq


class OtherCuts(Change):
    """Halves every output and every delta of an http body."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[str, _Numbers] = {}  # of the processes started on this connection
        self._deltas: dict[str, int] = {}

    def asked(self, message: Message) -> list[Outgoing] | None:
        if message.get("method") == "process/start":
            self._numbers[message["params"]["processId"]] = _Numbers()
        return None

    def forwarded(self, message: Message) -> Message:
        params = message.get("params", {})
        if message.get("method") != _READ or params["processId"] not in self._numbers or params.get("afterSeq") is None:
            return message
        return {**message, "params": {
            **params, "afterSeq": self._numbers[params["processId"]].original(params["afterSeq"])}}

    def said(self, said: Said) -> list[Outgoing]:
        if said.kind == NOTIFICATION and said.method == _DELTA:
            return self._delta(said.copy())
        if said.kind == NOTIFICATION and said.process in self._numbers:
            return self._event(said.copy(), self._numbers[said.process])
        if said.kind == RESULT and said.method == _READ and said.request:
            return [self._reply(said.copy(), self._numbers[said.request["params"]["processId"]])]
        return [said]

    def _event(self, message: Message, numbers: _Numbers) -> list[Outgoing]:
        seq = message["params"]["seq"]
        if message["method"] != _OUTPUT:
            message["params"]["seq"] = numbers.first(seq)
            return [message]
        self.applied += 1
        return [{**message, "params": chunk} for chunk in self._cut(message["params"], numbers)]

    def _reply(self, message: Message, numbers: _Numbers) -> Message:
        result = message["result"]
        result["chunks"] = [piece for chunk in result["chunks"] for piece in self._cut(chunk, numbers)]
        result["nextSeq"] = numbers.first(result["nextSeq"])
        return message

    @staticmethod
    def _cut(chunk: Message, numbers: _Numbers) -> list[Message]:
        pieces = _halves(chunk["chunk"])
        numbers.cut(chunk["seq"], len(pieces))
        first = numbers.first(chunk["seq"])
        return [{**chunk, "seq": first + index, "chunk": piece} for index, piece in enumerate(pieces)]

    def _delta(self, message: Message) -> list[Outgoing]:
        params = message["params"]
        pieces = _halves(params["deltaBase64"])
        self.applied += 1
        sent: list[Outgoing] = []
        for index, piece in enumerate(pieces):
            self._deltas[params["requestId"]] = self._deltas.get(params["requestId"], 0) + 1
            sent.append({**message, "params": {
                **params, "seq": self._deltas[params["requestId"]], "deltaBase64": piece,
                "done": params["done"] and index == len(pieces) - 1}})
        return sent
