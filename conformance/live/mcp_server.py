#!/usr/bin/python3
"""A small MCP server for the scenarios: over stdio as a program, over streamable HTTP inside the test.

Tools: `echo` returns its text; `large` returns `bytes` bytes; `ask_back` asks the client for a ping and answers
only when the client has replied: over HTTP that is possible only if the first part of the body
reaches the client while the rest has not been written.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JsonObject = dict[str, Any]

SESSION = "mcp-session-of-the-test"
_PROTOCOL = "2025-06-18"
_PING_ID = "ping-of-the-test"
_ANSWER_SECONDS = 30.0
_TEXT = {"type": "string"}
_TOOLS = [
    {"name": "echo", "description": "Returns its text.",
     "inputSchema": {"type": "object", "properties": {"text": _TEXT}, "required": ["text"]}},
    {"name": "large", "description": "Returns many bytes.",
     "inputSchema": {"type": "object", "properties": {"bytes": {"type": "integer"}}, "required": ["bytes"]}},
    {"name": "ask_back", "description": "Pings the client first.", "inputSchema": {"type": "object", "properties": {}}},
]


def large_text(size: int) -> str:
    """What the tool `large` returns: numbered lines, so that a lost or doubled piece shows."""
    return "".join(f"{number:07}\n" for number in range(size // 8 + 1))[:size]


class McpSession:
    """The protocol behind both transports."""

    def __init__(self) -> None:
        self._answered = threading.Event()

    def answer(self, message: JsonObject, send: Callable[[JsonObject], None]) -> JsonObject | None:
        """The reply to a message of the client, None when it gets none; `send` takes what goes out before it."""
        if "method" not in message:
            if message.get("id") == _PING_ID:
                self._answered.set()
            return None
        if "id" not in message:
            return None
        result = self._result(message["method"], message.get("params") or {}, send)
        if result is None:
            return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no such method"}}
        return {"jsonrpc": "2.0", "id": message["id"], "result": result}

    def _result(self, method: str, params: JsonObject, send: Callable[[JsonObject], None]) -> JsonObject | None:
        if method == "initialize":
            return {"protocolVersion": params.get("protocolVersion", _PROTOCOL), "capabilities": {"tools": {}},
                    "serverInfo": {"name": "test", "version": "1"}}
        if method == "ping":
            return {}
        if method == "tools/list":
            return {"tools": _TOOLS}
        if method == "tools/call":
            return {"content": [{"type": "text", "text": self._call(params["name"], params.get("arguments") or {}, send)}]}
        return None

    def _call(self, name: str, arguments: JsonObject, send: Callable[[JsonObject], None]) -> str:
        if name == "echo":
            return f"echo: {arguments['text']}"
        if name == "large":
            return large_text(arguments["bytes"])
        send({"jsonrpc": "2.0", "id": _PING_ID, "method": "ping"})
        return "the client answered" if self._answered.wait(_ANSWER_SECONDS) else "no answer came"


@dataclass(frozen=True)
class HttpCall:
    """One request the HTTP transport got."""

    method: str
    rpc_method: str
    headers: dict[str, str]  # names in lower case


class McpHttpServer:
    """Serves POST (JSON or SSE), GET (an SSE stream that stays open) and DELETE on one path."""

    def __init__(self) -> None:
        self.calls: list[HttpCall] = []
        self.streams_opened = 0
        self.streams_ended = 0  # by the other side
        self.session = McpSession()
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        """The `url` of the server in codex's configuration."""
        return f"{self.origin}/mcp"

    def close(self) -> None:
        """Stops serving."""
        self._http.shutdown()
        self._http.server_close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    owner: McpHttpServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def do_POST(self) -> None:  # noqa: N802 (names given by http.server)
        message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._note(message.get("method", "reply"))
        if message.get("method") == "tools/call":
            self._begin_stream()
            reply = self.server.owner.session.answer(message, self._send_event)
            assert reply is not None
            self._send_event(reply)
            self._send_chunk(b"")
            return
        reply = self.server.owner.session.answer(message, lambda _: None)
        if reply is None:
            self._send_plain(202, b"")
        else:
            self._send_plain(200, json.dumps(reply).encode())

    def do_GET(self) -> None:  # noqa: N802
        """Stays open until the other side is gone."""
        self._note("stream")
        self._begin_stream()
        self._send_chunk(b": open\n\n")
        self.server.owner.streams_opened += 1
        with contextlib.suppress(OSError):
            while self.connection.recv(1024):
                pass
        self.server.owner.streams_ended += 1
        self.close_connection = True

    def do_DELETE(self) -> None:  # noqa: N802
        self._note("end")
        with contextlib.suppress(BrokenPipeError):  # the client does not wait for it
            self._send_plain(200, b"")

    def _note(self, rpc_method: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.owner.calls.append(HttpCall(self.command, rpc_method, headers))

    def _send_plain(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Mcp-Session-Id", SESSION)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _begin_stream(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Mcp-Session-Id", SESSION)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send_event(self, message: JsonObject) -> None:
        """The event in two pieces: a message may be cut anywhere."""
        event = f"event: message\ndata: {json.dumps(message)}\n\n".encode()
        for piece in (event[:len(event) // 2], event[len(event) // 2:]):
            self._send_chunk(piece)

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (signature of the base)
        """Quiet: the runner prints the verdicts."""


def serve_stdio(pid_file: str) -> None:
    """One JSON message a line, until stdin ends."""
    with open(pid_file, "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    session, lock = McpSession(), threading.Lock()

    def send(message: JsonObject) -> None:
        with lock:
            sys.stdout.write(json.dumps(message) + "\n")
            sys.stdout.flush()

    def answer(message: JsonObject) -> None:
        if (reply := session.answer(message, send)) is not None:
            send(reply)

    for line in sys.stdin:
        threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    serve_stdio(sys.argv[1])
