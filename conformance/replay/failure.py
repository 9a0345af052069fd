"""Tells a failure: at which line of the recording, for which request, what differs, and what was said before.

Exists so that the one who reads it need not play the case again.
"""
from __future__ import annotations

import textwrap
from typing import Any

from replay.case import Case
from replay.transcript import Mismatch, Transcript


def describe(case: Case, mismatch: Mismatch, transcript: Transcript, shown_messages: int) -> str:
    """The lines below the verdict."""
    further = str(mismatch).splitlines()[1:]
    parts = [f"recording {case.folder / 'session.jsonl'} line {mismatch.frame}: {_what(case, mismatch.frame)}",
             *further, mismatch.details, "transcript", textwrap.indent(transcript.report(shown_messages), "  ")]
    return textwrap.indent("\n".join(part for part in parts if part), "  ")


def _what(case: Case, number: int) -> str:
    """A line of the recording in words."""
    frame = next((frame for frame in case.frames if frame.number == number), None)
    if frame is None:
        return "no such line"
    return f"{frame.kind} on connection {frame.conn}{_message(case, frame.conn, frame.body)}"


def _message(case: Case, conn: int, body: Any) -> str:
    if not isinstance(body, dict):
        return f", {body}"
    if "method" in body:
        return f", {body['method']}" + (f" (id {body['id']})" if "id" in body else "")
    if "id" in body:
        method = next((frame.body["method"] for frame in case.frames if frame.conn == conn and frame.kind == "send"
                       and frame.body.get("id") == body["id"]), "?")
        return f", {'error' if 'error' in body else 'reply'} to {method} (id {body['id']})"
    return ""
