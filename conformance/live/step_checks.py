"""Whether a step of a scenario file came out as the file says."""

from __future__ import annotations

import base64
import re
from typing import Protocol

from live.model_server import ToolOutput
from live.scenario import Mismatch, expect, expect_equal, expect_same_bytes, running_session
from live.scenario_step import Step

_SHOWN_LENGTH = 1000  # of what a tool returned, in a failure


class Played(Protocol):
    """What is asked about a run that is over."""

    def fill(self, text: str) -> str: ...

    def returned(self, step: Step) -> ToolOutput | None: ...

    def shown(self, step: Step) -> str: ...

    def wire(self, step: Step) -> bytes: ...

    def file_bytes(self, path: str) -> bytes: ...


def check_step(step: Step, played: Played) -> None:
    """Raises Mismatch."""
    output = played.returned(step)
    if step.action == "say" or (output is None and not _asks_for_output(step)):
        return
    if output is None:
        raise Mismatch(f"{step.name}: tool output", "one", "none")
    if step.fails is not None:
        _check_failure(step, output, played)
    elif step.action == "patch":
        expect("Success" in output.text, f"{step.name}: tool output", "Success", output.text)
    elif step.action == "image":
        _check_image(step, output, played)
    elif step.exits:
        _check_exit(step, output)
    elif step.running:
        expect(running_session(output) is not None, f"{step.name}: tool output", "still running", _short(output.text))
    _check_text(step, played.shown(step) if step.command and step.fails is None else output.text, played)
    if step.wire is not None:
        expect_same_bytes(f"{step.name}: bytes on the wire", step.wire, played.wire(step))


def _asks_for_output(step: Step) -> bool:
    return bool(step.exits or step.fails or step.output is not None or step.output_matches or step.output_lines is not None)


def _check_failure(step: Step, output: ToolOutput, played: Played) -> None:
    went_well = ("Process exited with code" in output.text or running_session(output) is not None or bool(output.image_urls)
                 or (step.action == "patch" and "Success" in output.text))
    found = re.search(played.fill(step.fails or ""), output.text, re.DOTALL)
    expect(found is not None and not went_well, f"{step.name}: tool output", f"a failure like {step.fails!r}",
           _short(output.text))


def _check_exit(step: Step, output: ToolOutput) -> None:
    head = output.text.partition("\nOutput:\n")[0]
    found = re.search(r"^Process exited with code (-?\d+)$", head, re.MULTILINE)
    if found is None:
        raise Mismatch(f"{step.name}: tool output", "Process exited with code …", _short(output.text))
    expect(int(found[1]) in step.exits, f"{step.name}: exit code", " or ".join(map(str, step.exits)), int(found[1]))


def _check_image(step: Step, output: ToolOutput, played: Played) -> None:
    expect_equal(f"{step.name}: images the model got", 1, len(output.image_urls) or output.text)
    data = base64.b64decode(output.image_urls[0].partition(",")[2])
    expect_same_bytes(f"{step.name}: image", played.file_bytes(step.subject), data)


def _check_text(step: Step, text: str, played: Played) -> None:
    if step.output is not None:
        wanted = played.fill(step.output)
        expect(wanted == text, f"{step.name}: output", repr(wanted), _short(text))
    if step.output_matches is not None:
        expect(re.search(played.fill(step.output_matches), text, re.DOTALL) is not None, f"{step.name}: output",
               f"something like {step.output_matches!r}", _short(text))
    if step.output_lines is not None:
        expect_equal(f"{step.name}: lines of the output, in any order", sorted(played.fill(line) for line in step.output_lines),
                     sorted(text.splitlines()))


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}… ({len(text)} characters)"
