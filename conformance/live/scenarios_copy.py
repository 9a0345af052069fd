"""Scenarios: two environments, each with a server of its own, and a file that goes from one to the other."""

from __future__ import annotations

import base64
from pathlib import Path

from live.model_server import Conversation, JsonObject, function_call
from live.scenario import (LiveRun, Remote, Scenario, environments_toml, exec_command, expect, expect_equal, expect_exit,
                      expect_same_bytes)

_TWO_ENVIRONMENTS, _COPY = (0, 135), (0, 169)
_BLOCK = 1024 * 1024
_CONTENT = b"".join(f"{number:08}".encode() * 512 for number in range(900))[:-100]  # 3.5 MiB; every 4 KiB differ


def _environments(first: Remote, second: Remote) -> str:
    return environments_toml(("one", first.url, ""), ("two", second.url, ""))


def _two_environments(run: LiveRun) -> None:
    """Commands go where the model says."""
    second = run.start_server("second")

    def conversation() -> Conversation:
        yield [exec_command("a", "echo in-one"), exec_command("b", "echo in-two", environment_id="two")]
        yield [exec_command("c", "exit 3", environment_id="two"), exec_command("d", "exit 4", environment_id="one")]

    outputs = run.converse(conversation(), environments=_environments(run.remotes[0], second))
    expect_equal("output", ["in-one\n", "in-two\n", "", ""],
                 [expect_exit(outputs[call], code) for call, code in (("a", 0), ("b", 0), ("c", 3), ("d", 4))])
    for remote, mine in ((run.remotes[0], ["echo in-one", "exit 4"]), (second, ["echo in-two", "exit 3"])):
        expect_equal("commands of one server", mine,
                     [start.params["argv"][-1] for start in run.requests("process/start", remote)])


def _copy(call_id: str, source: Path, target: Path) -> JsonObject:
    return function_call(call_id, "multi_env_copy_file", {
        "source_environment_id": "one", "source_path": str(source),
        "target_environment_id": "two", "target_path": str(target)})


def _copy_between_environments(run: LiveRun) -> None:
    """Block by block from one server to the other; the target is replaced; what cannot be read makes nothing."""
    source, target = run.project / "source.bin", run.project / "target.bin"
    source.write_bytes(_CONTENT)
    target.write_bytes(b"old" * (2 * len(_CONTENT)))  # longer than what replaces it
    missing, unmade = run.project / "missing.bin", run.project / "unmade.bin"
    second = run.start_server("second")

    def conversation() -> Conversation:
        yield [_copy("c", source, target)]
        yield [_copy("d", missing, unmade)]

    outputs = run.converse(conversation(), settings=("features.multi_env_copy_file=true",),
                           environments=_environments(run.remotes[0], second))
    expect(str(len(_CONTENT)) in outputs["c"].text, "tool output", f"{len(_CONTENT)} bytes", outputs["c"].text)
    expect_same_bytes("the copy", _CONTENT, target.read_bytes())
    expect_equal("tool output of the failing copy", "could not open copy source: entity not found", outputs["d"].text)
    expect_equal("target of the failing copy exists", False, unmade.exists())
    _check_blocks(run, run.remotes[0], "fs/readBlock", "read")
    _check_blocks(run, second, "fs/writeBlock", "replace")


def _check_blocks(run: LiveRun, remote: Remote, method: str, mode: str) -> None:
    """One handle, blocks without gap, all bytes, the handle closed."""
    opened = [request for request in remote.traffic.of_method("fs/open") if request.result]
    expect_equal(f"modes of files opened for {method}", [mode], [request.params.get("mode") for request in opened])
    handle = opened[0].params["handleId"]
    blocks = run.requests(method, remote)
    expect_equal(f"handles of {method}", {handle}, {block.params["handleId"] for block in blocks})
    data, longest = b"", 0
    for block in blocks:
        chunk = base64.b64decode(((block.result or {}) if mode == "read" else block.params)["chunk"])
        expect_equal(f"offset of {method}", len(data), block.params["offset"])
        data, longest = data + chunk, max(longest, len(chunk))
    expect_same_bytes(f"bytes of {method}", _CONTENT, data)
    expect_equal(f"longest block of {method}", _BLOCK, longest)
    closed = [request.params["handleId"] for request in run.requests("fs/close", remote)]  # failed opens, too
    expect_equal(f"times the handle of {method} was closed", 1, closed.count(handle))


SCENARIOS = (
    Scenario("two_environments", _two_environments, own_server=True, first=_TWO_ENVIRONMENTS),
    Scenario("copy_between_environments", _copy_between_environments, own_server=True, first=_COPY,
             capabilities=("fileWriteStreaming",), methods=("fs/open",),
             recorded_names={"shared": "copy_source", "second": "copy_target"}),
)
