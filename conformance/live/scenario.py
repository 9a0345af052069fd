"""What a scenario is, what it is given, and how it says that something is wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codex_cli import CodexCli, CodexResult, Version
from model_server import Conversation, JsonObject, ModelServer, ToolOutput, ToolOutputs, function_call
from tcp_proxy import Address, TcpProxy
from traffic import Process, Traffic

ALL_VERSIONS: Version = (0,)


class Mismatch(Exception):
    """Something else came than was expected."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(what)
        self.what, self.expected, self.came = what, expected, came


class Unsupported(Exception):
    """The server says that it does not do this (yet)."""


def expect(holds: bool, what: str, expected: object, came: object) -> None:
    """Raises Mismatch unless `holds`."""
    if not holds:
        raise Mismatch(what, expected, came)


def expect_equal(what: str, expected: object, came: object) -> None:
    """Raises Mismatch unless both are equal."""
    expect(expected == came, what, expected, came)


def expect_same_bytes(what: str, expected: bytes, came: bytes) -> None:
    """As expect_equal, with a short account of where long data begin to differ."""
    if expected == came:
        return
    shorter = min(len(expected), len(came))
    step, position = 65536, 0
    while position < shorter and expected[position:position + step] == came[position:position + step]:
        position += step
    while position < shorter and expected[position] == came[position]:
        position += 1
    raise Mismatch(f"{what}, first difference at byte {min(position, shorter)}",
                   f"{len(expected)} bytes … {expected[position:position + 60]!r}",
                   f"{len(came)} bytes … {came[position:position + 60]!r}")


def exec_command(call_id: str, command: str, **arguments: Any) -> JsonObject:
    """A call of the tool that runs a command."""
    return function_call(call_id, "exec_command", {"cmd": command, **arguments})


def write_session(call_id: str, session: int | None, characters: str, wait_ms: int) -> JsonObject:
    """A call of the tool that types into a running command, or with no characters just waits for it."""
    return function_call(call_id, "write_stdin",
                         {"session_id": session, "chars": characters, "yield_time_ms": wait_ms})


def one_turn(*items: JsonObject) -> Conversation:
    """A conversation of a single turn."""
    yield list(items)


def running_session(output: ToolOutput) -> int | None:
    """The session id of a command that was still running when the tool returned."""
    found = re.search(r"^Process running with session ID (\d+)$", output.text, re.MULTILINE)
    return int(found.group(1)) if found else None


def shown_output(output: ToolOutput) -> str:
    """The command's output in what the tool returned."""
    return output.text.partition("\nOutput:\n")[2]


def expect_exit(output: ToolOutput, code: int) -> str:
    """Checks the exit code the model was told; returns the command's output as the model got it."""
    head = output.text.partition("\nOutput:\n")[0]
    expect(f"\nProcess exited with code {code}\n" in f"{head}\n", "tool output", f"Process exited with code {code}",
           output.text[:600])
    return shown_output(output)


@dataclass
class LiveRun:
    """One run of codex behind a private proxy, driven by a private model server."""

    codex: CodexCli
    root: Path
    server: Address
    project: Path = field(init=False)
    traffic: Traffic = field(init=False, default_factory=Traffic)
    proxy: TcpProxy = field(init=False)
    result: CodexResult | None = field(init=False, default=None)
    model_requests: list[JsonObject] = field(init=False, default_factory=list)
    remark: str = field(init=False, default="")  # shown with the verdict

    def __post_init__(self) -> None:
        self.project = self.root / "workspace" / "project"
        self.project.mkdir(parents=True)
        self.proxy = TcpProxy(self.server, self.traffic)

    def converse(self, conversation: Conversation, settings: tuple[str, ...] = (),
                 timeout: float = 60.0) -> ToolOutputs:
        """Runs codex to its end; the tool outputs the model got.  codex must exit 0."""
        model = ModelServer(conversation)
        host, port = self.proxy.address
        try:
            self.result = self.codex.run(self.root, self.project, f"ws://{host}:{port}", model.base_url, settings,
                                         timeout)
        finally:
            model.close()
            self.model_requests = model.requests
        if model.error is not None:
            raise model.error
        expect(self.result.exit_code is not None, "codex", f"exits within {timeout:.0f} s", "had to be killed")
        expect_equal("exit code of codex", 0, self.result.exit_code)
        expect(model.finished, "conversation", "played to its end", f"ended after {len(model.requests)} requests")
        return model.outputs

    def wait_for_file(self, name: str, holds: Callable[[str], bool] = lambda text: True, timeout: float = 30.0) -> None:
        """Waits until a command has made this file of the project, with content for which `holds` is true."""
        path, text = self.project / name, "missing"
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if path.exists() and holds(text := path.read_text()):
                return
            time.sleep(0.01)
        raise Mismatch(f"file {name} of a running command", f"there within {timeout:.0f} s", text)

    def started_process(self, marker: str) -> Process:
        """The process whose command line has `marker` in it."""
        process = self.traffic.process(marker)
        if process is None:
            raise Mismatch("process/start", f"a command with {marker!r}", "none")
        return process

    def client_output(self, marker: str) -> bytes:
        """What the client was given of a command's output, by the rules of its version."""
        return self.started_process(marker).output(self.codex.takes_output_from_notifications)

    def close(self) -> None:
        """Ends the proxy."""
        self.proxy.close()


@dataclass(frozen=True)
class Scenario:
    """A named thing to try, for client versions from `first` to `last`.

    `connections` is how many connections the client makes when nothing went wrong: as many as it makes to
    the reference server of its own version.
    """

    name: str
    play: Callable[[LiveRun], None]
    first: Version = ALL_VERSIONS
    last: Version | None = None
    connections: int = 1

    def applies_to(self, version: Version) -> bool:
        """Whether this client version can play it."""
        return self.first <= version and (self.last is None or version <= self.last)
