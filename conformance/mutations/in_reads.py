"""Mutations of process/read and of a resumed session: what a client that asks again gets."""
from __future__ import annotations

from mutations.change import Change, strike
from mutations.edits import bytes_changed, change, other_last_byte, put, without
from mutations.message import Message, Outgoing, RESULT, Said, result_of
from mutations.mutation import Mutation

READERS = ("0.120.0/stderr", "0.135.0/stderr")
RESUMED = ("0.169.0/reconnect_running",)
TTY = ("0.120.0/tty", "0.135.0/tty")  # the process runs until it is told to quit
READ = "process/read"


def has_chunks(said: Said) -> bool:
    return bool(said.message["result"]["chunks"])


def has_exited(said: Said) -> bool:
    return bool(said.message["result"]["exited"])


def still_runs(said: Said) -> bool:
    return not said.message["result"]["exited"]


def resumes(said: Said) -> bool:
    return bool(said.request and said.request["params"].get("resumeSessionId"))


def last_chunk_twice(message: Message) -> list[Outgoing]:
    message["result"]["chunks"].append(message["result"]["chunks"][-1])
    return [message]


def other_chunk_bytes(message: Message) -> list[Outgoing]:
    chunk = message["result"]["chunks"][0]
    chunk["chunk"] = bytes_changed(other_last_byte)(chunk["chunk"])
    return [message]


def ended(message: Message) -> list[Outgoing]:
    message["result"].update(exited=True, exitCode=7)
    return [message]


def ended_and_closed(message: Message) -> list[Outgoing]:
    message["result"].update(exited=True, exitCode=7, closed=True)
    return [message]


def unknown_session(message: Message) -> list[Outgoing]:
    return [{"id": message["id"], "error": {"code": -32600, "message": "unknown session"}}]


class ReadAgain(Change):
    """A process/read also returns what an earlier one had returned, once."""

    def __init__(self) -> None:
        super().__init__()
        self._earlier: list[Message] = []

    def said(self, said: Said) -> list[Outgoing]:
        if said.kind != RESULT or said.method != READ or not has_chunks(said) or self.applied:
            return [said]
        message = said.copy()
        if not self._earlier:
            self._earlier = message["result"]["chunks"]
            return [said]
        self.applied += 1
        message["result"]["chunks"] = self._earlier + message["result"]["chunks"]
        return [message]


MUTATIONS = (
    Mutation("read-forgets-chunks", "process/read returns no chunks but a nextSeq behind them",
             strike(result_of(READ, 1, has_chunks), put("result", "chunks", value=[])), READERS,
             r"process/read after \d+ did not return output seq \d+, and its nextSeq \d+ is behind it"),
    Mutation("read-repeats-chunk", "process/read returns its last chunk twice",
             strike(result_of(READ, 1, has_chunks), last_chunk_twice), READERS, r"process/read after \d+ returned seq"),
    Mutation("read-repeats-earlier", "process/read returns again what was read before",
             ReadAgain, READERS, r"process/read after \d+ returned seq"),
    Mutation("read-other-bytes", "process/read returns other bytes than were notified",
             strike(result_of(READ, 1, has_chunks), other_chunk_bytes), READERS, r"different contents"),
    Mutation("read-next-seq-low", "nextSeq of process/read is the seq of the last chunk",
             strike(result_of(READ, 1, has_chunks), change("result", "nextSeq", to=lambda seq: seq - 1)), READERS,
             r"process/read: nextSeq \d+ but seq \d+ was returned"),
    Mutation("read-next-seq-high", "nextSeq of process/read is behind output that is still to come",
             strike(result_of(READ), change("result", "nextSeq", to=lambda seq: seq + 2)), TTY + RESUMED,
             r"process/read after \d+ did not return output seq \d+, and its nextSeq \d+ is behind it"
             r"|process/read: nextSeq \d+ but seq \d+ was returned"),
    Mutation("read-next-seq-missing", "process/read does not tell nextSeq",
             strike(result_of(READ), without("result", "nextSeq")), READERS + RESUMED, r"result\.nextSeq is missing"),
    Mutation("read-exited-early", "process/read says exited, with the right code, while the process runs",
             strike(result_of(READ, 0, still_runs), ended), TTY,
             r"process/read said exited with nextSeq \d+, but exited has seq \d+"),
    Mutation("read-closed-early", "process/read says closed while output is still to come",
             strike(result_of(READ, 0, still_runs), ended_and_closed), TTY,
             r"process/read said closed with nextSeq \d+, but output seq \d+ came"),
    Mutation("read-closed-not-exited", "process/read says closed and not exited",
             strike(result_of(READ), put("result", "closed", value=True)), TTY + RESUMED, r"closed but not exited"),
    Mutation("read-failed", "process/read tells of a failure",
             strike(result_of(READ), put("result", "failure", value="broken")), READERS + RESUMED,
             r'result\.failure: expected null, came "broken"'),
    Mutation("read-exited-without-code", "process/read says exited without an exit code",
             strike(result_of(READ, 1, still_runs), put("result", "exited", value=True)), TTY + RESUMED,
             r"exited True with exitCode None"),
    Mutation("read-exit-code-wrong", "process/read has another exit code",
             strike(result_of(READ, 1, has_exited), change("result", "exitCode", to=lambda code: code + 1)), READERS,
             r"result\.exitCode: expected 0, came 1"),
    Mutation("read-never-exited", "process/read never says that the process has exited",
             strike(result_of(READ, 0, has_exited), lambda message: [{**message, "result": {
                 **message["result"], "exited": False, "exitCode": None, "closed": False}}]), READERS,
             r"missing: process/read to return as much of \S+ as recorded", waits=True),
    Mutation("resume-other-session", "a resumed session has another id",
             strike(result_of("initialize", 1, resumes), put("result", "sessionId", value="another-session")), RESUMED,
             r'result\.sessionId: expected .* came "another-session"'),
    Mutation("resume-refused", "the session to resume is said to be unknown",
             strike(result_of("initialize", 1, resumes), unknown_session), RESUMED,
             r"initialize.*unexpected error.*unknown session"),
)
