#!/usr/bin/python3
"""The image check: builds the Dockerfile without a registry and tries the image as a runtime would run it.

    run.py [--cache FOLDER] [--case GLOB]

One line per case, `PASS|FAIL|SKIP name (seconds) reason`, then `N passed, N failed, N skipped`.
Exit 0: nothing failed; 1: something did; 77: all was skipped.  See README.md.
"""

from __future__ import annotations

import argparse
import fcntl
import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from container import Buildah, Container

try:
    import exec_client
except ModuleNotFoundError:  # python3-websockets
    exec_client = None

_HERE = Path(__file__).parent
_CACHE = Path(os.environ.get("PANED_CACHE") or
              Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paned") / "image"
EXIT_SKIPPED = 77
PORT = 8765
_TOOLS = {"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2", "readelf": "binutils"}


class Mismatch(Exception):
    """What a case found."""


class Image:
    """The built image, and a container of it that the cases share."""

    def __init__(self, buildah: Buildah, name: str, base: str) -> None:
        self.buildah, self.name, self.base = buildah, name, base
        self.config = buildah.image(name)
        self.container_name = ""
        self.root = Path()
        self.container: Container | None = None

    def run(self, argv: list[str], tty: bool = False) -> exec_client.Ended:
        """A command through the server."""
        return exec_client.run_command(self.container.connect(PORT), argv, tty)


def expect(what: str, expected: Any, came: Any) -> None:
    """Equal, or the case fails."""
    if expected != came:
        raise Mismatch(f"{what}: expected {expected!r}, came {came!r}")


def eventually(what: str, done: Callable[[], bool], seconds: float = 10) -> None:
    """True within some seconds, or the case fails."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise Mismatch(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def configuration(image: Image) -> str:
    """Entry point, user, volume, labels: what runtimes and people rely on."""
    config = image.config
    expect("Entrypoint", ["paned"], config["Entrypoint"])
    expect("Cmd", ["serve", "--init", "--listen", f"ws://0.0.0.0:{PORT}", "--insecure-no-auth"], config["Cmd"])
    expect("Healthcheck", ["CMD", "paned", "healthcheck"], config["Healthcheck"]["Test"])
    expect("User", "1000:1000", config["User"])
    expect("Volumes", ["/run/paned-user"], list(config["Volumes"]))
    expect("ExposedPorts", [f"{PORT}/tcp"], list(config["ExposedPorts"]))
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    expect("title and licenses", ("paned", "Apache-2.0"), (labels["title"], labels["licenses"]))
    version = image.buildah.call("run", image.container_name, "--", "paned", "--version")
    expect("the version label", version.split()[1], labels["version"])
    return f"version {labels['version']}, revision {labels['revision']}"


def contents(image: Image) -> str:
    """As buildah runs it: the user, the locale, tmux; no package lists, no symbols, no compiler."""
    script = ("id -u; id -un; locale charmap; echo $HOME; stat -c '%U %a' $XDG_RUNTIME_DIR; "
              "command -v g++ cmake; tmux -V")
    said = image.buildah.call("run", image.container_name, "--", "sh", "-c", script).splitlines()
    expect("user, locale, home, runtime directory", ["1000", "paned", "UTF-8", "/workspace", "paned 700"], said[:5])
    if len(said) != 6 or not said[5].startswith("tmux "):
        raise Mismatch(f"expected the version of tmux alone, came {said[5:]}")
    expect("package lists", [], os.listdir(image.root / "var/lib/apt/lists"))
    binary = subprocess.run(["readelf", "-S", image.root / "usr/local/bin/paned"], check=True,
                            capture_output=True, text=True).stdout
    expect("symbols in the binary", False, ".symtab" in binary)
    return said[5]


def size(image: Image) -> str:
    """How big it is: a figure, not a verdict."""
    def megabytes(root: Path) -> float:
        done = subprocess.run(["du", "-sx", "--apparent-size", "--block-size=1", root], check=True,
                              capture_output=True, text=True)
        return int(done.stdout.split()[0]) / 1e6

    with image.buildah.working_container(image.base) as (_, base_root):
        base = megabytes(base_root)
    whole = megabytes(image.root)
    binary = (image.root / "usr/local/bin/paned").stat().st_size
    return f"image {whole:.1f} MB, {whole - base:.1f} MB above the base; paned {binary / 1e6:.2f} MB"


def serves(image: Image) -> str:
    """It has announced its URL, and process 1 is the small one."""
    expect("first line on stdout", f"ws://0.0.0.0:{PORT}", image.container.url)
    init = next(fields for fields in image.container.processes() if fields["NSpid"].split()[-1] == "1")
    expect("process 1", "paned-init", init["Name"])
    return f"init {init['RssAnon'].strip()} of its own, server {image.container.server()['VmRSS'].strip()}"


def healthy(image: Image) -> str:
    """The image's own HEALTHCHECK says yes; no, when the server hangs."""
    command = image.config["Healthcheck"]["Test"][1:]
    said = image.container.execute(command)
    expect("healthcheck", (0, ""), (said.returncode, said.stderr))
    server = int(image.container.server()["Pid"])
    os.kill(server, signal.SIGSTOP)
    try:
        said = image.container.execute(command)
    finally:
        os.kill(server, signal.SIGCONT)
    expect("healthcheck of a hung server", 1, said.returncode)
    return said.stderr.strip()


def pipe_command(image: Image) -> str:
    """A command on pipes: every byte, the exit code, the environment of the image."""
    ended = image.run(["sh", "-c", "echo \"$LANG $HOME $PWD $(id -u)\"; printf 'grün' >&2; exit 7"])
    expect("exit code and output", (7, "C.UTF-8 /workspace /workspace 1000\ngrün"), (ended.code, ended.output))
    return ""


def tty_command(image: Image) -> str:
    """A command on a terminal, in the tmux of the image, on the read-only root."""
    script = "test -t 0 && test -t 1 && test -t 2 && printf 'on a terminal: grün'; exit 5"
    ended = image.run(["sh", "-c", script], tty=True)
    expect("exit code and output", (5, "on a terminal: grün"), (ended.code, ended.output.strip()))
    names = [fields["Name"] for fields in image.container.processes()]
    expect("a tmux server among " + " ".join(sorted(set(names))), True, "tmux: server" in names)
    return ""


def read_only_root(image: Image) -> str:
    """Nothing but the volume can be written to (and all the other cases pass nevertheless)."""
    for folder in ("/workspace", "/tmp"):
        said = image.container.execute(["touch", f"{folder}/x"]).stderr
        expect(f"writing to {folder}", True, "Read-only file system" in said)
    expect("writing to the volume", 0, image.container.execute(["sh", "-c", "touch $XDG_RUNTIME_DIR/x"]).returncode)
    return ""


def orphans(image: Image) -> str:
    """What a command leaves behind is reaped when it ends."""
    script = "for i in 1 2 3 4 5; do (sleep 0.3 >/dev/null 2>&1 &); done; exit 3"
    expect("exit code", 3, image.run(["sh", "-c", script]).code)
    orphaned = [fields for fields in image.container.processes() if fields["Name"] == "sleep"]
    expect("their parents", {str(image.container.pid)}, {fields["PPid"] for fields in orphaned})
    eventually("no sleep is left, not even as a zombie",
               lambda: not any(fields["Name"] == "sleep" for fields in image.container.processes()))
    return f"{len(orphaned)} were adopted"


def stops(image: Image) -> str:
    """SIGTERM to process 1 while a command runs that ignores it: a clean end, in time, of everything."""
    silent = image.container.connect(PORT)  # must not delay it
    exec_client.leave_running(image.container.connect(PORT), ["sh", "-c", "trap '' TERM; sleep 1000; :"])
    inside = image.container.processes()
    expect("the command among those inside", True, any(fields["Name"] == "sh" for fields in inside))
    code, took = image.container.terminate(8)
    silent.close()
    expect("exit code", 0, code)
    eventually("nothing of it is left", lambda: not any(Path(f"/proc/{fields['Pid']}").exists() for fields in inside))
    return f"in {took * 1000:.0f} ms"


CASES = (configuration, contents, size, serves, healthy, pipe_command, tty_command, read_only_root, orphans, stops)
_NEEDS_CONTAINER = (serves, healthy, pipe_command, tty_command, read_only_root, orphans, stops)


def main() -> int:
    """Builds, plays the cases, reports."""
    parser = argparse.ArgumentParser(description="Builds and checks the image.")
    parser.add_argument("--cache", type=Path, default=_CACHE, metavar="FOLDER",
                        help=f"where images are kept between runs (default {_CACHE})")
    parser.add_argument("--case", default="*", metavar="GLOB", help="only the cases whose name matches")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that everything is cleaned up
    cases = [case for case in CASES if fnmatch.fnmatch(_name(case), arguments.case)]
    if not cases:
        sys.exit(f"no case matches {arguments.case!r}")
    reason = _missing()
    if reason:
        return _skip(cases, reason)
    arguments.cache.mkdir(parents=True, exist_ok=True)
    with open(arguments.cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one run at a time: they share images, and the cores
        began = time.monotonic()
        built = subprocess.run([_HERE / "build.sh", arguments.cache.resolve()], stdout=subprocess.PIPE, text=True,
                               check=False)
        if built.returncode == EXIT_SKIPPED:
            return _skip(cases, built.stdout.strip().removeprefix("SKIP: "))
        seconds = time.monotonic() - began
        if built.returncode != 0:
            print(f"FAIL build ({seconds:.1f}) build.sh ended with {built.returncode}")
            print(f"0 passed, 1 failed, {len(cases)} skipped")
            return 1
        print(f"PASS build ({seconds:.1f})", flush=True)
        storage, name, base = built.stdout.splitlines()[-3:]
        return _play_all(cases, Image(Buildah(storage.split()), name, base))


def _skip(cases: list[Callable[[Image], str]], reason: str) -> int:
    print(f"SKIP {len(cases)} cases: {reason}")
    print(f"0 passed, 0 failed, {len(cases)} skipped")
    return EXIT_SKIPPED


def _name(case: Callable[[Image], str]) -> str:
    return case.__name__.replace("_", "-")


def _missing() -> str:
    if exec_client is None:
        return "the websockets module is missing (apt install python3-websockets)"
    for tool, package in _TOOLS.items():
        if not shutil.which(tool):
            return f"{tool} is missing (apt install {package})"
    if os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                                            check=False, capture_output=True).returncode != 0:
        return "this machine allows no namespaces"
    return ""


def _play_all(cases: list[Callable[[Image], str]], image: Image) -> int:
    counts = {"PASS": 1, "FAIL": 0}  # the build
    with image.buildah.working_container(image.name) as (image.container_name, image.root):
        try:
            for case in cases:
                began, word = time.monotonic(), "PASS"
                try:
                    if case in _NEEDS_CONTAINER and image.container is None:
                        image.container = Container(image.root, image.config)
                    remark = case(image)
                except Exception as error:  # a case that breaks down is one that failed
                    word, remark = "FAIL", str(error) if isinstance(error, Mismatch) else repr(error)
                counts[word] += 1
                print(f"{word} {_name(case)} ({time.monotonic() - began:.1f}) {remark}".rstrip(), flush=True)
            if counts["FAIL"] and image.container is not None:
                print("--- the container's stderr:\n" + re.sub(r"(?m)^", "    ", image.container.log()[-4000:]))
        finally:
            if image.container is not None:
                image.container.close()
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, 0 skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
