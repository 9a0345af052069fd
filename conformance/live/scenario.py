"""What a scenario is, what it is given, and how it says that something is wrong."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.codex_cli import CodexCli, CodexResult, Task, Version
from live.model_server import Conversation, JsonObject, ModelServer, ToolOutput, ToolOutputs, function_call
from live.recording import SHARED, Recording
from live.server_process import ServerProcess
from capture.tcp_proxy import Address, TcpProxy
from live.traffic import Process, Request, Traffic

ALL_VERSIONS: Version = (0,)
_METHOD_NOT_FOUND = -32601
_LAST_WORDS_SECONDS = 5.0


class Mismatch(Exception):
    """Something else came than was expected."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(what)
        self.what, self.expected, self.came = what, expected, came


class Unsupported(Exception):
    """The server says that it does not do this (yet)."""


class ClientFault(Exception):
    """The client went wrong by itself: no server had a part in it."""


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


def environments_toml(*environments: tuple[str, str, str]) -> str:
    """An environments.toml with (id, url, further lines) of each environment; the first is the default."""
    tables = (f'[[environments]]\nid = "{name}"\nurl = "{url}"\n{more}' for name, url, more in environments)
    return f'default = "{environments[0][0]}"\ninclude_local = false\n{"".join(tables)}'


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


class Remote:
    """An exec-server as codex meets it: behind a proxy of its own, which keeps the traffic."""

    def __init__(self, name: str, server: Address, recording: Recording | None) -> None:
        self.name = name
        self.expected_connections: int | None = 1  # None: as many as the client likes
        self.traffic = Traffic()
        self._recorder = recording.recorder(name, server) if recording else None
        observers = (self._recorder, self.traffic) if self._recorder else (self.traffic,)
        self.proxy = TcpProxy(server, *observers)

    def spell(self, here: str, recorded: str) -> None:
        """A recording, if one is made, is to call `here` `recorded`."""
        if self._recorder is not None:
            self._recorder.spell(here, recorded)

    @property
    def url(self) -> str:
        """Where codex connects."""
        host, port = self.proxy.address
        return f"ws://{host}:{port}"


Launch = Callable[[tuple[str, ...], Path], ServerProcess]  # further arguments, folder


class LiveRun:
    """One scenario's runs of codex: private folders, a private proxy, private model servers."""

    def __init__(self, codex: CodexCli, root: Path, server: Address, launch: Launch | None,
                 project: str = "workspace/project", recording: Recording | None = None) -> None:
        self.codex, self.root = codex, root
        self.project = root / project
        self.project.mkdir(parents=True)
        for name in ("home", "codex-home", "tmp"):
            (root / name).mkdir(mode=0o700)
        self._recording = recording
        self.remotes = [Remote(SHARED, server, recording)]  # the first is the one all scenarios share
        self.proxy, self.traffic = self.remotes[0].proxy, self.remotes[0].traffic
        self.result: CodexResult | None = None
        self.patience = 1.0  # what every time limit is multiplied by
        self.model_requests: list[JsonObject] = []
        self.remark = ""  # shown with the verdict
        self.process_ids: dict[str, str] = {}  # of a scenario file: the run steps and the processes they started
        self._launch = launch
        self._codex: subprocess.Popen[bytes] | None = None
        self._servers: list[ServerProcess] = []

    def converse(self, conversation: Conversation, settings: tuple[str, ...] = (), timeout: float = 60.0,
                 environments: str | None = None, resumes: bool = False, turns: int = 0,
                 sandbox: str = "danger-full-access", codex_exits: tuple[int, ...] = (0,),
                 plays_to_the_end: bool = True) -> ToolOutputs:
        """Runs codex to its end; the tool outputs the model got.  codex must exit with one of `codex_exits`.

        With `turns`, one codex takes so many turns; a turn is over when the model calls no tool.
        `environments` is the text of an environments.toml, which takes the place of the server all scenarios share.
        """
        if environments is not None:
            (self.root / "codex-home" / "environments.toml").write_text(environments)
        timeout *= self.patience
        if self._recording is not None:
            self._recording.note_start()
        model = ModelServer(conversation)
        self.model_requests = model.requests  # of this run of codex; grows while it goes on
        try:
            task = Task(model.base_url, self.remotes[0].url if environments is None else None, settings, resumes,
                        sandbox)
            self.result = (self.codex.run_turns(self.root, self.project, task, turns, timeout) if turns
                           else self.codex.run(self.root, self.project, task, timeout, self._started))
        finally:
            model.close()
        if model.error is not None:
            raise model.error
        expect(self.result.exit_code is not None, "codex", f"exits within {timeout:.0f} s", "had to be killed")
        expect(self.result.exit_code in codex_exits, "exit code of codex", codex_exits, self.result.exit_code)
        expect(not plays_to_the_end or model.finished, "conversation", "played to its end", f"ended after {len(model.requests)} requests")
        return model.outputs

    def _started(self, codex: subprocess.Popen[bytes]) -> None:
        self._codex = codex

    def interrupt(self) -> None:
        """Interrupts the codex that runs now, as Ctrl-C does."""
        assert self._codex is not None
        self._codex.send_signal(signal.SIGINT)

    def server_home(self, name: str) -> Path:
        """The home, and CODEX_HOME, of a server that start_server() starts; made here, to be filled before."""
        home = self.root / name / "home"
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
        return home

    def start_server(self, name: str, *arguments: str) -> Remote:
        """Starts a further server of the kind under test.  Raises ServerError when it does not come up."""
        if self._launch is None:
            raise Unsupported("it was not started here, and this needs a server of its own")
        if self._recording is not None:
            self._recording.note_server_home(name)
        server = self._launch(arguments, self.root / name)
        self._servers.append(server)
        self.remotes.append(Remote(name, server.address, self._recording))
        return self.remotes[-1]

    def start_only_server(self, name: str) -> Remote:
        """Starts a server that takes the place of the one all scenarios share."""
        remote = self.start_server(name)
        for other in self.remotes[:-1]:
            other.proxy.close()
        self.remotes = [remote]
        self.proxy, self.traffic = remote.proxy, remote.traffic
        return remote

    def wait_until(self, what: str, holds: Callable[[], bool], timeout: float = 30.0) -> None:
        """Waits until something another process does has come true."""
        timeout *= self.patience
        end = time.monotonic() + timeout
        while not holds():
            expect(time.monotonic() < end, what, f"within {timeout:.0f} s", "not yet")
            time.sleep(0.01)

    def wait_for_file(self, name: str, holds: Callable[[str], bool] = lambda text: True, timeout: float = 30.0) -> None:
        """Waits until a command has made this file of the project, with content for which `holds` is true."""
        timeout *= self.patience
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

    def requests(self, method: str, remote: Remote | None = None) -> list[Request]:
        """What the client asked of this method; at least once, and no such request was left open or refused."""
        requests = (remote or self.remotes[0]).traffic.of_method(method)
        expect(bool(requests), f"requests {method}", "at least one", "none")
        for request in requests:
            expect(request.error is None and request.result is not None, f"reply to {method} {request.params}", "a result",
                   request.error)
        return requests

    def server_logs(self) -> str:
        """The stderr of the servers of this run."""
        return "\n".join(server.log_since(0) for server in self._servers)

    def close(self) -> None:
        """Ends the proxies and the servers of this run."""
        if self._recording is not None:  # what codex said last is to be in it
            for remote in self.remotes:
                remote.proxy.wait_until_ended(_LAST_WORDS_SECONDS)
        for remote in self.remotes:
            remote.proxy.close()
        for server in self._servers:
            server.stop()


@dataclass(frozen=True)
class Scenario:
    """A named thing to try, for client versions from `first` to `last`.

    `connections` is how many connections the client makes to the shared server when nothing went wrong: as many as
    it makes to the reference server of its own version.  `capabilities` and `methods` are what a server
    may leave out: a scenario that fails on a server without them was not offered.

    What a recording of it needs beside the messages, in the form of meta.json and files.json: `needs`, `files`, `setup`,
    `server_home`, `awaits`, and `output` and `pids`, whose keys are the run steps of the scenario file
    (LiveRun.process_ids says which processes they were).  `record` false: it is not worth recording, for `record_reason`.
    `recorded_names`: what the recording of each server's side is called, if not NAME and NAME_SERVER.
    """

    name: str
    play: Callable[[LiveRun], None]
    first: Version = ALL_VERSIONS
    last: Version | None = None
    connections: int = 1
    capabilities: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    description: str = ""
    project: str = "workspace/project"  # below the run folder
    own_server: bool = False  # it starts one, or more, beside the one that all scenarios share
    record: bool = True
    record_reason: str = ""
    needs: dict[str, Any] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    setup: tuple[dict[str, str], ...] = ()
    server_home: dict[str, dict[str, str]] = field(default_factory=dict)
    output: dict[str, dict[str, Any]] = field(default_factory=dict)
    pids: dict[str, str] = field(default_factory=dict)
    awaits: tuple[str, ...] = ()
    recorded_names: dict[str, str] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """One line; of a scenario in Python the first line of its docstring."""
        return self.description or (self.play.__doc__ or "").partition("\n")[0]

    def applies_to(self, version: Version) -> bool:
        """Whether this client version can play it."""
        return self.first <= version and (self.last is None or version <= self.last)

    def not_offered(self, run: LiveRun) -> str:
        """What the servers of this run left out of what is needed; "" if nothing."""
        for traffic in (remote.traffic for remote in run.remotes if remote.proxy.connections):
            for method in self.methods:
                if any((request.error or {}).get("code") == _METHOD_NOT_FOUND for request in traffic.of_method(method)):
                    return f"method {method}"
            for capability in self.capabilities:
                if traffic.of_method("initialize") and not traffic.capabilities().get(capability):
                    return f"capability {capability}"
        return ""
