"""Brings all clients to one server at one moment, and lets them go.

Each codex client holds a connection open until it is told to go on (live/meeting.py).  When all have come, the Go
client starts; when it, too, is seen to have a connection, all of them are there at once, which the kernel's table of
sockets says, not a clock.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from cross import processes
from cross.client import Client, CodexClient
from cross.target import Target
from live.meeting import GO

_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.1


def gather(codex: Sequence[CodexClient], others: Sequence[Client], target: Target, meet: Path) -> dict[str, int]:
    """Starts all; how many connections each had when all were there, or when it was clear that one would not come."""
    for client in codex:
        client.start()
    while not all(client.arrived() or client.away() for client in codex):
        _reap(codex, target)
        time.sleep(_POLL_SECONDS)
    for other in others:
        other.start()
    while True:
        counts = {client.name: client.connections(target.address) for client in (*codex, *others)}
        holding = all(client.arrived() and not client.away() for client in codex)
        if not holding or all(counts.values()) or not all(other.running() for other in others):
            break
        time.sleep(_POLL_SECONDS)
    (meet / GO).touch()
    return counts


def wait_for_all(clients: Sequence[Client], target: Target) -> None:
    """Until each has ended."""
    while any([client.running() for client in clients]):  # a list: each is to note its own end
        _reap(clients, target)
        time.sleep(_LOOK_SECONDS)


def _reap(clients: Sequence[Client], target: Target) -> None:
    processes.reap_orphans({pid for pid in (target.pid, *(client.pid for client in clients)) if pid is not None})
