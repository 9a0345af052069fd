"""Builds the tree of files a session starts from.

Exists because version control keeps neither empty folders nor a nested .git: the tree is declared
(files.json), and the one thing that must be made by a program, a git repository, is a declared step.
"""
from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from live.mcp_server import McpHttpServer
from replay.case import Case
from replay.meta import BadCase, Tree

# Folders every recorded client had beside the project (its home, temporary and outside folder).
STANDARD_FOLDERS = ("home", "tmp", "outside")


def build(case: Case, root: Path) -> None:
    """Creates the fixture of a case in the (existing, empty) folder `root`."""
    for name in STANDARD_FOLDERS:
        (root / name).mkdir()
    make_tree(case.files, root)
    copied = case.folder / "files"
    if copied.is_dir():
        shutil.copytree(copied, root, symlinks=True, dirs_exist_ok=True)
    for step in case.meta.setup:
        run_setup_step(step, root)


def make_tree(entries: Tree, root: Path) -> None:
    """Creates files, folders and symlinks below `root`."""
    for name, entry in sorted(entries.items()):
        _make_entry(root / name, entry)


@contextlib.contextmanager
def mcp_server(case: Case) -> Iterator[str]:
    """Runs the MCP server of the live test; where it listens, "" when the case needs none."""
    if not case.meta.needs.mcp_server:
        yield ""
        return
    server = McpHttpServer()
    try:
        yield server.origin
    finally:
        server.close()


def _make_entry(path: Path, entry: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = entry["kind"]
    if kind == "directory":
        path.mkdir(exist_ok=True)
    elif kind == "file":
        path.write_bytes(entry["text"].encode("utf-8"))
    elif kind == "executable":
        path.write_bytes(entry["text"].encode("utf-8"))
        path.chmod(0o755)
    elif kind == "packed":
        path.write_bytes(zlib.decompress(base64.b64decode(entry["zlib"])))
    elif kind == "symlink":
        path.symlink_to(entry["target"])
    else:
        raise BadCase(f"files.json: unknown kind {kind}")


def run_setup_step(step: dict[str, Any], root: Path) -> None:
    """Does one step of `setup`."""
    if step.get("do") != "git-commit-all":
        raise BadCase(f"meta.json: unknown setup step {step}")
    folder = root / step["path"]
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(root / "home"),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "replay", "GIT_AUTHOR_EMAIL": "replay@localhost",
        "GIT_COMMITTER_NAME": "replay", "GIT_COMMITTER_EMAIL": "replay@localhost",
    }
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "initial"]):
        subprocess.run(["git", "-C", str(folder), *command], env=environment, check=True, stdout=subprocess.DEVNULL)
