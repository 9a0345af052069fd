"""The steps of a scenario file: what the model does, one thing after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from live.toml_table import TomlTable

ACTIONS = ("run", "write", "patch", "image", "tool", "say")
_RUN_TEXTS = ("workdir", "shell", "environment_id", "sandbox_permissions", "justification")
_RUN_INTEGERS = ("yield_time_ms", "max_output_tokens")
_RUN_FLAGS = ("tty", "login")


@dataclass(frozen=True)
class Step:
    """One thing the model does, and what must come of it."""

    name: str
    action: str
    subject: str  # the command, the characters, the patch, the path, the name of the tool, the words
    options: dict[str, Any]
    together: bool  # in the same turn as the step before
    resumes: bool  # a second codex goes on with the thread from here
    cut_before: bool
    after_output: str | None  # regex: what the command must have printed before
    after_file: str | None  # what must exist before
    to: str  # the run step that a write is for, or that must have printed `after_output`
    session: int | None
    exits: tuple[int, ...]  # any of them; (): not asked for
    running: bool
    fails: str | None
    output: str | None
    output_matches: str | None
    output_lines: tuple[str, ...] | None
    wire: bytes | None
    captures: dict[str, str]

    @property
    def command(self) -> str:
        """The run step whose output this step shows; "" if there is none."""
        return {"run": self.name, "write": self.to}.get(self.action, "")


def read_steps(top: TomlTable) -> tuple[Step, ...]:
    """All [[step]] of a file."""
    steps: list[Step] = []
    for number, table in enumerate(top.tables("step"), 1):
        step = _step(table, number, {step.name: step for step in steps})
        if step.action == "run" and any(step.subject == other.subject for other in steps if other.action == "run"):
            raise table.error("run", "two equal commands cannot be told apart; append a comment to one of them")
        steps.append(step)
    if not steps:
        raise top.error("step", "at least one [[step]] is expected")
    return tuple(steps)


def _step(table: TomlTable, number: int, before: dict[str, Step]) -> Step:
    actions = [action for action in ACTIONS if action in table]
    if len(actions) != 1:
        raise table.error("", f"exactly one of {', '.join(ACTIONS)} is expected, not {' and '.join(actions) or 'none'}")
    action = actions[0]
    name, to = table.text("name", f"step{number}"), table.text("to", "")
    if not re.fullmatch("[A-Za-z0-9_-]+", name) or name in before:
        raise table.error("name", "a name of letters, digits, _ and - that no earlier step has is expected")
    session = table.integer("session", None)
    if ((action == "write" and session is None) or "after_output" in table or to) and (
            to not in before or before[to].action != "run"):
        raise table.error("to", f"the name of an earlier run step is expected, not {to!r}")
    step = Step(
        name=name, action=action, subject=table.text(action), options=_options(table, action),
        together=table.flag("together"), resumes=table.flag("resumes"), cut_before=table.flag("cut_before"),
        after_output=table.expression("after_output"), after_file=table.text("after_file", None), to=to, session=session,
        exits=table.integers("exit"), running=table.flag("running"), fails=table.expression("fails"),
        output=table.text("output", None), output_matches=table.expression("output_matches"),
        output_lines=table.texts("output_lines") if "output_lines" in table else None,
        wire=_wire(table), captures={key: table.table("capture").expression(key) for key in table.mapping("capture")})
    table.finish()
    _check_step(table, step, bool(before))
    return step


def _options(table: TomlTable, action: str) -> dict[str, Any]:
    """The further arguments of the tool."""
    options: dict[str, Any] = {}
    if action == "run":
        options = {key: table.text(key) for key in _RUN_TEXTS if key in table}
        options.update({key: table.flag(key) for key in _RUN_FLAGS if key in table})
    if action in ("run", "write"):
        options.update({key: table.integer(key) for key in _RUN_INTEGERS if key in table})
    if action == "tool":
        options = {"namespace": table.text("namespace", ""), "arguments": table.mapping("arguments")}
    return options


def _wire(table: TomlTable) -> bytes | None:
    if "wire_hex" in table:
        return table.hexadecimal("wire_hex")
    text = table.text("wire", None)
    return None if text is None else text.encode()


def _check_step(table: TomlTable, step: Step, has_before: bool) -> None:
    command = step.action in ("run", "write")
    if step.action == "run" and not (step.exits or step.running or step.fails):
        raise table.error("exit", "one of exit, running, fails is expected")
    if step.exits and (step.running or step.fails):
        raise table.error("exit", "only one of exit, running, fails is expected")
    if step.action == "tool" and not (step.output or step.output_matches or step.fails):
        raise table.error("output_matches", "what the tool returns is expected: output, output_matches or fails")
    if not command and (step.exits or step.running or step.wire is not None or step.captures):
        raise table.error("", "exit, running, wire and capture are for run and write steps")
    if step.action != "write" and step.to and not step.after_output:
        raise table.error("to", "only a write step has it, or one with after_output")
    if (step.together or step.resumes) and not has_before:
        raise table.error("together" if step.together else "resumes", "the first step cannot have it")
    if step.captures and [re.compile(pattern).groups for pattern in step.captures.values()] != [1]:
        raise table.error("capture", "one regex with exactly one group is expected")
    if step.captures and step.action != "run":
        raise table.error("capture", "only a run step has it")
