"""What the kernel says of processes and of who is connected to whom.

Exists because neither a server nor a client can be asked whether it left something behind, and because connections
are counted here without a proxy, which would be one more thing that five clients have to share.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_ESTABLISHED, _LISTENING = "01", "0A"


@dataclass(frozen=True)
class Socket:
    """One row of the kernel's table of TCP sockets; addresses as it spells them."""

    local: str
    remote: str
    state: str
    inode: int


def adopt_orphans() -> None:
    """Processes below this one whose parent ends become its children, so that nothing gets out of sight."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def reap_orphans(own_children: set[int]) -> None:
    """Takes note of the end of those that were adopted: who asks for them must not find them as zombies."""
    for pid, (state, parent) in _all().items():
        if state == "Z" and parent == os.getpid() and pid not in own_children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def descendants(root: int) -> set[int]:
    """All processes below `root` that still run."""
    children: dict[int, list[int]] = {}
    for pid, (state, parent) in _all().items():
        if state not in "ZX":
            children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def program(pid: int) -> str:
    """The file the process runs; "" when it is gone."""
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    return ""


def own_programs(pid: int) -> set[str]:
    """The file it runs and all it keeps open: a server may carry its helpers in itself, as files without a name."""
    programs = {program(pid)}
    with contextlib.suppress(OSError):
        for entry in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                programs.add(os.readlink(f"/proc/{pid}/fd/{entry}").removesuffix(" (deleted)"))
    return programs


def command_line(pid: int) -> str:
    """Its arguments, for a message."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:120]
    return ""


def kill_all(pids: set[int]) -> None:
    """SIGKILL for each."""
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def connections_to(address: tuple[str, int], pids: set[int]) -> int:
    """How many open connections to `address` these processes have."""
    inodes = _socket_inodes(pids)
    wanted = _spellings(address)
    return len({row.inode for row in _sockets() if row.state == _ESTABLISHED and row.remote in wanted} & inodes)


def connections_at(address: tuple[str, int], pid: int) -> int:
    """How many open connections a server on `address` has."""
    inodes = _socket_inodes({pid})
    wanted = _spellings(address)
    return len({row.inode for row in _sockets() if row.state == _ESTABLISHED and row.local in wanted} & inodes)


def listener(address: tuple[str, int]) -> int | None:
    """The process that listens there; None if it is another machine's, or may not be seen."""
    spellings = _spellings(address) | {f"{'0' * length}:{address[1]:04X}" for length in (8, 32)}
    inodes = {row.inode for row in _sockets() if row.state == _LISTENING and row.local in spellings}
    if not inodes:
        return None
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return next((pid for pid in pids if inodes & _socket_inodes({pid})), None)


def _all() -> dict[int, tuple[str, int]]:
    """State and parent of every process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                found[int(entry.name)] = (state, int(parent))
    return found


def _sockets() -> list[Socket]:
    """All; a table that changes while it is read may show a row twice."""
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                words = line.split()
                rows.append(Socket(words[1], words[2], words[3], int(words[9])))
    return rows


def _spellings(address: tuple[str, int]) -> set[str]:
    host, port = address
    spelled = set()
    for family, _, _, _, found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        packed = socket.inet_pton(family, str(found[0]))
        forms = [packed] + ([b"\0" * 10 + b"\xff\xff" + packed] if family == socket.AF_INET else [])
        for form in forms:  # in words of the machine's byte order
            words = struct.unpack(f">{len(form) // 4}I", form)
            spelled.add(struct.pack(f"={len(words)}I", *words).hex().upper() + f":{port:04X}")
    return spelled


def _socket_inodes(pids: set[int]) -> set[int]:
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for entry in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    link = os.readlink(f"/proc/{pid}/fd/{entry}")
                    if link.startswith("socket:["):
                        inodes.add(int(link[8:-1]))
    return inodes
