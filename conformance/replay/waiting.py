"""What this run still lacks compared with the recording.

Exists to tell the player what to wait for, in words that a report can use when it never comes.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replay.diff import brief
from replay.expectation import BODY_DELTA, MISSING_CHANGED, ProcessKey
from replay.progress import Progress
from replay.recorded import Expected
from replay.streams import Seen, lacking, lacks_close, lacks_exit, reached, read_reached


@dataclass(frozen=True)
class Missing:
    """Something that has not come yet."""

    text: str
    method: str  # that would bring it
    frame: int = 0  # where the recording has it, 0 if in no single frame
    details: Callable[[], str] = str  # further lines, made only when they are needed
    read: ProcessKey | None = None  # a process/read of this process may bring it


def missing(progress: Progress) -> Missing | None:
    """The first thing that is due and has not come."""
    expectation = progress.expectation
    if due := expectation.replies - progress.answered:
        key = min(due)
        method = progress.requests[key]["method"]
        return Missing(f"the reply to request {key[1]} ({method})", method, expectation.frame_of[key],
                       lambda: f"request   {brief(progress.requests[key], 600)}")
    for body, due_body in expectation.bodies.items():
        if body in progress.bodies and (lacking := progress.bodies[body].missing(due_body)):
            return Missing(f"the body of {body[1]}: {lacking}", BODY_DELTA)
    if expectation.changes - progress.changes:
        return Missing(f"{MISSING_CHANGED} {sorted(expectation.changes - progress.changes)}", MISSING_CHANGED)
    for key, expected in expectation.processes.items():
        if key in progress.seen and (lacks := _process(progress, key, expected, progress.seen[key])):
            return lacks
    return None


def _process(progress: Progress, key: ProcessKey, expected: Expected, seen: Seen) -> Missing | None:
    def details() -> str:
        return f"{progress.about_process(key)}\n{_table(expected, seen)}"

    # What happened while no connection was there is not notified any more: the client has to read it first.
    is_unread = expected.over_connections and seen.was_away and not seen.read_since_resume
    if is_unread and progress.expectation.is_read_after(progress.current[key[0]], key, progress.frame):
        return None
    if not reached(expected, seen):
        lacks = {"process/output": lacking(expected, seen),
                 "process/exited": ["its exit"] * lacks_exit(expected, seen),
                 "process/closed": ["its close"] * lacks_close(expected, seen)}
        method = next(method for method, parts in lacks.items() if parts)
        return Missing(f"of process {key[1]}: {', '.join(part for parts in lacks.values() for part in parts)}",
                       method, progress.expectation.event_frames.get((key, method), 0), details,
                       read=key if is_unread else None)
    if not read_reached(expected, seen):
        return Missing(f"process/read to return as much of {key[1]} as recorded", "process/read", details=details,
                       read=key)
    if progress.lacks_number(key):
        return Missing(f"output of {key[1]} that matches {progress.case.meta.pids[key[1]].pattern!r}",
                       "process/output", details=lambda: f"{progress.about_process(key)}\n{_outputs(seen)}")
    return None


def _table(expected: Expected, seen: Seen) -> str:
    rows = [f"{stream}: {len(expected.total(stream))} bytes recorded, notified "
            f"{len(seen.joined(stream, True, False))}, read {len(seen.joined(stream, False, True))}"
            for stream in sorted(expected.streams() | seen.streams())]
    rows.append(f"exited: recorded {expected.exited}, notified {seen.exited}, read {seen.read_exited}; "
                f"closed: recorded {expected.closed}, notified {seen.closed}, read {seen.read_closed}")
    return "\n".join(rows)


def _outputs(seen: Seen) -> str:
    return "\n".join(f"{stream}: {seen.joined(stream, True, True)[-400:]!r}" for stream in sorted(seen.streams()))
