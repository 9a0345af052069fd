"""Reads a tree of files into the form of files.json.

Exists so that nobody writes down by hand what lay in the project before a session: the live test takes it as it is
when codex starts.
"""

from __future__ import annotations

import base64
import os
import stat
import zlib
from pathlib import Path

Entries = dict[str, dict[str, str]]
_LONGEST_TEXT = 4096  # longer files are packed


def read_tree(root: Path, folders: tuple[str, ...], without: tuple[str, ...] = ()) -> Entries:
    """What lies in these folders of `root`, by path below `root`; folders only where they are empty.

    Of the paths in `without` nothing is taken: something else makes them.
    """
    entries: Entries = {}
    for folder in folders:
        if (root / folder).is_dir():
            _read_folder(root, root / folder, without, entries)
    return entries


def _read_folder(root: Path, folder: Path, without: tuple[str, ...], entries: Entries) -> None:
    inner = [path for path in sorted(folder.iterdir())
             if str(path.relative_to(root)) not in without and not _is_sample_hook(path)]
    if not inner and folder != root:
        entries[str(folder.relative_to(root))] = {"kind": "directory"}
    for path in inner:
        if path.is_dir() and not path.is_symlink():
            _read_folder(root, path, without, entries)
        elif (entry := _entry(root, path)) is not None:
            entries[str(path.relative_to(root))] = entry


def _is_sample_hook(path: Path) -> bool:
    """git puts these into every new repository, and never reads them."""
    return path.parent.name == "hooks" and path.suffix == ".sample"


def _entry(root: Path, path: Path) -> dict[str, str] | None:
    """None: neither a file nor a symlink.  A symlink into the tree is relative: the tree will be elsewhere."""
    if path.is_symlink():
        target = os.readlink(path)
        if Path(target).is_relative_to(root) and Path(target).is_absolute():
            target = os.path.relpath(target, path.parent)
        return {"kind": "symlink", "target": target}
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        return None
    content = path.read_bytes()
    try:
        if mode & 0o100:
            return {"kind": "executable", "text": content.decode("utf-8")}
        if len(content) <= _LONGEST_TEXT:
            return {"kind": "file", "text": content.decode("utf-8")}
    except UnicodeDecodeError:
        pass  # packed below
    return {"kind": "packed", "zlib": base64.b64encode(zlib.compress(content, 9)).decode()}
