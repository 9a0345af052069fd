"""Runs clang-tidy over the sources of the layers; what it found clean once is not looked at again until it changes.

A file's key is made of everything that its verdict depends on: the program, its configuration, how the file is compiled, and
the contents of the file and of all that it includes. Clean keys are kept in the user's cache folder, for all checkouts.
Run by ./test as `python3 -m runner.clang_tidy BUILD-FOLDER`; the build folder has been built. Exit status 1: findings.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("protocol", "server", "tmux")
# Of GCC alone, of a precompiled header (clang-tidy reads what a file includes itself), or what takes assertions away.
_NOT_FOR_CLANG = re.compile(r"^(-Winvalid-pch|-fpch-preprocess|-Wno-tsan|-DNDEBUG|-O\d)$")
_MOST_KEPT = 20_000


class Sources:
    """The compile commands of a build, and what each object was made from."""

    def __init__(self, build: Path) -> None:
        self._contents: dict[str, str] = {}
        self.build = build
        entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        self.commands = {entry["file"]: entry for entry in entries
                         if Path(entry["file"]).relative_to(ROOT).parts[0] in LAYERS and not entry["file"].endswith("cmake_pch.hxx.cxx")}
        self._made_from = self._read_dependencies()

    def _read_dependencies(self) -> dict[str, list[str]]:
        listed = subprocess.run(["ninja", "-C", str(self.build), "-t", "deps"], stdout=subprocess.PIPE, text=True, check=True).stdout
        made_from: dict[str, list[str]] = {}
        output = ""
        for line in listed.splitlines():
            if line.startswith("    "):
                made_from[output].append(line.strip())
            elif ": #deps" in line:
                output = line.partition(":")[0]
                made_from[output] = []
        return made_from

    def arguments(self, file: str) -> list[str]:
        """How clang is to compile a file: as GCC was told, but for what GCC alone knows."""
        words = shlex.split(self.commands[file]["command"])
        words = words[next(at for at, word in enumerate(words) if word.startswith("-") and at > 0):]  # behind the compiler
        kept: list[str] = ["-Wreserved-identifier"]
        skip = False
        for word, following in zip(words, [*words[1:], ""]):
            if skip:
                skip = False
            elif word in ("-o", "-c") or (word == "-include" and "cmake_pch" in following):
                skip = True
            elif not _NOT_FOR_CLANG.match(word):
                kept.append(word)
        return kept

    def dependencies(self, file: str) -> list[str]:
        """The file and all that it includes, by a precompiled header, too; empty when that is not known."""
        words = shlex.split(self.commands[file]["command"])
        direct = self._made_from.get(words[words.index("-o") + 1], [])
        found = set(direct)
        for path in direct:
            found.update(self._made_from.get(path.removesuffix(".hxx") + ".hxx.gch", ()))
            found.update(self._made_from.get(os.path.relpath(path, self.build).removesuffix(".gch") + ".gch", ()))
        return sorted(path for path in found if not path.endswith(".gch"))

    def digest(self, path: str) -> str:
        """Of a file's contents."""
        if path not in self._contents:
            whole = self.build / path  # absolute ones stay as they are
            self._contents[path] = hashlib.sha256(whole.read_bytes()).hexdigest() if whole.exists() else "gone"
        return self._contents[path]


def key_of(sources: Sources, file: str, version: str, configuration: str) -> str | None:
    """Names the verdict of a file; None: it must be looked at."""
    dependencies = sources.dependencies(file)
    if not dependencies:
        return None
    root = str(ROOT)
    parts = [version, configuration, " ".join(sources.arguments(file)).replace(root, "")]
    parts += [f"{os.path.normpath(sources.build / path).removeprefix(root)} {sources.digest(path)}" for path in dependencies]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def cache_folder() -> Path:
    """Where clean keys are kept."""
    base = os.environ.get("PANED_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "paned")
    return Path(base) / "clang-tidy"


def look(sources: Sources, file: str) -> tuple[bool, str]:
    """One file's verdict and what clang-tidy says."""
    done = subprocess.run(["clang-tidy", "--quiet", file, "--", *sources.arguments(file)], cwd=sources.build,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode == 0, done.stdout


def forget_the_oldest(folder: Path) -> None:
    """Keeps the cache bounded."""
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[:-_MOST_KEPT]:
        path.unlink(missing_ok=True)


def main() -> int:
    """Looks at what is not known to be clean."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("build", type=Path, help="a CMake build folder (Ninja) that has been built")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    sources = Sources(arguments.build.resolve())
    if not sources.commands:
        sys.exit("clang_tidy: the build compiles none of the layers")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    configuration = (ROOT / ".clang-tidy").read_text(encoding="utf-8")
    keys = {file: key_of(sources, file, version, configuration) for file in sorted(sources.commands)}
    due = [file for file, key in keys.items() if key is None or not (folder / key).exists()]
    for key in filter(None, keys.values()):
        if (folder / key).exists():
            (folder / key).touch()  # still of use
    dirty = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        looks = {pool.submit(look, sources, file): file for file in due}
        for count, done in enumerate(as_completed(looks), 1):
            file, (clean, said) = looks[done], done.result()
            key = keys[file]
            if clean and key:
                (folder / key).touch()
            if not clean:
                dirty += 1
                print(said)
            print(f"[{count}/{len(due)}] {Path(file).relative_to(ROOT)}", flush=True)
    forget_the_oldest(folder)
    print(f"clang-tidy: {len(keys)} files, {len(keys) - len(due)} known to be clean, {dirty} with findings")
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
