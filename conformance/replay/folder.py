"""Reads cases from their folders sessions/VERSION/CASE.

Exists so that adding a case means adding a folder, no code; a folder that holds no usable case is told, not passed over.
"""
from __future__ import annotations

import fnmatch
import json
import zlib
from dataclasses import replace
from pathlib import Path

from replay.case import KINDS, Case, Frame, unpack
from replay.causality import check_frames
from replay.meta import BadCase, read_files, read_meta


def load_frames(path: Path) -> tuple[Frame, ...]:
    """Reads session.jsonl.  Raises BadCase."""
    frames: list[Frame] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise BadCase(f"{path.name} is missing") from error
    except (OSError, ValueError) as error:
        raise BadCase(f"{path.name}: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            frames.append(_load_frame(line, number, f"{path.name} line {number}"))
    if not frames:
        raise BadCase(f"{path.name} is empty")
    return tuple(frames)


def _load_frame(line: str, number: int, place: str) -> Frame:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise BadCase(f"{place}: no JSON: {error}") from error
    kinds = [kind for kind in KINDS if isinstance(entry, dict) and kind in entry]
    if len(kinds) != 1 or set(entry) != {"conn", kinds[0]} or not isinstance(entry["conn"], int):
        raise BadCase(f'{place}: {{"conn": N, KIND: …}} is expected, KIND one of {", ".join(KINDS)}')
    try:
        body = unpack(entry[kinds[0]])
    except (ValueError, TypeError, zlib.error) as error:
        raise BadCase(f"{place}: {kinds[0]}: $zlib: {error}") from error
    return Frame(number, entry["conn"], kinds[0], body)


def load_case(folder: Path, denied: frozenset[str] = frozenset()) -> Case:
    """Reads a case, which then does not allow the `denied` deviations.  Raises BadCase."""
    meta, frames = read_meta(folder / "meta.json"), load_frames(folder / "session.jsonl")
    check_frames(frames, meta)
    return Case(folder=folder, frames=frames, meta=replace(meta, allow=meta.allow - denied),
                files=read_files(folder / "files.json"))


def label_of(folder: Path) -> str:
    """VERSION/CASE."""
    return f"{folder.parent.name}/{folder.name}"


def find_cases(sessions: Path) -> list[Path]:
    """Every folder sessions/VERSION/CASE, also those that hold no case."""
    return sorted(folder for folder in sessions.glob("*/*") if folder.is_dir() and not folder.name.startswith(".")
                  and not folder.parent.name.startswith("."))


def choose_cases(folders: list[Path], version: str | None, pattern: str) -> list[Path]:
    """The folders of this version whose name or label matches."""
    return [folder for folder in folders
            if version in (None, folder.parent.name)
            and (fnmatch.fnmatchcase(folder.name, pattern) or fnmatch.fnmatchcase(label_of(folder), pattern))]
