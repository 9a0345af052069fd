"""What client and server said to each other, and the process output the client was given.

codex truncates what it shows the model, so whether output was lost or doubled is judged here, from the
messages on the wire.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from capture.websocket_decoder import Message, WebSocketDecoder

JsonObject = dict[str, Any]


@dataclass
class Request:
    """One request of the client and the reply to it."""

    connection: int
    method: str
    params: JsonObject
    result: JsonObject | None = None
    error: JsonObject | None = None
    reply: Message | None = None


@dataclass(frozen=True)
class Notification:
    """One notification of the server."""

    connection: int
    method: str
    params: JsonObject


@dataclass(frozen=True)
class Chunk:
    """One piece of output, as it last reached the client."""

    connection: int
    data: bytes


@dataclass
class Process:
    """The client's view of a process: its output by sequence number.

    A client older than 0.150 takes output from replies to process/read only (the notifications just wake
    it), a newer one from both; `notified` and `read` keep the two apart.
    """

    argv: list[str]
    notified: dict[int, Chunk] = field(default_factory=dict)
    read: dict[int, Chunk] = field(default_factory=dict)
    received_bytes: int = 0  # everything that came, repetitions included
    faults: list[str] = field(default_factory=list)  # what a server must never send, though a client may cope

    def output(self, with_notifications: bool = True) -> bytes:
        """All output in the order of the sequence numbers, each number once."""
        chunks = {**self.notified, **self.read} if with_notifications else self.read
        return b"".join(chunks[seq].data for seq in sorted(chunks))

    def add_notified(self, seq: int, chunk: Chunk) -> None:
        """Notes a chunk of a process/output."""
        known = self.notified.get(seq)
        if known is not None and known.connection == chunk.connection:
            self.faults.append(f"seq {seq} was notified twice")
        self._add(self.notified, seq, chunk)

    def add_read(self, seq: int, chunk: Chunk) -> None:
        """Notes a chunk of a reply to process/read."""
        self._add(self.read, seq, chunk)

    def _add(self, into: dict[int, Chunk], seq: int, chunk: Chunk) -> None:
        self.received_bytes += len(chunk.data)
        known = self.notified.get(seq) or self.read.get(seq)
        if known is not None and known.data != chunk.data:
            self.faults.append(f"seq {seq} had {len(known.data)} bytes, then {len(chunk.data)} other bytes")
        into[seq] = chunk

    def forget_undelivered(self, after_seq: int, connection: int) -> None:
        """A client that resumes says what it has: chunks behind that which an older connection carried
        were lost with it, and count only if they come again."""
        for chunks in (self.notified, self.read):
            for seq in [s for s, chunk in chunks.items() if s > after_seq and chunk.connection < connection]:
                del chunks[seq]


class Traffic:
    """The proxy's observer.  Every public member may be used from any thread."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.notifications: list[Notification] = []
        self._unreadable: list[str] = []  # messages that are not what the protocol says
        self.processes: dict[str, Process] = {}
        self._decoders: dict[tuple[int, bool], WebSocketDecoder] = {}
        self._pending: dict[tuple[int, Any], Request] = {}
        self._lock = threading.RLock()  # conditions given to when() look in here again
        self._trigger: tuple[Callable[[], bool], Callable[[], None]] | None = None

    def from_client(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer."""
        with self._lock:
            for message in self._decode(connection, False, data):
                self._note(self._client_message, connection, message)

    def from_server(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer."""

    def at_client(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer: what counts here is what the client was given."""
        with self._lock:
            for message in self._decode(connection, True, data):
                self._note(self._server_message, connection, message)
            if self._trigger is not None and self._trigger[0]():
                action, self._trigger = self._trigger[1], None
                action()

    def finished(self, connection: int, by: str) -> None:
        """See tcp_proxy.Observer."""

    def ended(self, connection: int) -> None:
        """See tcp_proxy.Observer."""

    def unreachable(self, connection: int, error: OSError) -> None:
        """See tcp_proxy.Observer."""

    def when(self, condition: Callable[[], bool], action: Callable[[], None]) -> None:
        """Runs `action` once, in the proxy's thread, at the first server bytes which make `condition` true."""
        with self._lock:
            self._trigger = (condition, action)

    def process(self, marker: str) -> Process | None:
        """The process whose command line contains `marker`."""
        with self._lock:
            found = [p for p in self.processes.values() if any(marker in word for word in p.argv)]
            return found[0] if found else None

    def process_id(self, command: str) -> str:
        """The name of the process whose last argument is `command`; "" if there is none."""
        with self._lock:
            return next((name for name, process in self.processes.items() if process.argv[-1] == command), "")

    def repeated_process_id(self) -> str:
        """A name the client gave to a second process though the server still knew the first; "" if there is none."""
        names: set[str] = set()
        for start in self.of_method("process/start"):
            if start.params["processId"] in names and start.error is not None:
                return str(start.params["processId"])
            names.add(start.params["processId"])
        return ""

    def faults(self) -> list[str]:
        """Everything that came and should not have."""
        with self._lock:
            return self._unreadable + [fault for process in self.processes.values() for fault in process.faults]

    def unanswered(self) -> list[Request]:
        """All requests that have no reply."""
        with self._lock:
            return [request for request in self.requests if request.reply is None]

    def of_method(self, method: str) -> list[Request]:
        """All requests with this method."""
        with self._lock:
            return [request for request in self.requests if request.method == method]

    def notified(self, method: str) -> list[Notification]:
        """All notifications with this method."""
        with self._lock:
            return [notification for notification in self.notifications if notification.method == method]

    def capabilities(self) -> JsonObject:
        """What the server announced in its first reply to initialize."""
        for request in self.of_method("initialize"):
            return ((request.result or {}).get("environmentInfo") or {}).get("capabilities") or {}
        return {}

    def http_heads(self, from_server: bool) -> list[str]:
        """The HTTP heads of the upgrades, in the order of the connections: requests, or the server's answers."""
        with self._lock:
            return [decoder.head.data.decode(errors="replace") if decoder.head else ""
                    for (_, from_here), decoder in sorted(self._decoders.items()) if from_here == from_server]

    def _decode(self, connection: int, from_server: bool, data: bytes) -> list[Message]:
        decoder = self._decoders.setdefault((connection, from_server), WebSocketDecoder())
        return [event for event in decoder.feed(data) if isinstance(event, Message)]

    def _note(self, take: Callable[[int, Message], None], connection: int, message: Message) -> None:
        try:
            take(connection, message)
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # must not stop the proxy
            self._unreadable.append(f"{type(error).__name__} {error}: {message.payload[:200]!r}")

    def _client_message(self, connection: int, raw: Message) -> None:
        message = json.loads(raw.payload)
        if "id" not in message or "method" not in message:
            return
        request = Request(connection, message["method"], message.get("params") or {})
        self.requests.append(request)
        self._pending[(connection, message["id"])] = request
        if request.method == "process/start":
            self.processes[request.params["processId"]] = Process(request.params["argv"])
        if request.method == "process/read" and (process := self._process_of(request.params)):
            process.forget_undelivered(request.params.get("afterSeq") or 0, connection)

    def _server_message(self, connection: int, raw: Message) -> None:
        message = json.loads(raw.payload)
        if "method" in message and "id" not in message:
            self.notifications.append(Notification(connection, message["method"], message.get("params") or {}))
        if message.get("method") == "process/output":
            params = message["params"]
            if process := self._process_of(params):
                process.add_notified(params["seq"], _chunk(connection, params))
            return
        request = self._pending.pop((connection, message.get("id")), None)
        if request is None:
            return
        request.result, request.error, request.reply = message.get("result"), message.get("error"), raw
        if request.method == "process/read" and (process := self._process_of(request.params)):
            for piece in (request.result or {}).get("chunks", []):
                process.add_read(piece["seq"], _chunk(connection, piece))

    def _process_of(self, params: JsonObject) -> Process | None:
        return self.processes.get(params.get("processId", ""))


def _chunk(connection: int, piece: JsonObject) -> Chunk:
    return Chunk(connection, base64.b64decode(piece["chunk"]))
