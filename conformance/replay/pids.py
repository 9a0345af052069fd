"""Finds a number that a program tells about itself, as recorded and in this run.

Exists because scripts print process ids (`echo $$`) and clients use them later (`kill 4711`): meta.json names a regular
expression for the output of a process, and its group is bound like the run folder is (placeholders.py).
"""
from __future__ import annotations

import re
from collections.abc import Callable

STREAMS = ("stdout", "pty")


def number_in(pattern: re.Pattern[str], joined: Callable[[str], bytes], is_whole: bool) -> bytes | None:
    """What the group matches in the output, None when it has not come.

    Until the output is whole something must follow the number: it could go on in the next chunk.
    """
    for stream in STREAMS:
        text = joined(stream).decode("utf-8", "replace")
        found = pattern.search(text)
        if found and found[1] and (is_whole or found.end(1) < len(text)):
            return found[1].encode()
    return None
