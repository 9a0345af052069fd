"""A scripted model behind the OpenAI responses API, on loopback.

The real codex CLI asks a model what to do.  Here a generator plays the model: it yields the output
items of one turn (tool calls) and is sent the tool outputs codex returned.  When the generator ends,
the model says "done" and codex exits.  One server serves one codex process.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class ToolOutput:
    """What codex returned to the model for one call."""

    text: str
    image_urls: tuple[str, ...] = ()

    @staticmethod
    def from_item(item: JsonObject) -> ToolOutput:
        """Reads a `*_call_output` item; its output is a string or a list of content parts."""
        output = item.get("output")
        if isinstance(output, str):
            return ToolOutput(output)
        parts = output if isinstance(output, list) else []
        text = "".join(part.get("text", "") for part in parts)
        urls = tuple(part["image_url"] for part in parts if part.get("type") == "input_image")
        return ToolOutput(text, urls)


ToolOutputs = dict[str, ToolOutput]  # by call_id, of all turns so far
Conversation = Generator[list[JsonObject], ToolOutputs, None]


def function_call(call_id: str, name: str, arguments: JsonObject) -> JsonObject:
    """An output item that calls a function tool."""
    return {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name,
            "arguments": json.dumps(arguments)}


def namespaced_call(call_id: str, namespace: str, name: str, arguments: JsonObject) -> JsonObject:
    """An output item that calls a function tool of a namespace, as the tools of an MCP server are."""
    return {**function_call(call_id, name, arguments), "namespace": namespace}


def custom_tool_call(call_id: str, name: str, text: str) -> JsonObject:
    """An output item that calls a freeform tool."""
    return {"type": "custom_tool_call", "id": f"ctc_{call_id}", "call_id": call_id, "name": name,
            "input": text, "status": "completed"}


def assistant_message(text: str) -> JsonObject:
    """An output item with the model's closing words."""
    return {"type": "message", "id": "msg_done", "role": "assistant",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}


class ModelServer:
    """Serves POST /v1/responses from a conversation; remembers requests and tool outputs."""

    def __init__(self, conversation: Conversation) -> None:
        self.requests: list[JsonObject] = []
        self.outputs: ToolOutputs = {}
        self.error: Exception | None = None  # what the conversation raised
        self.finished = False  # the conversation was played to its end
        self._conversation = conversation
        self._lock = threading.Lock()
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.model = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """The provider's base_url for codex."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        """Stops serving."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: JsonObject) -> Iterator[JsonObject]:
        """The SSE events of the next turn."""
        with self._lock:
            items = self._next_turn(request)
            response = {"id": f"resp_{len(self.requests)}", "object": "response", "output": []}
        yield {"type": "response.created", "response": response}
        for index, item in enumerate(items):
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1,
                 "output_tokens_details": None, "total_tokens": 2}
        yield {"type": "response.completed", "response": {**response, "usage": usage}}

    def _next_turn(self, request: JsonObject) -> list[JsonObject]:
        first = not self.requests
        self.requests.append(request)
        for item in request.get("input", []):
            if str(item.get("type", "")).endswith("_call_output"):
                self.outputs[item["call_id"]] = ToolOutput.from_item(item)
        if not self.finished and self.error is None:
            try:
                return next(self._conversation) if first else self._conversation.send(self.outputs)
            except StopIteration:
                self.finished = True
            except Exception as error:  # for the verdict; codex must come to its end, not hang
                self.error = error
        return [assistant_message("done")]


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def do_POST(self) -> None:  # noqa: N802 (name given by http.server)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/responses"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in self.server.model.answer(json.loads(body)):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (signature of the base)
        """Quiet: the runner prints the verdicts."""
