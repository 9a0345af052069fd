"""Stands between any client and any server, and records: `paned-conformance capture --upstream URL --out FILE`.

Exists so that a session of a client that nobody here can start becomes a case: point the client at the URL printed.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from capture.recorder import Header, Recorder
from capture.tcp_proxy import Address, TcpProxy

_PROBE_SECONDS = 10.0
_LAST_WORDS_SECONDS = 5.0


class _Unusable(Exception):
    """What was asked for cannot be done; the text says why."""


@dataclass(frozen=True)
class Notes:
    """What the user tells convert about the session; see capture.recorder.Header."""

    root: str | None
    home: str | None
    client: str | None
    server: str | None


def record(upstream: str, listen: str, out: Path, notes: Notes) -> int:
    """Records until SIGINT or SIGTERM; the exit code."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before threads start: they inherit it, and sigwait() sees both
    try:
        target, path = _target(upstream)
        host_port = _address(listen, "--listen")
        _probe(target, upstream)
        recorder = _recorder(out, Header(upstream, _absolute(notes.root), _absolute(notes.home), notes.client, notes.server))
        proxy = _proxy(target, recorder, host_port)
    except _Unusable as error:
        print(f"paned-conformance capture: {error}", file=sys.stderr)
        return 1
    print(f"ws://{_joined(proxy.address)}{path}", flush=True)
    signal.sigwait(signals)
    proxy.close()
    proxy.wait_until_ended(_LAST_WORDS_SECONDS)  # what was forwarded is to be in the file
    recorder.close()
    state = f"NOT COMPLETE: {recorder.fault}" if recorder.fault else "complete"
    print(f"{proxy.connections} connections, {recorder.messages} messages, {out} ({state})", flush=True)
    return 1 if recorder.fault else 0


def _target(url: str) -> tuple[Address, str]:
    parts = urlsplit(url)
    if parts.scheme == "wss":
        raise _Unusable(f"{url}: wss:// cannot be recorded, its bytes are encrypted end to end; record before the TLS "
                        "proxy, at its ws:// side")
    try:
        port = parts.port
    except ValueError as error:
        raise _Unusable(f"{url}: {error}") from error
    if parts.scheme != "ws" or not parts.hostname:
        raise _Unusable(f"{url}: not a ws://HOST:PORT[/path] URL")
    query = f"?{parts.query}" if parts.query else ""
    return (parts.hostname, port or 80), f"{parts.path}{query}"


def _address(text: str, option: str) -> Address:
    host, mark, port = text.rpartition(":")
    if not mark or not port.isdigit() or int(port) > 65535:
        raise _Unusable(f"{option} {text}: not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _probe(target: Address, url: str) -> None:
    """A wrong URL is told now, and not to the first client."""
    try:
        socket.create_connection(target, timeout=_PROBE_SECONDS).close()
    except OSError as error:
        raise _Unusable(f"{url}: no server there: {error}") from error


def _recorder(out: Path, header: Header) -> Recorder:
    try:
        return Recorder(out, header)
    except OSError as error:
        raise _Unusable(f"cannot write {out}: {error.strerror or error}") from error


def _proxy(target: Address, recorder: Recorder, listen: Address) -> TcpProxy:
    try:
        return TcpProxy(target, recorder, listen=listen)
    except OSError as error:
        recorder.close()
        raise _Unusable(f"cannot listen on {_joined(listen)}: {error.strerror or error}") from error


def _absolute(path: str | None) -> str | None:
    return os.path.realpath(path) if path else None


def _joined(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
