"""Plays a scenario file: its steps are the model, its events happen meanwhile, its expectations are checked."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from live import scenario_file
from live.machine import check_machine
from live.mcp_server import McpHttpServer
from live.model_server import (
    Conversation, JsonObject, ToolOutput, ToolOutputs, assistant_message, custom_tool_call, function_call, namespaced_call)
from live.scenario import (
    LiveRun, Mismatch, Scenario, Unsupported, exec_command, expect, expect_equal, running_session, shown_output,
    write_session)
from live.scenario_file import Event, ScenarioFile
from live.scenario_step import Step
from live.step_checks import check_step
from live.workspace import check_files, is_running
from replay.fixture import make_tree, run_setup_step

_POLL_MS = 30000
_CODEX_SECONDS, _WAIT_SECONDS = 180.0, 90.0  # when something hangs; a machine may be busy
_MCP_SERVER = "http://mcp.test"  # what recordings call it


def scenarios() -> tuple[Scenario, ...]:
    """All scenario files, as scenarios that can be played.  Raises BadScenario."""
    return tuple(_scenario(data) for data in scenario_file.load_all())


def _scenario(data: ScenarioFile) -> Scenario:
    return Scenario(
        name=data.name, play=lambda run: _Play(data, run).play(), first=data.first, last=data.last,
        connections=data.connections, capabilities=tuple(data.needs["capabilities"]), methods=tuple(data.needs["methods"]),
        needs=data.needs, description=data.description, project=data.project, own_server=data.own_server, record=data.record,
        record_reason=data.record_reason, files=data.files, setup=data.setup, server_home=data.server_home,
        output=data.output, pids=data.pids, awaits=data.awaits)


class _Play:
    """One run of one scenario file."""

    def __init__(self, data: ScenarioFile, run: LiveRun) -> None:
        self._data, self._run = data, run
        self._values = {"root": str(run.root), "project": str(run.project), "tmp": str(run.root / "tmp")}
        self._outputs: ToolOutputs = {}  # of all runs of codex
        self._shown: dict[str, list[str]] = {}  # by run step: the calls that showed its output
        self._sessions: dict[str, int] = {}
        self._at = ""  # the steps that are played now
        self._failures: list[Mismatch] = []

    def play(self) -> None:
        data, run = self._data, self._run
        check_machine(data.needs)
        make_tree(data.files, run.root)
        for step in data.setup:
            run_setup_step(dict(step), run.root)
        if data.own_server:
            make_tree(data.server_home, run.server_home("own"))
            remote = run.start_only_server("own")
            remote.expected_connections = data.connections
            self._values["server_home"] = str(run.server_home("own"))
        self._arm(list(data.events))
        with self._mcp_server():
            for number, steps in enumerate(self._conversations()):
                self._converse(steps, resumes=number > 0)
        run.process_ids = {step.name: self._process_id(step) for step in data.steps
                           if step.action == "run" and not step.fails}
        for failure in self._failures:
            raise failure
        self._expect_terminals()
        for step in data.steps:
            check_step(step, self)
        self._check_the_whole()

    # What checks of steps ask for.

    def fill(self, text: str) -> str:
        """The text with its {placeholders} filled in; other braces stay."""
        return re.sub(r"\{(\w+)\}", lambda found: self._values.get(found[1], found[0]), text)

    def returned(self, step: Step) -> ToolOutput | None:
        """What the tool returned last for this step."""
        names = [name for name in self._outputs if name == step.name or name.startswith(f"{step.name}-poll-")]
        return self._outputs[names[-1]] if names else None

    def shown(self, step: Step) -> str:
        """All output of the step's command that the model was shown, from its start to this step."""
        calls = self._shown[step.command]
        last = max(index for index, call in enumerate(calls) if call == step.name or call.startswith(f"{step.name}-poll-"))
        return "".join(shown_output(self._outputs[call]) for call in calls[:last + 1])

    def wire(self, step: Step) -> bytes:
        """The bytes of the command as the client got them."""
        return self._run.traffic.processes[self._process_id(self._step(step.command))].output(self._run.codex.takes_output_from_notifications)

    def file_bytes(self, path: str) -> bytes:
        """A file of the project."""
        return (self._run.project / path).read_bytes()

    # The conversation.

    def _conversations(self) -> Iterator[list[Step]]:
        steps: list[Step] = []
        for step in self._data.steps:
            if step.resumes:
                yield steps
                steps = []
            steps.append(step)
        yield steps

    def _converse(self, steps: list[Step], resumes: bool) -> None:
        interrupted = any(event.do == "interrupt" for event in self._data.events)
        says = sum(step.action == "say" for step in steps)
        try:
            self._run.converse(
                self._conversation(steps), settings=tuple(self.fill(text) for text in self._data.settings), resumes=resumes,
                timeout=_CODEX_SECONDS, turns=says + 1 if says else 0, sandbox=self._data.sandbox, codex_exits=self._data.codex_exits,
                plays_to_the_end=not interrupted)
        except Mismatch as mismatch:
            self._expect_terminals()
            raise Mismatch(f"{mismatch.what}, at {self._at}", mismatch.expected, mismatch.came) from mismatch

    def _expect_terminals(self) -> None:
        """A server without terminals says so."""
        for start in self._run.traffic.of_method("process/start"):
            if start.error is not None and "cannot run tty processes" in start.error.get("message", ""):
                raise Unsupported(start.error["message"])

    def _conversation(self, steps: list[Step]) -> Conversation:
        turns: list[list[Step]] = []
        for step in steps:
            if step.together:
                turns[-1].append(step)
            else:
                turns.append([step])
        for turn in turns:
            self._at = ", ".join(step.name for step in turn)
            for step in turn:
                self._prepare(step)
            self._take((yield [self._item(step) for step in turn]), turn)
            for step in turn:
                yield from self._follow(step)
                self._capture(step)

    def _prepare(self, step: Step) -> None:
        if step.after_output is not None:
            pattern = re.compile(self.fill(step.after_output).encode())
            command = self._process_id(self._step(step.to))
            self._wait_until(f"output {step.after_output!r} of {step.to}", lambda: pattern.search(
                self._run.traffic.processes[command].output()) is not None)
        if step.after_file is not None:
            path = self._run.root / self.fill(step.after_file)
            self._wait_until(f"file {step.after_file}", path.exists)
        if step.cut_before:
            self._run.proxy.cut_now()  # else the next request may be sent before the connection is gone

    def _item(self, step: Step) -> JsonObject:
        subject = self.fill(step.subject)
        options = json.loads(self.fill(json.dumps(step.options)))
        if step.action == "run":
            return exec_command(step.name, subject, **options)
        if step.action == "write":
            return function_call(step.name, "write_stdin", {"session_id": self._session(step), "chars": subject, **options})
        if step.action == "patch":
            return custom_tool_call(step.name, "apply_patch", subject)
        if step.action == "image":
            return function_call(step.name, "view_image", {"path": str(self._run.project / subject)})
        if step.action == "say":
            return assistant_message(subject)
        if options["namespace"]:
            return namespaced_call(step.name, options["namespace"], subject, options["arguments"])
        return function_call(step.name, subject, options["arguments"])

    def _session(self, step: Step) -> int:
        if step.session is not None:
            return step.session
        if step.to not in self._sessions:
            raise Mismatch(f"tool output of {step.to}", "a running session", self._outputs[step.to].text)
        return self._sessions[step.to]

    def _take(self, outputs: ToolOutputs, turn: list[Step]) -> None:
        """Notes what the tools returned."""
        for step in turn:
            if step.name not in outputs:
                continue
            self._outputs[step.name] = outputs[step.name]
            if step.action == "run" and (session := running_session(outputs[step.name])) is not None:
                self._sessions[step.name] = session
            if step.command:
                self._shown.setdefault(step.command, []).append(step.name)

    def _follow(self, step: Step) -> Conversation:
        """A step with an exit code lasts until its command is over."""
        latest, polls = step.name, 0
        while step.exits and (session := running_session(self._outputs[latest])) is not None:
            polls += 1
            latest = f"{step.name}-poll-{polls}"
            outputs = yield [write_session(latest, session, "", _POLL_MS)]
            self._outputs[latest] = outputs[latest]
            self._shown[step.command].append(latest)

    def _capture(self, step: Step) -> None:
        for name, pattern in step.captures.items():
            expression = re.compile(pattern.encode())
            command = self._process_id(step)
            found = lambda: expression.search(self._run.traffic.processes[command].output())  # noqa: E731
            self._wait_until(f"output {pattern!r} of {step.name}", lambda: found() is not None)
            match = found()
            assert match is not None
            self._values[name] = match[1].decode()

    def _step(self, name: str) -> Step:
        return next(step for step in self._data.steps if step.name == name)

    def _process_id(self, step: Step) -> str:
        return self._run.traffic.process_id(self.fill(step.subject))

    def _wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        self._run.wait_until(what, holds, _WAIT_SECONDS)

    # What happens meanwhile.

    def _arm(self, events: list[Event]) -> None:
        """The first event waits for its moment; then the next one does."""
        if not events:
            return
        event, *later = events
        pattern = re.compile(event.when_output.encode())
        command = self._step(event.of)

        def now() -> bool:
            process = self._run.traffic.process(self.fill(command.subject))
            return process is not None and pattern.search(process.output()) is not None

        def act() -> None:
            if event.do == "interrupt":
                self._run.interrupt()
            else:
                self._run.proxy.cut(hold=event.do == "hold")
            if event.do == "hold":
                threading.Thread(target=self._let_back, args=(event,), daemon=True).start()
            self._arm(later)

        self._run.traffic.when(now, act)

    def _let_back(self, event: Event) -> None:
        path = self._run.root / self.fill(event.until_file or "")
        try:
            self._wait_until(f"file {event.until_file} with {event.until_matches!r}", lambda: path.exists()
                                 and re.search(event.until_matches, path.read_text()) is not None)
        except Mismatch as mismatch:
            self._failures.append(mismatch)
        finally:
            self._run.proxy.release()

    @contextlib.contextmanager
    def _mcp_server(self) -> Iterator[None]:
        if not self._data.needs["mcpServer"]:
            yield
            return
        server = McpHttpServer()
        self._values["mcp_origin"] = server.origin
        self._run.remotes[0].spell(server.origin, _MCP_SERVER)
        try:
            yield
        finally:
            server.close()

    # What must have come of it.

    def _check_the_whole(self) -> None:
        wanted, run = self._data.wanted, self._run
        check_files(wanted.files, run.root, self.fill)
        for method in wanted.requests:
            expect(bool(run.traffic.of_method(method)), f"requests {method}", "at least one", "none")
        for method in wanted.no_requests:
            expect_equal(f"requests {method}", [], [request.params for request in run.traffic.of_method(method)])
        for method, count in wanted.counts.items():
            expect_equal(f"number of requests {method}", count, len(run.traffic.of_method(method)))
        request: Any = json.dumps(run.model_requests[0], ensure_ascii=False)
        for text in wanted.model_request:
            expect(self.fill(text) in request, "model request", self.fill(text), "not in it")
        for text in wanted.not_in_model_request:
            expect(self.fill(text) not in request, "model request", f"nothing of {self.fill(text)}", "in it")
        for name in wanted.ended:
            pid = int(self._values[name])
            self._wait_until(f"end of process {name}", lambda pid=pid: not is_running(pid))
