"""Mutations of process notifications: output, exited and closed."""
from __future__ import annotations

from mutations.change import Change, pair, strike, tail
from mutations.edits import bytes_changed, change, double, drop, other_last_byte, put, without, without_last_byte
from mutations.message import Message, NOTIFICATION, Outgoing, Said, event, result_of
from mutations.mutation import Mutation

STDERR = ("0.120.0/stderr", "0.169.0/stderr")
FAILING = ("0.120.0/failing", "0.169.0/failing")
TTY = ("0.135.0/tty", "0.169.0/tty")
OUTPUT, EXITED, CLOSED = "process/output", "process/exited", "process/closed"
GAP = r"leaves a gap|does not ascend"
# By who reads: the read differs.  By who only listens: it waits for the rest.
BYTES = r"was notified and read with different contents|missing: of process \S+ std(out|err) \(\d+ of \d+ bytes came\)"


def second_first(first: Message, second: Message) -> list[Outgoing]:
    return [second, first]


def exchange_seq(first: Message, second: Message) -> list[Outgoing]:
    for message, seq in ((first, second["params"]["seq"]), (second, first["params"]["seq"])):
        message["params"]["seq"] = seq
    return [first, second]


def is_stderr(said: Said) -> bool:
    return said.message["params"]["stream"] == "stderr"


def renumbered(events: list[Said], first: int) -> list[Outgoing]:
    """The events with their numbers made contiguous, as a server sends them that lost something before numbering."""
    copies = [said.copy() for said in events]
    for seq, message in enumerate(copies, first):
        message["params"]["seq"] = seq
    return list(copies)


def lose_output(events: list[Said]) -> list[Outgoing]:
    return list(events[1:])


def lose_output_unnoticed(events: list[Said]) -> list[Outgoing]:
    return renumbered(events[1:], events[0].message["params"]["seq"])


def output_last(events: list[Said]) -> list[Outgoing]:
    return [*events[1:], events[0]]


def output_last_renumbered(events: list[Said]) -> list[Outgoing]:
    return renumbered([*events[1:], events[0]], events[0].message["params"]["seq"])


def closed_before_exited(events: list[Said]) -> list[Outgoing]:
    last = [said for said in events if said.method == CLOSED]
    return renumbered([*(said for said in events if said.method == OUTPUT), *last,
                       *(said for said in events if said.method == EXITED)], events[0].message["params"]["seq"])


def without_exited(events: list[Said]) -> list[Outgoing]:
    return renumbered([said for said in events if said.method != EXITED], events[0].message["params"]["seq"])


def output_again(events: list[Said]) -> list[Outgoing]:
    """One more output behind closed."""
    extra = events[0].copy()
    extra["params"]["seq"] = events[-1].message["params"]["seq"] + 1
    return [*events, extra]


class ToEarlierProcess(Change):
    """The first output of the second process is said to be of the first one."""

    def __init__(self) -> None:
        super().__init__()
        self._first = ""

    def said(self, said: Said) -> list[Outgoing]:
        self._first = self._first or said.process
        if said.kind != NOTIFICATION or said.method != OUTPUT or said.process == self._first or self.applied:
            return [said]
        self.applied += 1
        return put("params", "processId", value=self._first)(said.copy())


MUTATIONS = (
    Mutation("first-output-lost", "the first output is not notified",
             strike(event(OUTPUT), drop), STDERR, GAP),
    Mutation("middle-output-lost", "the second output is not notified",
             strike(event(OUTPUT, 2), drop), STDERR, GAP),
    Mutation("last-output-lost", "the last output is not notified",
             tail(lose_output), STDERR, GAP),
    Mutation("last-output-lost-unnoticed", "the last output is lost, and no seq is missing",
             tail(lose_output_unnoticed), STDERR,
             r"missing: of process \S+ stderr \(\d+ of \d+ bytes came\)|process/read: nextSeq \d+ but closed had seq"
             r"|stderr .*differ from byte \d+ on", waits=True),
    Mutation("output-twice", "an output is notified twice under the same seq",
             strike(event(OUTPUT, 2), double), STDERR, GAP),
    Mutation("outputs-swapped", "two outputs come in the wrong order, each with its seq",
             pair(event(OUTPUT), second_first), STDERR, GAP),
    Mutation("output-seqs-exchanged", "two outputs have each other's seq",
             pair(event(OUTPUT), exchange_seq), STDERR, GAP),
    Mutation("output-byte-lost", "an output lacks its last byte",
             strike(event(OUTPUT), change("params", "chunk", to=bytes_changed(without_last_byte))), STDERR,
             BYTES, waits=True),
    Mutation("output-byte-changed", "an output has another last byte",
             strike(event(OUTPUT), change("params", "chunk", to=bytes_changed(other_last_byte))), STDERR,
             r"was notified and read with different contents|stdout .*differ from byte \d+ on"),
    Mutation("stdout-as-stderr", "an output of stdout is said to be of stderr",
             strike(event(OUTPUT), put("params", "stream", value="stderr")), STDERR,
             BYTES, waits=True),
    Mutation("stderr-as-stdout", "an output of stderr is said to be of stdout",
             strike(event(OUTPUT, 1, is_stderr), put("params", "stream", value="stdout")), STDERR,
             BYTES, waits=True),
    Mutation("output-not-base64", "an output is not base64",
             strike(event(OUTPUT), put("params", "chunk", value="%%%=")), STDERR, r"bad base64"),
    Mutation("output-seq-as-string", "an output has its seq as a string",
             strike(event(OUTPUT), change("params", "seq", to=str)), STDERR, r"params\.seq: any integer expected"),
    Mutation("output-stream-missing", "an output does not say of which stream it is",
             strike(event(OUTPUT), without("params", "stream")), STDERR, r"params\.stream is missing"),
    Mutation("output-null", "an output has null for its bytes",
             strike(event(OUTPUT), put("params", "chunk", value=None)), STDERR, r"params\.chunk: any string expected"),
    Mutation("output-of-other-process", "an output is said to be of an earlier process",
             ToEarlierProcess, STDERR, r"output seq \d+ after closed"),
    Mutation("exit-code-wrong", "exited has another exit code",
             strike(event(EXITED), change("params", "exitCode", to=lambda code: code + 1)), FAILING,
             r"params\.exitCode: expected \d+, came \d+"),
    Mutation("exit-code-null", "exited has no exit code",
             strike(event(EXITED), put("params", "exitCode", value=None)), FAILING,
             r"params\.exitCode: expected \d+, came null"),
    Mutation("sandbox-denied", "exited says that the sandbox denied something",
             strike(event(EXITED), put("params", "sandboxDenied", value=True)), FAILING[1:],
             r"params\.sandboxDenied: expected false, came true"),
    Mutation("exited-lost", "exited is not notified, its seq is missing",
             strike(event(EXITED), drop), STDERR, GAP),
    Mutation("exited-lost-unnoticed", "exited is not notified, and closed has its seq",
             tail(without_exited), STDERR, r"closed before exited"),
    Mutation("exited-twice", "exited is notified twice",
             strike(event(EXITED), double), STDERR, r"exited twice|does not ascend"),
    Mutation("closed-before-output", "closed overtakes the last output, each with its seq",
             tail(output_last), STDERR, r"after closed|leaves a gap"),
    Mutation("closed-before-output-renumbered", "closed overtakes the last output, numbered in this order",
             tail(output_last_renumbered), STDERR, r"output seq \d+ after closed", waits=True),
    Mutation("closed-before-exited", "closed overtakes exited, numbered in this order",
             tail(closed_before_exited), STDERR, r"closed before exited"),
    Mutation("closed-lost", "closed is not notified",
             strike(event(CLOSED), drop), STDERR, r"missing: of process \S+ its close", waits=True),
    Mutation("closed-twice", "closed is notified twice",
             strike(event(CLOSED), double), STDERR, r"closed seq \d+ after closed"),
    Mutation("closed-seq-again", "closed has the seq of the event before it",
             strike(event(CLOSED), change("params", "seq", to=lambda seq: seq - 1)), STDERR, r"does not ascend"),
    Mutation("closed-seq-ahead", "closed has a seq that leaves a gap",
             strike(event(CLOSED), change("params", "seq", to=lambda seq: seq + 1)), STDERR, r"closed seq \d+ leaves a gap"),
    Mutation("output-after-closed", "an output comes behind closed",
             tail(output_again), STDERR, r"output seq \d+ after closed"),
    Mutation("write-not-accepted", "process/write says that there is no stdin",
             strike(result_of("process/write"), put("result", "status", value="stdinClosed")), TTY,
             r'process/write.*result\.status: expected "accepted", came "stdinClosed"'),
)
