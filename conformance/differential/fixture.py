"""The files both servers are asked about: one tree, built twice, and changes made in the middle of a case.

The tree is for reading only; what a case changes lies in its own scratch folder.
"""
from __future__ import annotations

import os
import shutil
import socket
import stat
from pathlib import Path
from typing import Any

MOMENT = 1_700_000_000  # seconds; every entry of the tree carries this modification time
MAX_SHOWN_BYTES = 4096


def build(tree: Path) -> None:
    """One entry of every kind."""
    tree.mkdir(parents=True)
    write(tree / "plain", "plain text\n")
    write(tree / "empty", "")
    write(tree / "binary", bytes(range(256)))
    write(tree / "big", b"0123456789abcdef" * 131072)  # 2 MiB
    write(tree / "with blank ü%41", "name\n")
    write(tree / ".hidden", "hidden\n")
    write(tree / "setuid", "#!/bin/sh\n", 0o4755)
    write(tree / "secret", "nobody reads this\n", 0o000)
    write(tree / "script", "#!/bin/sh\necho script \"$@\"\n", 0o755)
    write(tree / "text", "no interpreter line\n", 0o755)
    write(tree / "old", "before 1970\n")
    fifo(tree / "fifo")
    unix_socket(tree / "socket")
    for name, target in {"to_plain": "plain", "to_dir": "dir", "broken": "nowhere", "loop": "loop",
                         "loop_a": "loop_b", "loop_b": "loop_a", "to_null": "/dev/null", "to_fifo": "fifo",
                         "up": "..", "absolute": str(tree / "plain")}.items():
        symlink(tree / name, target)
    for name in ("dir/deep/deeper/deepest", "dir/.cache/inside", "empty_dir"):
        (tree / name).mkdir(parents=True)
    for name in ("dir/one", "dir/two", "dir/.dot", "dir/deep/three", "dir/deep/deeper/four", "dir/.cache/five"):
        write(tree / name, name)
    symlink(tree / "dir/link_file", "one")
    symlink(tree / "dir/link_dir", "deep")
    symlink(tree / "dir/deep/back", "..")
    symlink(tree / "dir/gone", "missing")
    fifo(tree / "dir/fifo")
    write(tree / "dir/Zebra", "upper case sorts first")
    for number in range(60):
        (tree / "wide" / f"d{number:02}").mkdir(parents=True)
        write(tree / "wide" / f"d{number:02}" / "f", str(number))
    chain = tree.joinpath("chain", *["c"] * 70)
    chain.mkdir(parents=True)
    for folder, folders, files in os.walk(tree, topdown=False):
        for name in (*folders, *files):
            os.utime(os.path.join(folder, name), (MOMENT, MOMENT), follow_symlinks=False)
    os.utime(tree / "old", (-1000, -1000))
    os.utime(tree, (MOMENT, MOMENT))


def build_odd(folder: Path) -> None:
    """Names that are not UTF-8, away from the tree that cases walk through."""
    folder.mkdir()
    write(folder / os.fsdecode(b"bad\xff\xfename"), "not UTF-8\n")
    mkdir(folder / os.fsdecode(b"\xfcber"))
    write(folder / "plain", "")


# --- changes: `Do("write", …)` and so on -------------------------------------------------------
def write(path: Path, data: str | bytes, mode: int = 0o644) -> None:
    """A regular file, made anew or overwritten in place."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)


def append(path: Path, data: str) -> None:
    """Makes a file longer."""
    with path.open("ab") as file:
        file.write(data.encode())


def mkdir(path: Path) -> None:
    """A folder, with its parents."""
    path.mkdir(parents=True, exist_ok=True)


def symlink(path: Path, target: str) -> None:
    """A symbolic link."""
    path.symlink_to(target)


def fifo(path: Path) -> None:
    """A named pipe."""
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    """A socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(path.parent, os.O_PATH)
        try:
            made.bind(f"/proc/self/fd/{here}/{path.name}")  # a socket's path is short
        finally:
            os.close(here)


def remove(path: Path) -> None:
    """A file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def rename(path: Path, other: Path) -> None:
    """Moves within a folder."""
    path.rename(path.parent / other)


def truncate(path: Path, size: int) -> None:
    """Makes a file shorter or (sparsely) longer."""
    if not path.exists():
        path.touch()
    os.truncate(path, size)


ACTIONS = {action.__name__: action
           for action in (write, append, mkdir, symlink, fifo, unix_socket, remove, rename, truncate)}


def look(path: Path) -> Any:
    """A file, link or folder as JSON."""
    try:
        status = path.lstat()
    except OSError as error:
        return {"kind": type(error).__name__}
    seen: dict[str, Any] = {"mode": oct(stat.S_IMODE(status.st_mode))}
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "link", "target": os.readlink(path)}
    if stat.S_ISDIR(status.st_mode):
        return {"kind": "folder", **seen, "entries": {name: look(path / name) for name in sorted(os.listdir(path))}}
    if not stat.S_ISREG(status.st_mode):
        return {"kind": "special", **seen}
    data = path.read_bytes() if status.st_size <= MAX_SHOWN_BYTES else b""
    return {"kind": "file", **seen, "size": status.st_size, "data": data.decode("latin-1")}
