"""A TCP proxy that counts connections and cuts them on demand.

It sits between a client and a server.  codex repairs a broken conversation silently, by a new connection; only a
count shows it.  The proxy knows nothing of WebSockets: bytes go through as they come, and observers are shown them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Protocol

Address = tuple[str, int]

_ANY_PORT: Address = ("127.0.0.1", 0)
_CONNECT_SECONDS = 10.0
_RECEIVE_SIZE = 65536
_LINGER_RESET = struct.pack("ii", 1, 0)  # close() sends RST and throws away what is unsent
_CUT_SECONDS = 10.0  # until the pumps have let go; they do at once, unless the machine is overloaded


class Observer(Protocol):
    """Sees the bytes of every connection, numbered from 0 in the order of acceptance.

    Bytes are shown before they are forwarded: what one end says because of them is always seen behind them.  Called from
    the proxy's threads.
    """

    def from_client(self, connection: int, data: bytes) -> None: ...

    def from_server(self, connection: int, data: bytes) -> None: ...

    def at_client(self, connection: int, data: bytes) -> None:
        """Bytes of the server that have been handed to the client; its next request may have been shown before."""

    def finished(self, connection: int, by: str) -> None:
        """`by` says no more, "client" or "server"; the other end still may.  "network": cut(); "proxy": close()."""

    def ended(self, connection: int) -> None: ...

    def unreachable(self, connection: int, error: OSError) -> None:
        """The server could not be reached; the client was turned away."""


class TcpProxy:
    """Forwards connections made to `address` to `target`."""

    def __init__(self, target: Address, *observers: Observer, listen: Address = _ANY_PORT) -> None:
        self.connections = 0  # accepted so far
        self._target = target
        self._observers = observers
        self._lock = threading.Condition()
        self._live: list[_Pair] = []
        self._open_gate = threading.Event()
        self._open_gate.set()
        self._closed = False
        family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        self._listener = socket.create_server(listen, family=family)
        self.address: Address = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, hold: bool = False) -> list[_Pair]:
        """Resets every connection, both ways, soon.  With `hold`, new ones are not forwarded until release()."""
        if hold:
            self._open_gate.clear()
        with self._lock:
            pairs = list(self._live)
        for pair in pairs:
            pair.reset("network")
        return pairs

    def cut_now(self) -> None:
        """As cut(), but the resets are sent when it returns.  Not to be called by an observer, who may be in the way."""
        pairs = self.cut()
        with self._lock:
            self._lock.wait_for(lambda: not any(pair in self._live for pair in pairs), _CUT_SECONDS)

    def release(self) -> None:
        """Forwards the connections held since cut(hold=True)."""
        self._open_gate.set()

    def wait_until_ended(self, seconds: float) -> bool:
        """Whether all connections came to their end within this time."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._live, seconds)

    def close(self) -> None:
        """Stops listening and resets what is left."""
        self._closed = True
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        self.release()
        with self._lock:
            pairs = list(self._live)
        for pair in pairs:
            pair.reset("proxy")

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            self._open_gate.wait()
            try:
                server = socket.create_connection(self._target, timeout=_CONNECT_SECONDS)
            except OSError as error:
                for observer in self._observers:
                    observer.unreachable(number, error)
                client.close()  # as a server that is gone: the client sees the end at once
                continue
            server.settimeout(None)
            pair = _Pair(number, client, server, self._observers, self._forget)
            with self._lock:
                self._live.append(pair)
            pair.start()
            if self._closed:
                pair.reset("proxy")

    def _forget(self, pair: _Pair) -> None:
        with self._lock:
            self._live.remove(pair)
            self._lock.notify_all()


class _Pair:
    """One forwarded connection: two pumps; the last one out closes both sockets."""

    def __init__(self, number: int, client: socket.socket, server: socket.socket, observers: tuple[Observer, ...],
                 ended: Callable[[_Pair], None]) -> None:
        self._number = number
        self._client = client
        self._server = server
        self._observers = observers
        self._ended = ended
        self._reset_by = ""  # not "": it is to be reset, or was
        self._pumps = 2
        self._lock = threading.Lock()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for pump in (self._pump_client, self._pump_server):
            threading.Thread(target=self._run, args=(pump,), daemon=True).start()

    def reset(self, by: str) -> None:
        """Both ends get RST as soon as the pumps have let go of the sockets."""
        with self._lock:
            self._reset_by = self._reset_by or by
            if self._pumps == 0:
                return
            for end in (self._client, self._server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RD)  # wakes a blocked recv(), sends nothing

    def _pump_client(self) -> None:
        while data := self._receive(self._client, "client"):
            for observer in self._observers:
                observer.from_client(self._number, data)
            self._send(self._server, data, "server")
        self._pass_end_on("client", self._server)

    def _pump_server(self) -> None:
        while data := self._receive(self._server, "server"):
            for observer in self._observers:
                observer.from_server(self._number, data)
            self._send(self._client, data, "client")
            for observer in self._observers:
                observer.at_client(self._number, data)
        self._pass_end_on("server", self._client)

    def _receive(self, end: socket.socket, name: str) -> bytes:
        """The next bytes; none when the end said its last, or the connection is to be reset."""
        if self._reset_by:
            return b""
        try:
            return end.recv(_RECEIVE_SIZE)
        except OSError:
            self._tell_finished(name)
            raise

    def _send(self, end: socket.socket, data: bytes, name: str) -> None:
        try:
            end.sendall(data)
        except OSError:
            self._tell_finished(name)
            raise

    def _pass_end_on(self, name: str, other: socket.socket) -> None:
        self._tell_finished(name)
        if not self._reset_by:
            other.shutdown(socket.SHUT_WR)

    def _tell_finished(self, name: str) -> None:
        for observer in self._observers:
            observer.finished(self._number, self._reset_by or name)

    def _run(self, pump: Callable[[], None]) -> None:
        try:
            pump()
        except OSError:
            self.reset("network")  # an end that vanished takes the other one with it
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._pumps -= 1
            if self._pumps:
                return
            for end in (self._client, self._server):
                if self._reset_by:
                    with contextlib.suppress(OSError):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
                end.close()
        for observer in self._observers:
            observer.ended(self._number)
        self._ended(self)
