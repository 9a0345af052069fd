"""The HTTP server that http/request cases talk to: says what it was sent, and misbehaves on request."""
from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import zlib
from urllib.parse import unquote

MAX_REDIRECTS_SERVED = 30


class HttpPeer:
    """Listens on a port of its own; one request per connection, and whole answers say so."""

    def __init__(self) -> None:
        self._server: asyncio.AbstractServer | None = None
        self.address = ""

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    async def stop(self) -> None:
        """Ends; running answers are cut off."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")[:-2]
            method, target, _ = lines[0].split(" ", 2)
            headers = [(name, rest[1:] if rest[:1] == " " else rest) for name, _, rest in
                       (line.partition(":") for line in lines[1:])]
            lengths = [value for name, value in headers if name.lower() == "content-length"]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            await self._answer(writer, method, target, headers, body)
            await writer.drain()
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, method: str, target: str, headers: list[tuple[str, str]],
                      body: bytes) -> None:
        name, _, rest = target.lstrip("/").partition("?")[0].partition("/")
        if name == "echo":
            digest = f"{len(body)} bytes, {hashlib.sha256(body).hexdigest()}"
            shown = body.decode("latin-1") if len(body) < 1000 else digest
            # Where Host stands and the case of names are of no meaning; /spelling shows them.
            hosts = [value for header, value in headers if header.lower() == "host"]
            others = [(header.lower(), value) for header, value in headers if header.lower() != "host"]
            seen = {"method": method, "target": target, "host": hosts, "headers": others, "body": shown}
            writer.write(_response(200, json.dumps(seen).encode(), ["content-type: application/json"]))
        elif name == "spelling":
            writer.write(_response(200, json.dumps([header for header, _ in headers]).encode()))
        elif name == "status":
            writer.write(_response(int(rest), b"" if rest in ("204", "304") else b"as asked"))
        elif name == "redirect":
            status, _, count = rest.partition("/")
            location = f"/redirect/{status}/{int(count) - 1}" if int(count) > 1 else "/echo?redirected"
            writer.write(_response(int(status), b"moved", [f"location: {location}"]))
        elif name == "redirect-to":
            writer.write(_response(302, b"moved", [f"location: {unquote(rest)}"]))
        elif name == "lose":
            writer.write(_response(302, b"no location"))
        else:
            await self._odd(writer, name, rest)

    async def _odd(self, writer: asyncio.StreamWriter, name: str, rest: str) -> None:
        fixed = {
            "repeated": _response(200, b"x", ["X-Case: One", "x-case: two", "Set-Cookie: a=1", "set-cookie: b=2"]),
            "latin": _response(200, b"x", ["x-latin: caf\xe9", "x-empty:", "x-blanks:   padded   "]),
            "gzip": _response(200, _gzip(b"squeezed"), ["content-encoding: gzip"]),
            "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
                       b"5\r\nhello\r\n1;ext=1\r\n \r\n"
                       b"5\r\nworld\r\n0\r\nx-trailer: 1\r\n\r\n",
            "no-length": b"HTTP/1.1 200 OK\r\nx-kind: until the end\r\n\r\nuntil the end",
            "old": b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.0",
            "truncated": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this",
            "bad-chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\noops",
            "no-last-chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "garbage": b"this is not HTTP\r\n\r\n",
            "nothing": b"",
            "half-head": b"HTTP/1.1 200 OK\r\ncontent-len",
            "continue": b"HTTP/1.1 100 Continue\r\n\r\n"
                        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nmore",
            "reason": b"HTTP/1.1 299 Own Words\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "two-lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        }
        if name == "big":
            writer.write(_response(200, b"0123456789abcdef" * (int(rest) // 16)))
        elif name == "slow":  # the head at once, the body in pieces
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n")
            for piece in (b"ab", b"cd", b"ef"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(float(rest))
        elif name == "late":  # nothing, for a while
            await asyncio.sleep(float(rest))
            writer.write(_response(200, b"late"))
        else:
            writer.write(fixed.get(name, _response(404, b"no such thing")))


def _response(status: int, body: bytes, headers: list[str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} As Asked", *(headers or []), f"content-length: {len(body)}", "connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _gzip(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return squeezer.compress(data) + squeezer.flush()
