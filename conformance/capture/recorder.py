"""Writes what client and server say to each other to a capture file, line by line, as it happens.

Why it exists: what goes through the proxy is recorded beside it, exactly as it was sent, so that a recording can be
replayed, and made into a case, later.  The file format is described in README.md.  A fault of the recorder (a full
disk) ends the recording, loudly, and never the connection that is recorded.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from capture.websocket_decoder import Control, Event, Head, Message, Unreadable, WebSocketDecoder

Line = dict[str, Any]
HIDDEN = "<…>"
# Headers whose values tell how the upgrade was made and cannot hold a secret; of all others only the name is kept.
_SHOWN_HEADERS = frozenset({"connection", "upgrade", "sec-websocket-version", "sec-websocket-extensions",
                            "sec-websocket-protocol", "user-agent", "content-type", "content-length"})
_SEPARATORS_OF_LINES = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # for readers that split there


def json_line(value: Any) -> str:
    """One line of JSON; no reader of text files finds a further line end in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _SEPARATORS_OF_LINES.items():
        text = text.replace(character, escape)
    return text + "\n"


@dataclass(frozen=True)
class Header:
    """The first line: what convert has to know about the machine; None: not known."""

    upstream: str
    root: str | None = None
    home: str | None = None
    client: str | None = None
    server: str | None = None
    codex: str | None = None  # folder of the codex install

    def line(self) -> Line:
        """As it is written."""
        return {"ev": "recording", **vars(self), "date": time.strftime("%Y-%m-%d", time.gmtime())}


@dataclass
class _Connection:
    decoders: dict[bool, WebSocketDecoder] = field(default_factory=lambda: {True: WebSocketDecoder(),
                                                                            False: WebSocketDecoder()})
    held: list[bytes] = field(default_factory=list)  # client bytes whose meaning the server's head decides
    first_to_finish: str | None = None

    def waits_for_server(self) -> bool:
        """Whether the client has asked for the upgrade, and the answer was not seen yet."""
        return self.decoders[True].head is not None and self.decoders[False].head is None


class Recorder:
    """The proxy's observer that writes the file; may be used from any thread.  Raises OSError when made, only."""

    def __init__(self, path: Path, header: Header, complain: Callable[[str], None] | None = None) -> None:
        self.path = path
        self.connections = 0
        self.messages = 0
        self.fault = ""  # why the recording is not complete
        self._complain = complain or (lambda text: print(text, file=sys.stderr, flush=True))
        self._start = time.monotonic()
        self._lock = threading.RLock()
        self._open: dict[int, _Connection] = {}
        self._file: TextIO | None = path.open("w", encoding="utf-8", newline="\n")
        try:
            self._write(header.line())
        except OSError:
            self._abandon_file()
            raise

    def from_client(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer."""
        self._guarded(lambda: self._note_bytes(connection, True, data))

    def from_server(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer."""
        self._guarded(lambda: self._note_bytes(connection, False, data))

    def at_client(self, connection: int, data: bytes) -> None:
        """See tcp_proxy.Observer."""

    def finished(self, connection: int, by: str) -> None:
        """See tcp_proxy.Observer."""
        self._guarded(lambda: self._note_finished(connection, by))

    def ended(self, connection: int) -> None:
        """See tcp_proxy.Observer."""
        self._guarded(lambda: self._note_end(connection, "network"))

    def unreachable(self, connection: int, error: OSError) -> None:
        """See tcp_proxy.Observer."""
        self._guarded(lambda: self._note_unreachable(connection, error))

    def note(self, event: str, **members: Any) -> None:
        """Adds an event that no connection brought."""
        self._guarded(lambda: self._add({"ev": event, **members}))

    def spell(self, here: str, recorded: str) -> None:
        """Tells convert that `here` is to be spelled `recorded`."""
        self.note("spelling", here=here, recorded=recorded)

    def close(self) -> None:
        """Ends the file; what comes later is not recorded."""
        self._guarded(self._end_file)

    def _guarded(self, write: Callable[[], None]) -> None:
        """Whatever goes wrong here must not reach the proxy: it would cut the connection."""
        with self._lock:
            if self._file is None:
                return
            try:
                write()
            except Exception as error:
                self.fault = f"{type(error).__name__}: {error}"
                self._abandon_file()
                self._complain(f"recording stopped, {self.path} is not complete: {self.fault}; the connections go on")

    def _abandon_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass  # the buffer could not be written; that was said already

    def _end_file(self) -> None:
        for connection in list(self._open):
            self._note_end(connection, "recorder")
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _connection(self, connection: int) -> _Connection:
        if connection not in self._open:
            self.connections += 1
            self._open[connection] = _Connection()
        return self._open[connection]

    def _note_bytes(self, connection: int, from_client: bool, data: bytes) -> None:
        known = self._connection(connection)
        if from_client and known.waits_for_server():
            known.held.append(data)  # the server's answer has been forwarded, and comes here next
            return
        for event in known.decoders[from_client].feed(data):
            self._note_event(connection, known, from_client, event)
            if isinstance(event, Head) and not from_client:
                self._release_held(connection, known)

    def _release_held(self, connection: int, known: _Connection) -> None:
        held, known.held = b"".join(known.held), []
        for event in known.decoders[True].feed(held):
            self._note_event(connection, known, True, event)

    def _note_event(self, connection: int, known: _Connection, from_client: bool, event: Event) -> None:
        direction = "c2s" if from_client else "s2c"
        if isinstance(event, Head):
            self._note_head(connection, known, from_client, event)
        elif isinstance(event, Message):
            self.messages += 1
            frames = {"frames": event.frames} if event.frames > 1 else {}
            self._add({"conn": connection, "dir": direction, **_content(event), **frames})
        elif isinstance(event, Control):
            code = {"code": event.code} if event.kind == "close" else {}
            self._add({"conn": connection, "ev": f"{event.kind}_frame", "dir": direction, **code, **_text(event.payload)})
        else:
            self._note_unreadable(connection, direction, event)

    def _note_head(self, connection: int, known: _Connection, from_client: bool, head: Head) -> None:
        first, second, third = head.words()
        headers = {name: value if name in _SHOWN_HEADERS else HIDDEN for name, value in head.headers()}
        if from_client:
            self._add({"conn": connection, "ev": "open", "url": _without_query(second), "headers": headers})
            return
        accepted = second == "101"
        self._add({"conn": connection, "ev": "upstream_open" if accepted else "refused",
                   "status": int(second) if second.isdigit() else second, "reason": third, "headers": headers})
        if accepted:
            known.decoders[True].agree(head, "client")
        else:
            for left in known.decoders[True].give_up("the upgrade was refused"):
                self._note_event(connection, known, True, left)

    def _note_unreadable(self, connection: int, direction: str, event: Unreadable) -> None:
        if event.data:
            self._add({"conn": connection, "ev": "undecodable", "dir": direction, "reason": event.reason,
                       "base64": base64.b64encode(event.data).decode()})

    def _note_finished(self, connection: int, by: str) -> None:
        known = self._connection(connection)
        known.first_to_finish = known.first_to_finish or by

    def _note_end(self, connection: int, by: str) -> None:
        known = self._open.pop(connection, None)
        if known is None:
            return
        self._release_held(connection, known)
        for from_client, decoder in known.decoders.items():
            for event in decoder.finish():
                self._note_event(connection, known, from_client, event)
        self._add({"conn": connection, "ev": "close", "by": known.first_to_finish or by})

    def _note_unreachable(self, connection: int, error: OSError) -> None:
        self._connection(connection)
        del self._open[connection]
        self._add({"conn": connection, "ev": "unreachable", "reason": str(error)})

    def _add(self, line: Line) -> None:
        self._write({"t_ms": int((time.monotonic() - self._start) * 1000), **line})

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json_line(line))
        self._file.flush()


def _without_query(path: str) -> str:
    """A token may stand in the query."""
    bare, mark, _ = path.partition("?")
    return f"{bare}?{HIDDEN}" if mark else bare


def _content(message: Message) -> Line:
    if message.is_text:
        return _text(message.payload)
    return {"base64": base64.b64encode(message.payload).decode()}


def _text(payload: bytes) -> Line:
    """As text where it is text; a text message that is not UTF-8 keeps its bytes."""
    try:
        return {"text": payload.decode("utf-8")}
    except UnicodeDecodeError as error:
        return {"base64": base64.b64encode(payload).decode(), "invalid": f"not UTF-8: {error.reason} at byte {error.start}"}
