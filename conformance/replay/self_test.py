"""What the self-tests share: recordings, changes to what a fake server says, and a replay against it."""
from __future__ import annotations

import base64
import dataclasses
from pathlib import Path
from typing import Any

from replay.case import Case
from replay.fake_server import FakeServer, Message, Mutation
from replay.folder import load_case
from replay.impatient_loop import run
from replay.player import Player

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


def play_case(case: Case, mutate: Mutation, chunk_bytes: int = 1 << 20) -> Player:
    """Replays a case against a fake server; the player afterwards.  Raises what the replay raises."""
    players: list[Player] = []

    async def replay() -> None:
        async with FakeServer(case, ROOT, mutate, chunk_bytes) as url:
            players.append(Player(case, url, ROOT, IDLE_SECONDS))
            await players[0].play()
    run(replay())
    return players[0]


def play(name: str, mutate: Mutation, chunk_bytes: int = 1 << 20, **changes: Any) -> Player:
    """The same for a recording by name."""
    return play_case(altered(name, **changes), mutate, chunk_bytes)


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
