"""The proxy must not change a byte, and the recorder must tell everything that went through it."""

from __future__ import annotations

import base64
import json
import resource
import socket
import tempfile
import threading
import unittest
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from capture.raw_peer import (
    ACCEPTED, BINARY, CLOSE, CONTINUATION, PING, PONG, REQUEST, TEXT, connect, frame, read_all, read_exactly, server)
from capture.recorder import Header, Recorder
from capture.tcp_proxy import TcpProxy

Line = dict[str, Any]
_LARGE = "grüße ".encode() * 400_000  # 3.2 MB


class _Talk:
    """What both ends got, and what was recorded."""

    def __init__(self, to_server: list[bytes], to_client: list[bytes], answer: bytes = ACCEPTED,
                 complain: Callable[[str], None] | None = None) -> None:
        """Each end sends these pieces by writes of their own, and says then that it will say no more."""
        self.complaints: list[str] = []
        received: list[bytes] = []
        done = threading.Event()

        def play(connection: socket.socket) -> None:
            head = read_exactly(connection, len(REQUEST))
            for piece in (answer, *to_client):
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            received.append(head + read_all(connection))
            done.set()

        with tempfile.TemporaryDirectory() as folder, server(play) as address:
            path = Path(folder) / "capture.jsonl"
            self.recorder = Recorder(path, Header("ws://test"), complain or self.complaints.append)
            proxy = TcpProxy(address, self.recorder)
            with connect(proxy.address) as client:
                client.sendall(REQUEST)
                self.client_got = read_exactly(client, len(answer))
                for piece in to_server:
                    client.sendall(piece)
                client.shutdown(socket.SHUT_WR)
                self.client_got += read_all(client)
            assert done.wait(30) and proxy.wait_until_ended(30)
            proxy.close()
            self.recorder.close()
            self.server_got = received[0]
            self.lines: list[Line] = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]

    def messages(self, direction: str) -> list[Line]:
        return [line for line in self.lines if line.get("dir") == direction and "ev" not in line]

    def events(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.get("ev") == name]


class ByteFaithful(unittest.TestCase):
    """Both ends get exactly what the other sent; the recording says what that was."""

    def _check(self, to_server: list[bytes], to_client: list[bytes]) -> _Talk:
        talk = _Talk(to_server, to_client)
        self.assertEqual(REQUEST + b"".join(to_server), talk.server_got)
        self.assertEqual(ACCEPTED + b"".join(to_client), talk.client_got)
        self.assertEqual(([], ""), (talk.complaints, talk.recorder.fault))
        return talk

    def test_text_is_kept_as_it_was_sent(self) -> None:
        odd = ' { "id" : 1.0, "b\\u00e4" : "\\/tmp" , "id" : 1 , "sep": "\u2028" } '
        talk = self._check([frame(TEXT, odd.encode(), masked=True)], [frame(TEXT, odd.encode())])
        self.assertEqual([odd, odd], [line["text"] for line in talk.messages("c2s") + talk.messages("s2c")])

    def test_a_byte_at_a_time(self) -> None:
        sent = frame(TEXT, b"one", masked=True) + frame(PING, b"p", masked=True) + frame(TEXT, b"", masked=True)
        talk = self._check([bytes([byte]) for byte in sent], [bytes([byte]) for byte in frame(TEXT, b"x" * 300)])
        self.assertEqual(["one", ""], [line["text"] for line in talk.messages("c2s")])
        self.assertEqual(["x" * 300], [line["text"] for line in talk.messages("s2c")])

    def test_fragments_with_control_frames_between(self) -> None:
        parts = [frame(TEXT, "gr".encode(), final=False), frame(PING, b"are you there"),
                 frame(CONTINUATION, "ü".encode()[:1], final=False), frame(PONG, b""),
                 frame(CONTINUATION, "ü".encode()[1:] + "ße".encode())]
        talk = self._check([], parts)
        self.assertEqual([("grüße", 3)], [(line["text"], line["frames"]) for line in talk.messages("s2c")])
        self.assertEqual(["are you there"], [line["text"] for line in talk.events("ping_frame")])
        self.assertEqual(1, len(talk.events("pong_frame")))

    def test_binary_and_what_is_no_text(self) -> None:
        talk = self._check([frame(BINARY, b"\0\xff", masked=True), frame(TEXT, b"a\xff", masked=True)], [])
        self.assertEqual([b"\0\xff", b"a\xff"], [base64.b64decode(line["base64"]) for line in talk.messages("c2s")])
        self.assertEqual([None, "not UTF-8: invalid start byte at byte 1"],
                         [line.get("invalid") for line in talk.messages("c2s")])

    def test_large_messages_both_ways_at_once(self) -> None:
        talk = self._check([frame(TEXT, _LARGE, masked=True)], [frame(TEXT, _LARGE), frame(TEXT, b"after")])
        self.assertEqual([_LARGE.decode()], [line["text"] for line in talk.messages("c2s")])
        self.assertEqual([_LARGE.decode(), "after"], [line["text"] for line in talk.messages("s2c")])

    def test_close_frames(self) -> None:
        talk = self._check([frame(CLOSE, b"", masked=True)], [frame(CLOSE, (4001).to_bytes(2, "big") + "tschüß".encode())])
        self.assertEqual({("c2s", None, ""), ("s2c", 4001, "tschüß")},
                         {(line["dir"], line["code"], line["text"]) for line in talk.events("close_frame")})
        self.assertEqual(1, len(talk.events("close")))

    def test_messages_that_come_with_the_head(self) -> None:
        talk = _Talk([], [], ACCEPTED + frame(TEXT, b"at once"))
        self.assertEqual(["at once"], [line["text"] for line in talk.messages("s2c")])

    def test_bytes_that_are_no_websocket(self) -> None:
        wrong = frame(TEXT, b"fine", masked=True) + b"\xb1 nonsense"
        talk = self._check([wrong, b"and more"], [b"\x81\x05cut"])
        self.assertEqual(["fine"], [line["text"] for line in talk.messages("c2s")])
        kept = {way: b"".join(base64.b64decode(line["base64"]) for line in talk.events("undecodable") if line["dir"] == way)
                for way in ("c2s", "s2c")}
        self.assertEqual({"c2s": b"\xb1 nonsenseand more", "s2c": b"\x81\x05cut"}, kept)
        self.assertEqual({"a frame with reserved bits that were not agreed on", "the connection ended within a message"},
                         {line["reason"] for line in talk.events("undecodable")})

    def test_compressed_messages(self) -> None:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = [deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH) for text in (b"a message", b"a message again")]
        answer = ACCEPTED[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        talk = _Talk([frame(TEXT, b"plain", masked=True)], [frame(TEXT, part[:-4], reserved=4) for part in packed], answer)
        self.assertEqual(["a message", "a message again"], [line["text"] for line in talk.messages("s2c")])
        self.assertEqual(["plain"], [line["text"] for line in talk.messages("c2s")])
        self.assertEqual([], talk.events("undecodable"))


    def test_the_client_answers_before_the_server_was_seen(self) -> None:
        """The proxy shows the server's bytes after it forwarded them: what the client says then may come here first."""
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = (deflate.compress(b"early") + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder) / "capture.jsonl", Header("ws://test"))
            recorder.from_client(0, REQUEST)
            recorder.from_client(0, frame(TEXT, packed, masked=True, reserved=4))
            recorder.from_server(0, ACCEPTED[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
            recorder.ended(0)
            recorder.close()
            lines = [json.loads(line) for line in recorder.path.read_text().splitlines()]
        self.assertEqual(["early"], [line["text"] for line in lines if "dir" in line])


class Told(unittest.TestCase):
    """What the file says about connections."""

    def test_a_refused_upgrade(self) -> None:
        answer = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=secret-realm\r\nContent-Length: 2\r\n\r\nno"
        talk = _Talk([], [], answer)
        self.assertEqual(answer, talk.client_got)
        self.assertEqual([(401, "Unauthorized")], [(line["status"], line["reason"]) for line in talk.events("refused")])
        self.assertEqual([b"no"], [base64.b64decode(line["base64"]) for line in talk.events("undecodable")])
        self.assertNotIn("secret", json.dumps(talk.lines))

    def test_names_of_headers_and_no_secret(self) -> None:
        talk = _Talk([], [])
        opened = talk.events("open")[0]
        self.assertEqual("/some/path?<…>", opened["url"])
        self.assertEqual("<…>", opened["headers"]["authorization"])
        self.assertEqual("websocket", opened["headers"]["upgrade"])
        self.assertNotIn("secret", json.dumps(talk.lines))
        self.assertEqual([101], [line["status"] for line in talk.events("upstream_open")])

    def test_half_open(self) -> None:
        """The client says no more, and still gets what the server says after that."""
        def play(connection: socket.socket) -> None:
            connection.sendall(ACCEPTED)
            read_all(connection)
            connection.sendall(frame(TEXT, b"late"))

        with tempfile.TemporaryDirectory() as folder, server(play) as address:
            path = Path(folder) / "capture.jsonl"
            recorder = Recorder(path, Header("ws://test"))
            proxy = TcpProxy(address, recorder)
            with connect(proxy.address) as client:
                client.sendall(REQUEST + frame(TEXT, b"last", masked=True))
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(ACCEPTED + frame(TEXT, b"late"), read_all(client))
            self.assertTrue(proxy.wait_until_ended(30))
            proxy.close()
            recorder.close()
            lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(["last", "late"], [line["text"] for line in lines if "dir" in line])
        self.assertEqual([("close", "client")], [(line["ev"], line["by"]) for line in lines if line.get("ev") == "close"])

    def test_a_connection_that_is_cut(self) -> None:
        def play(connection: socket.socket) -> None:
            connection.sendall(ACCEPTED)
            read_all(connection)

        with tempfile.TemporaryDirectory() as folder, server(play) as address:
            path = Path(folder) / "capture.jsonl"
            recorder = Recorder(path, Header("ws://test"))
            proxy = TcpProxy(address, recorder)
            with connect(proxy.address) as client:
                client.sendall(REQUEST)
                self.assertEqual(ACCEPTED, read_exactly(client, len(ACCEPTED)))
                proxy.cut()
                self.assertRaises(ConnectionResetError, client.recv, 1)
            self.assertTrue(proxy.wait_until_ended(30))
            proxy.close()
            recorder.close()
            self.assertEqual("network", json.loads(path.read_text().splitlines()[-1])["by"])

    def test_a_server_that_is_gone(self) -> None:
        with server(lambda connection: None) as address:
            pass
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "capture.jsonl"
            recorder = Recorder(path, Header("ws://test"))
            proxy = TcpProxy(address, recorder)
            with connect(proxy.address) as client:
                self.assertEqual(b"", read_all(client))
            proxy.close()
            recorder.close()
            last = json.loads(path.read_text().splitlines()[-1])
        self.assertEqual(("unreachable", 0, 1), (last["ev"], last["conn"], recorder.connections))
        self.assertIn("refused", last["reason"])


class DiskFull(unittest.TestCase):
    """The recording ends, and says so at once; the connection goes on."""

    def test_file_that_may_not_grow(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # Python ignores SIGXFSZ: writes fail with EFBIG
        try:
            talk = _Talk([frame(TEXT, b"x" * 6000, masked=True), frame(TEXT, b"y", masked=True)], [frame(TEXT, b"z" * 6000)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assertEqual(len(REQUEST) + 8 + 6000 + 7, len(talk.server_got))
        self.assertEqual(ACCEPTED + frame(TEXT, b"z" * 6000), talk.client_got)
        self.assertEqual(1, len(talk.complaints))
        self.assertIn("File too large", talk.complaints[0])
        self.assertIn("File too large", talk.recorder.fault)

    def test_full_device(self) -> None:
        self.assertRaises(OSError, Recorder, Path("/dev/full"), Header("ws://test"))


class Order(unittest.TestCase):
    """What an end says because of the other's words stands behind them in the recording."""

    def test_requests_behind_the_replies_they_wait_for(self) -> None:
        rounds = 300

        def answer(connection: socket.socket) -> None:
            read_exactly(connection, len(REQUEST))
            connection.sendall(ACCEPTED)
            for number in range(rounds):
                read_exactly(connection, len(frame(TEXT, b"%04d" % number, masked=True)))
                connection.sendall(frame(TEXT, b"%04d" % number))

        with tempfile.TemporaryDirectory() as folder, server(answer) as address:
            path = Path(folder) / "capture.jsonl"
            recorder = Recorder(path, Header("ws://test"))
            proxy = TcpProxy(address, recorder)
            with connect(proxy.address) as client:
                client.sendall(REQUEST)
                read_exactly(client, len(ACCEPTED))
                for number in range(rounds):
                    client.sendall(frame(TEXT, b"%04d" % number, masked=True))
                    read_exactly(client, len(frame(TEXT, b"%04d" % number)))
            self.assertTrue(proxy.wait_until_ended(30))
            proxy.close()
            recorder.close()
            said = [(line["dir"], line["text"]) for line in map(json.loads, path.read_text().splitlines()) if "text" in line]
        self.assertEqual([(end, f"{number:04}") for number in range(rounds) for end in ("c2s", "s2c")], said)


if __name__ == "__main__":
    unittest.main()
