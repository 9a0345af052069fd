"""`paned-conformance capture --upstream` as a user runs it: what it prints, how it ends, what is in the file then."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from capture.raw_peer import ACCEPTED, REQUEST, TEXT, connect, frame, read_all, read_exactly, server
from capture.tcp_proxy import Address

_PROGRAM = [sys.executable, "-B", str(Path(__file__).resolve().parent.parent / "paned-conformance"), "capture"]
_SECONDS = 60.0


def _echo(connection: socket.socket) -> None:
    read_exactly(connection, len(REQUEST))
    connection.sendall(ACCEPTED)
    while read_exactly(connection, len(_SAID)):
        connection.sendall(_ANSWER)


_SAID, _ANSWER = frame(TEXT, b'{"id":1}', masked=True), frame(TEXT, b'{"id":1,"result":{}}')


def _talk(address: Address, times: int) -> None:
    with connect(address) as client:
        client.sendall(REQUEST)
        assert read_exactly(client, len(ACCEPTED)) == ACCEPTED
        for _ in range(times):
            client.sendall(_SAID)
            assert read_exactly(client, len(_ANSWER)) == _ANSWER


@contextlib.contextmanager
def _capture(*words: str, largest_file: int | None = None) -> Iterator[tuple[subprocess.Popen[str], Address]]:
    """The running program, and where it listens."""
    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=limit) as process:
        try:
            assert process.stdout is not None
            url = urlsplit(process.stdout.readline().strip())
            assert url.scheme == "ws" and url.hostname and url.port, process.communicate()
            yield process, (url.hostname, url.port)
        finally:
            process.kill()


def _refused(*words: str) -> str:
    """What the program says when it does not start."""
    process = subprocess.run([*_PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=_SECONDS, check=False)
    assert (process.returncode, process.stdout) == (1, ""), process
    return process.stderr


class Relay(unittest.TestCase):
    """Recording between a client and a server."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "capture.jsonl"
        self.upstream = f"ws://{'%s:%d' % self.enterContext(server(_echo))}"

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def _check_end(self, number: signal.Signals) -> None:
        with _capture("--upstream", f"{self.upstream}/path", "--out", str(self.file)) as (process, address):
            _talk(address, 2)
            _talk(address, 1)
            with connect(address) as client:  # still open at the end
                client.sendall(REQUEST)
                self.assertEqual(ACCEPTED, read_exactly(client, len(ACCEPTED)))
                process.send_signal(number)
                out, err = process.communicate(timeout=_SECONDS)
        self.assertEqual((0, f"3 connections, 6 messages, {self.file} (complete)\n", ""), (process.returncode, out, err))
        self.assertEqual({0: "client", 1: "client", 2: "proxy"},
                         {line["conn"]: line["by"] for line in self._lines() if line.get("ev") == "close"})
        self.assertEqual([0, 0, 0, 0, 1, 1], sorted(line["conn"] for line in self._lines() if "dir" in line))

    def test_ends_with_sigint(self) -> None:
        self._check_end(signal.SIGINT)

    def test_ends_with_sigterm(self) -> None:
        self._check_end(signal.SIGTERM)

    def test_header_and_path(self) -> None:
        words = ("--upstream", f"{self.upstream}/path?a=b", "--out", str(self.file), "--root", "/tmp/../tmp/run", "--home",
                 "/home/me", "--client", "c 1", "--server", "s 2")
        with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            self.assertRegex(process.stdout.readline(), r"^ws://127\.0\.0\.1:\d+/path\?a=b$")
            process.terminate()
            process.communicate(timeout=_SECONDS)
        header = self._lines()[0]
        self.assertEqual(("recording", "/tmp/run", "/home/me", "c 1", "s 2"),
                         tuple(header[name] for name in ("ev", "root", "home", "client", "server")))

    def test_killed_leaves_what_was_said(self) -> None:
        with _capture("--upstream", self.upstream, "--out", str(self.file)) as (process, address):
            _talk(address, 5)
            with connect(address) as client:
                client.sendall(REQUEST + _SAID)
                self.assertEqual(ACCEPTED + _ANSWER, read_exactly(client, len(ACCEPTED + _ANSWER)))
                client.sendall(_SAID)  # the server's answer to it shows that the one before was recorded
                self.assertEqual(_ANSWER, read_exactly(client, len(_ANSWER)))
                process.kill()
                process.wait(_SECONDS)
        self.assertGreaterEqual(len([line for line in self._lines() if "text" in line]), 5 * 2 + 3)

    def test_full_disk(self) -> None:
        words = ("--upstream", self.upstream, "--out", str(self.file))
        with _capture(*words, largest_file=4096) as (process, address):
            _talk(address, 200)
            assert process.stderr is not None
            self.assertRegex(process.stderr.readline(), "recording stopped, .* not complete: OSError: .*File too large; the conn")
            _talk(address, 3)
            process.terminate()
            out, _ = process.communicate(timeout=_SECONDS)
        self.assertEqual(1, process.returncode)
        self.assertRegex(out, "^2 connections, [0-9]+ messages, .* \\(NOT COMPLETE: OSError: .*File too large\\)\n$")

    def test_a_server_that_goes_away(self) -> None:
        with contextlib.ExitStack() as servers:
            upstream = "ws://%s:%d" % servers.enter_context(server(_echo))
            with _capture("--upstream", upstream, "--out", str(self.file)) as (process, address):
                _talk(address, 1)
                servers.close()
                with connect(address) as client:
                    self.assertEqual(b"", read_all(client))
                process.terminate()
                out, _ = process.communicate(timeout=_SECONDS)
        self.assertEqual((0, f"2 connections, 2 messages, {self.file} (complete)\n"), (process.returncode, out))
        self.assertEqual([1], [line["conn"] for line in self._lines() if line.get("ev") == "unreachable"])

    def test_what_cannot_be_done(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            taken = "%s:%d" % listener.getsockname()
            out = str(self.file)
            self.assertIn("cannot listen on", _refused("--upstream", self.upstream, "--out", out, "--listen", taken))
        self.assertIn("no server there", _refused("--upstream", f"ws://{taken}", "--out", out))
        self.assertIn("encrypted", _refused("--upstream", "wss://localhost:1", "--out", out))
        self.assertIn("not a ws://", _refused("--upstream", "http://localhost:1", "--out", out))
        self.assertIn("Port", _refused("--upstream", "ws://localhost:99999", "--out", out))
        self.assertIn("not HOST:PORT", _refused("--upstream", self.upstream, "--out", out, "--listen", "here"))
        self.assertIn("No such file", _refused("--upstream", self.upstream, "--out", "/nowhere/there"))
        self.assertIn("No space left", _refused("--upstream", self.upstream, "--out", "/dev/full"))


if __name__ == "__main__":
    unittest.main()
