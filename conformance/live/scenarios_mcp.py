"""Scenarios: MCP servers that run behind the exec-server: as its child, and over HTTP through it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from live.mcp_server import SESSION, McpHttpServer, large_text
from live.model_server import Conversation, namespaced_call
from live.scenario import LiveRun, Scenario, expect, expect_equal
from live.traffic import Request

_STDIO, _HTTP = (0, 135), (0, 150)
_GOODBYE = "DELETE"  # ends the session of MCP
_LARGE = 600_000
_PROGRAM = Path(__file__).with_name("mcp_server.py")
_READY = "required=true,startup_timeout_sec=120"  # else codex asks the model before a slow server has named its tools
_TRUSTED = f'environment_id="remote",default_tools_approval_mode="approve",{_READY}'


def _conversation() -> Conversation:
    yield [namespaced_call("echo", "mcp__test", "echo", {"text": "grüße"})]
    yield [namespaced_call("back", "mcp__test", "ask_back", {})]
    yield [namespaced_call("large", "mcp__test", "large", {"bytes": _LARGE})]


def _play(run: LiveRun, server: str) -> None:
    """Calls the tools and checks what the model got."""
    outputs = run.converse(_conversation(), settings=(f"mcp_servers.test={{{server},{_TRUSTED}}}",
                                                      "tool_output_token_limit=1000000"))
    for call, wanted in (("echo", "echo: grüße"), ("back", "the client answered")):
        expect(wanted in outputs[call].text, f"tool output of {call}", wanted, outputs[call].text)
    text = outputs["large"].text.replace("\\n", "\n")  # 0.150 shows the result as JSON
    expect(large_text(_LARGE) in text, "tool output of large", f"{_LARGE} bytes of numbered lines",
           f"{len(text)} bytes … {text[:200]!r}")


def _mcp_stdio(run: LiveRun) -> None:
    """The exec-server runs it on pipes, and ends it with the session."""
    pid_file = run.root / "mcp.pid"
    _play(run, f'command="/usr/bin/python3",args=["-B","{_PROGRAM}","{pid_file}"],cwd="{run.project}"')
    start = next(request for request in run.requests("process/start") if str(_PROGRAM) in request.params["argv"])
    expect_equal("pipeStdin, tty", (True, False), (start.params["pipeStdin"], start.params["tty"]))
    name = start.params["processId"]
    statuses = {(write.result or {}).get("status") for write in run.requests("process/write")}
    expect_equal("statuses of process/write", {"accepted"}, statuses)
    expect(any(request.params["processId"] == name for request in run.requests("process/terminate")),
           "process/terminate", name, "none for the MCP server")
    said = run.started_process(str(_PROGRAM)).output()
    expect(large_text(_LARGE).replace("\n", "\\n").encode() in said, "output on the wire", "all of the large text", len(said))
    run.wait_until("end of the MCP server", lambda: not _is_running(int(pid_file.read_text())))


def _is_running(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@contextlib.contextmanager
def _http_server() -> Iterator[McpHttpServer]:
    server = McpHttpServer()
    try:
        yield server
    finally:
        server.close()


def _mcp_http(run: LiveRun) -> None:
    """Every request goes through the exec-server; bodies are streamed, not collected."""
    with _http_server() as server:
        run.remotes[0].spell(server.origin, "http://mcp.test")
        _play(run, f'url="{server.url}",http_headers={{"X-Test"="from-config"}}')
        calls = server.calls
        for name in ("initialize", "tools/list", "tools/call"):
            expect(any(call.rpc_method == name for call in calls), "requests of the MCP server", name,
                   [call.rpc_method for call in calls])
        expect_equal("X-Test of the requests", {"from-config"}, {call.headers.get("x-test") for call in calls})
        for call in calls:
            if call.rpc_method != "initialize":
                expect_equal(f"Mcp-Session-Id of {call.rpc_method}", SESSION, call.headers.get("mcp-session-id"))
        asked = [request.params["method"] for request in _http_requests(run)]
        expect_equal("requests on the wire", sorted(call.method for call in calls if call.method != _GOODBYE),
                     sorted(method for method in asked if method != _GOODBYE))
        run.wait_until("end of the open streams", lambda: server.streams_ended == server.streams_opened)
    _check_bodies(run)


def _http_requests(run: LiveRun) -> list[Request]:
    """All of them, answered. Only the goodbye at the end need not be: the client does not wait for its reply, and
    with the connection the request may go, too."""
    requests = run.traffic.of_method("http/request")
    expect(bool(requests), "requests http/request", "at least one", "none")
    for request in requests:
        if request.params["method"] != _GOODBYE or request.reply is not None:
            expect(request.result is not None, f"reply to http/request {request.params}", "a result", request.error)
    return requests


def _check_bodies(run: LiveRun) -> None:
    """Streamed bodies are numbered without gap, and a body that ended says so once."""
    bodies: dict[str, list[dict[str, object]]] = {}
    for notification in run.traffic.notified("http/request/bodyDelta"):
        bodies.setdefault(notification.params["requestId"], []).append(notification.params)
    streamed = {request.params["requestId"] for request in _http_requests(run) if request.params.get("streamResponse")}
    expect_equal("bodies of requests that were not made", set(), set(bodies) - streamed)
    for name, deltas in bodies.items():
        expect_equal(f"seq of {name}", list(range(1, len(deltas) + 1)), [delta["seq"] for delta in deltas])
        expect_equal(f"done before the end of {name}", [], [delta for delta in deltas[:-1] if delta["done"]])
        expect_equal(f"errors of {name}", [], [delta for delta in deltas if delta.get("error")])


SCENARIOS = (
    Scenario("mcp_stdio", _mcp_stdio, first=_STDIO,
             record=False, record_reason="the session starts a program of this suite"),
    Scenario("mcp_http", _mcp_http, first=_HTTP, methods=("http/request",)),
)
