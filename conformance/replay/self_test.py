"""What the self-tests share: recordings, changes to what a fake server says, and a replay against it."""
from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

from replay.case import Case
from replay.failure import describe
from replay.fake_server import FakeServer, Message, Mutation
from replay.folder import load_case
from replay.impatient_loop import run
from replay.player import Player
from replay.transcript import Mismatch

SESSIONS = Path(__file__).resolve().parent.parent / "sessions"
ROOT = "/tmp/replay-self-test/run"
STDERR, PATCH, SIMPLE = "0.169.0/stderr", "0.169.0/apply_patch", "0.169.0/simple"
WATCHED, STREAMED, COPIED = "0.169.0/missing_appears", "0.169.0/mcp_http", "0.169.0/copy_source"
BODY_DELTA = "http/request/bodyDelta"
POLLING, RESUMED, KILLED, TTY = "0.120.0/polling", "0.169.0/reconnect_running", "0.135.0/failing", "0.120.0/tty"
IDLE_SECONDS = 20.0  # of a clock that does not wait


def honest(message: Message) -> list[Any]:
    """No change."""
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
    """Applies `change` to every error."""
    return lambda message: change(message) if "error" in message else [message]


def drop(_: Message) -> list[Any]:
    """Says nothing."""
    return []


def double(message: Message) -> list[Any]:
    """Says it twice."""
    return [message, message]


def encoded(text: str) -> str:
    """Text as base64."""
    return base64.b64encode(text.encode()).decode()


def altered(name: str, **changes: Any) -> Case:
    """A recording with members of its meta.json replaced."""
    case = load_case(SESSIONS / name)
    return dataclasses.replace(case, meta=dataclasses.replace(case.meta, **changes))


class Replay:
    """A case against a fake server; what came of it is here also when `run` has raised."""

    def __init__(self, case: Case, mutate: Mutation, chunk_bytes: int = 1 << 20) -> None:
        self.case = case
        self.server = FakeServer(case, ROOT, mutate, chunk_bytes)
        self.mismatch: Mismatch | None = None
        self.player: Player | None = None

    def run(self) -> Replay:
        """Raises what the replay raises."""
        async def both_sides() -> None:
            async with self.server as url:
                self.player = Player(self.case, url, ROOT, IDLE_SECONDS)
                await self.player.play()
        run(both_sides())
        return self

    def fail(self) -> Replay:
        """The same when the server is wrong: `mismatch` is set then."""
        try:
            self.run()
        except Mismatch as mismatch:
            self.mismatch = mismatch
        return self

    @property
    def methods(self) -> dict[str, str]:
        """What came of each."""
        assert self.player is not None
        return self.player.progress.accounts.methods()

    def report(self, shown_messages: int) -> str:
        """How the failure is told."""
        assert self.player is not None and self.mismatch is not None
        return describe(self.case, self.mismatch, self.player.progress.transcript, shown_messages)


def play(name: str, mutate: Mutation, chunk_bytes: int = 1 << 20, **changes: Any) -> Replay:
    """Replays a recording by name."""
    return Replay(altered(name, **changes), mutate, chunk_bytes).run()


def write_case(folder: Path, frames: list[Message], **meta: Any) -> Path:
    """A case of one's own: frames as in session.jsonl."""
    folder.mkdir(parents=True)
    (folder / "session.jsonl").write_text("".join(json.dumps(frame) + "\n" for frame in frames), encoding="utf-8")
    (folder / "meta.json").write_text(json.dumps({
        "client": "test", "server": "test", "description": "made by the self-test", **meta}), encoding="utf-8")
    return folder


def without_watching(flags: Message) -> Mutation:
    """A server that announces these capabilities and no fs/watchMissing."""
    def mutate(message: Message) -> list[Any]:
        result = message.get("result", {})
        if "environmentInfo" in result:
            result["environmentInfo"]["capabilities"] = flags
        elif "watching" in result:
            return [{"error": {"code": -32601, "message": "no such method"}, "id": message["id"]}]
        return [message]
    return mutate
