"""Scenarios: what codex does with files on the server: apply_patch, AGENTS.md, view_image."""

from __future__ import annotations

import base64
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from live.model_server import Conversation, custom_tool_call, function_call
from live.scenario import LiveRun, Scenario, exec_command, expect, expect_equal, expect_exit, expect_same_bytes, one_turn

_MEBIBYTE = 1024 * 1024

_PATCH = """*** Begin Patch
*** Add File: new/folder/added.txt
+first
+grüße
*** Update File: updated.txt
@@
 alpha
-beta
+BETA
 gamma
*** Delete File: deleted.txt
*** Update File: old.txt
*** Move to: moved/new.txt
@@
 l1
-l2
+L2
 l3
*** End Patch
"""


def _tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def _names_of(run: LiveRun, method: str) -> set[str]:
    """The last parts of the paths of all requests that were answered with a result."""
    return {request.params["path"].rpartition("/")[2] for request in run.traffic.of_method(method) if request.result is not None}


def _apply_patch(run: LiveRun) -> None:
    for name, text in (("updated.txt", "alpha\nbeta\ngamma\n"), ("deleted.txt", "bye\n"), ("old.txt", "l1\nl2\nl3\n")):
        (run.project / name).write_text(text)
    outputs = run.converse(one_turn(custom_tool_call("c", "apply_patch", _PATCH)))
    expect("Success" in outputs["c"].text, "tool output", "Success", outputs["c"].text)
    expect_equal("files afterwards", {
        "moved/new.txt": "l1\nL2\nl3\n",
        "new/folder/added.txt": "first\ngrüße\n",
        "updated.txt": "alpha\nBETA\ngamma\n",
    }, _tree(run.project))
    expect_equal("files written", {"added.txt", "updated.txt", "new.txt"}, _names_of(run, "fs/writeFile"))
    expect_equal("files removed", {"deleted.txt", "old.txt"}, _names_of(run, "fs/remove"))
    expect_equal("folders made", {"folder", "moved"}, _names_of(run, "fs/createDirectory") & {"folder", "moved"})


def _apply_patch_fails(run: LiveRun) -> None:
    """A patch whose context is not in the file changes nothing, and the model is told."""
    (run.project / "updated.txt").write_text("something else\n")
    patch = "*** Begin Patch\n*** Update File: updated.txt\n@@\n-beta\n+BETA\n*** End Patch\n"
    outputs = run.converse(one_turn(custom_tool_call("c", "apply_patch", patch)))
    expect("Success" not in outputs["c"].text and "updated.txt" in outputs["c"].text, "tool output",
           "an error that names updated.txt", outputs["c"].text)
    expect_equal("files afterwards", {"updated.txt": "something else\n"}, _tree(run.project))
    expect_equal("files written or removed", set(), _names_of(run, "fs/writeFile") | _names_of(run, "fs/remove"))


def _agents_md(run: LiveRun) -> None:
    """The project's file and the one of the repository above it."""
    repository = run.project.parent
    (repository / ".git").mkdir()
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (repository / "AGENTS.md").write_text("token-of-the-repository grüße\n")
    (run.project / "AGENTS.md").write_text("token-of-the-project\n")
    run.converse(one_turn(exec_command("c", "true")))
    request = json.dumps(run.model_requests[0], ensure_ascii=False)
    for token in ("token-of-the-repository grüße", "token-of-the-project"):
        expect(token in request, "model request", token, "not in it")


def _server_config(run: LiveRun) -> None:
    """The client asks for this machine's configuration of codex; a project that nobody trusts has no say in it."""
    (run.project / ".codex").mkdir()
    (run.project / ".codex" / "config.toml").write_text('[mcp_servers.untrusted]\ncommand = "false"\n')
    run.converse(one_turn(exec_command("c", "true")))
    reads = run.traffic.of_method("environmentConfig/read")
    expect(bool(reads), "environmentConfig/read", "at least one", "none")
    for read in reads:
        expect(read.reply is not None and read.error is None, "environmentConfig/read", "a result", read.error)
        answer = read.reply.payload.decode()
        expect("codexHomeDir" in answer and "untrusted" not in answer, "environmentConfig/read",
               "codexHomeDir, and no layer of the project", answer)


def _write_image(path: Path, size: int) -> bytes:
    """A PNG of 2x2 pixels and, behind its end, noise up to `size` bytes; 0: no noise."""
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * 2) * 2
    image = (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
             + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))
    content = (image + os.urandom(_MEBIBYTE) * (size // _MEBIBYTE))[:size] if size else image
    path.write_bytes(content)
    return content


def _view_image(size: int) -> Callable[[LiveRun], None]:
    def play(run: LiveRun) -> None:
        content = _write_image(run.project / "image.png", size)
        outputs = run.converse(one_turn(function_call("c", "view_image", {"path": str(run.project / "image.png")})))
        images = outputs["c"].image_urls
        expect_equal("images the model got", 1, len(images) or outputs["c"].text)
        head, _, data = images[0].partition(",")
        expect_equal("image", "data:image/png;base64", head)
        expect_same_bytes("image data", content, base64.b64decode(data))
        reads = [read for read in run.requests("fs/readFile") if read.params["path"].endswith("/image.png")]
        expect(bool(reads), "fs/readFile", "of image.png", "none")
        expect_same_bytes("bytes on the wire", content, base64.b64decode((reads[-1].result or {})["dataBase64"]))

    return play


def _view_image_refused(run: LiveRun) -> None:
    """No client can take a reply of 85 MiB: the server must say no, and the connection must live."""
    _write_image(run.project / "image.png", 64 * _MEBIBYTE)

    def conversation() -> Conversation:
        yield [function_call("c", "view_image", {"path": str(run.project / "image.png")})]
        yield [exec_command("d", "echo alive")]

    outputs = run.converse(conversation())
    expect_equal("images the model got", 0, len(outputs["c"].image_urls))
    reads = [read for read in run.traffic.of_method("fs/readFile") if read.params["path"].endswith("/image.png")]
    expect(len(reads) == 1 and reads[0].error is not None, "fs/readFile", "an error reply",
           [(read.error, read.reply and len(read.reply.payload)) for read in reads])
    expect("unable to read image" in outputs["c"].text, "tool output", "unable to read image …", outputs["c"].text)
    expect_equal("output", "alive\n", expect_exit(outputs["d"], 0))


SCENARIOS = (
    Scenario("apply_patch", _apply_patch),
    Scenario("apply_patch_fails", _apply_patch_fails),
    Scenario("agents_md", _agents_md),
    Scenario("server_config", _server_config, first=(0, 150)),
    Scenario("view_image", _view_image(0)),
    Scenario("view_image_1MiB", _view_image(_MEBIBYTE), record=False, record_reason="1 MiB of noise"),
    Scenario("view_image_44MiB", _view_image(44 * _MEBIBYTE), first=(0, 150),
             record=False, record_reason="44 MiB of noise"),
    Scenario("view_image_64MiB_refused", _view_image_refused, first=(0, 150),
             record=False, record_reason="64 MiB of noise"),
)
