"""What a scenario left behind: files, and processes that should be gone."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
import zlib
from collections.abc import Callable
from pathlib import Path

from live.scenario import expect_equal, expect_same_bytes


def check_files(wanted: dict[str, dict[str, str]], root: Path, fill: Callable[[str], str]) -> None:
    """Compares with a tree in the form of files.json, which may also say that something is "absent"."""
    for name, entry in wanted.items():
        path = root / name
        kind = entry["kind"]
        came = _kind_of(path)
        expect_equal(f"kind of {name}", {"packed": "file"}.get(kind, kind), "file" if came == "executable" and kind == "packed"
                     else came)
        if kind == "symlink":
            expect_equal(f"target of {name}", entry["target"], os.readlink(path))
        elif kind == "packed":
            expect_same_bytes(f"content of {name}", zlib.decompress(base64.b64decode(entry["zlib"])), path.read_bytes())
        elif "text" in entry:
            expect_same_bytes(f"content of {name}", fill(entry["text"]).encode(), path.read_bytes())


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not just its remains."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _kind_of(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    if stat.S_ISLNK(mode):
        return "symlink"
    if stat.S_ISDIR(mode):
        return "directory"
    return "executable" if mode & stat.S_IXUSR else "file"
