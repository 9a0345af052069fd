"""The command line as people use it: exit codes, sums, and what is said of a server that cannot be tested."""
from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import websockets

from replay.own_case import DROP, HELLO, came, life, sent
from replay.self_test import write_case
from report.results import load_results

PROGRAM = Path(__file__).resolve().parent.parent / "paned-conformance"
NO_FILE = {"code": -32004, "message": "No such file or directory (os error 2)"}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """paned-conformance run WORDS."""
    return subprocess.run([str(PROGRAM), "run", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=120)


@contextlib.contextmanager
def server(answers: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The URL of a server that answers each method so, and others with -32601."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    urls: list[str] = []

    async def talk(connection: Any, _path: str) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                message = json.loads(await connection.recv())
                if "id" in message:
                    unknown = {"error": {"code": -32601, "message": "no such method"}}
                    await connection.send(json.dumps({"id": message["id"], **answers.get(message["method"], unknown)}))

    async def serve() -> None:
        async with websockets.serve(talk, "127.0.0.1", 0) as listening:
            urls.append(f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
            ready.set()
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


class WrongUsage(unittest.TestCase):
    """Exit status 2."""

    def check(self, wanted: str, *words: str) -> None:
        """It says so."""
        with self.subTest(words):
            done = run(*words)
            self.assertEqual(2, done.returncode)
            self.assertIn(wanted, done.stderr)
            self.assertEqual("", done.stdout)

    def test_servers(self) -> None:
        self.check("one server is needed")
        self.check("one server is needed", "ws://127.0.0.1:1", "--paned", "x")
        self.check("wss://127.0.0.1:1: TLS is not spoken here", "wss://127.0.0.1:1")
        self.check("http://127.0.0.1:1: a URL like ws://127.0.0.1:9000 is expected", "http://127.0.0.1:1")
        self.check("no URL: Port could not be cast", "ws://127.0.0.1:port")

    def test_selection(self) -> None:
        self.check("no sessions of version 9.9; there are 0.120.0, ", "ws://127.0.0.1:1", "--version", "9.9")
        self.check("no case matches 'nothing*'; there are agents_", "ws://127.0.0.1:1", "--case", "nothing*")
        self.check("/nowhere: no folder VERSION/CASE there", "ws://127.0.0.1:1", "--sessions", "/nowhere")

    def test_numbers(self) -> None:
        self.check("a positive number is expected", "ws://127.0.0.1:1", "--jobs", "0")
        self.check('a number or "all" is expected', "ws://127.0.0.1:1", "--transcript", "some")


class UnusableServer(unittest.TestCase):
    """One message, exit status 1."""

    def check(self, wanted: str, *words: str) -> None:
        """It says so once."""
        done = run(*words)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn(wanted, done.stderr)
        self.assertLess(len(done.stderr.splitlines()), 4)

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.check("Connect call failed", f"ws://127.0.0.1:{port}")

    def test_no_websocket(self) -> None:
        class Refusing(BaseHTTPRequestHandler):
            """A web server."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # pylint: disable=invalid-name
                """Answers every request."""
                self.send_error(404)

            def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
                """Says nothing."""

        with HTTPServer(("127.0.0.1", 0), Refusing) as web:
            thread = threading.Thread(target=web.serve_forever)
            thread.start()
            try:
                self.check("answered with HTTP status 404, so no exec-server listens there",
                           f"ws://127.0.0.1:{web.server_port}")
            finally:
                web.shutdown()
                thread.join()

    def test_no_http(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as plain:
            def greet() -> None:
                connection = plain.accept()[0]
                connection.recv(4096)
                connection.sendall(b"220 mail.test ESMTP\r\n")
                connection.close()
            thread = threading.Thread(target=greet, daemon=True)  # waits for a client, if none comes for ever
            thread.start()
            self.check("whatever listens there is no WebSocket server", f"ws://127.0.0.1:{plain.getsockname()[1]}")

    def test_other_files(self) -> None:
        with server({"initialize": {"result": {"sessionId": "s"}}, "fs/readFile": {"error": NO_FILE}}) as url:
            self.check("which was made here: No such file or directory", url)
            self.check("share a folder at the same path and name it in TMPDIR", url)

    def test_no_program(self) -> None:
        self.check("/nowhere/paned is no program that can be started here", "--paned", "/nowhere/paned")
        self.check("the server ended without printing its URL", "--start", "true")


class Verdicts(unittest.TestCase):
    """Lines, sums, exit codes and the file of results."""

    WALK = [*HELLO, sent(2, "fs/walk", {"path": "/"}), came(2, {"entries": 7}), DROP]

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sessions = Path(folder.name)

    def play(self, *words: str, walk: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
        """Against a server with this answer to fs/walk."""
        with server({"initialize": {"result": {"sessionId": "s"}}, "fs/readFile": {"result": {}},
                     "process/terminate": {"result": {"running": False}},
                     **({"fs/walk": walk} if walk else {})}) as url:
            return run(url, "--sessions", str(self.sessions), *words)

    def test_pass(self) -> None:
        write_case(self.sessions / "1.0" / "walk", self.WALK)
        results = self.sessions / "results.json"
        done = self.play("--json", str(results), "--server-name", "mine", walk={"result": {"entries": 7}})
        self.assertRegex(done.stdout, r"^PASS 1.0/walk \(\d+\.\d\)\n0 not offered, 0 deviate\n1 passed, 0 failed, 0 skipped\n$")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        written = load_results(results)
        self.assertEqual(("replay", "mine"), (written.suite, written.server["name"]))
        self.assertEqual(("test", "walk", "pass", {"fs/walk": "pass", "initialize": "pass"}), (
            written.cases[0].client, written.cases[0].case, written.cases[0].verdict, written.cases[0].methods))

    def test_fail(self) -> None:
        write_case(self.sessions / "1.0" / "walk", self.WALK)
        done = self.play(walk={"result": {"entries": 8}})
        self.assertEqual(1, done.returncode)
        self.assertIn(" frame 5: reply to fs/walk (id 2): result.entries: expected 7, came 8\n", done.stdout)
        self.assertIn('\n  -    "entries": 7\n  +    "entries": 8\n', done.stdout)
        self.assertTrue(done.stdout.endswith("\n0 not offered, 0 deviate\n0 passed, 1 failed, 0 skipped\n"))

    def test_fail_of_an_output(self) -> None:
        write_case(self.sessions / "1.0" / "loud", [*HELLO, *life("p", "x", 2), DROP])
        with server({"initialize": {"result": {"sessionId": "s"}}, "fs/readFile": {"result": {}},
                     "process/start": {"result": {"processId": "p"}}}) as url:
            done = run(url, "--sessions", str(self.sessions), "--idle", "0.5")
        self.assertIn("note: recorded commands run in login shells", done.stdout)
        self.assertTrue(done.stdout.endswith("\n0 passed, 1 failed, 0 skipped\n"))

    def test_deviates(self) -> None:
        write_case(self.sessions / "1.0" / "time", [
            *HELLO, sent(2, "fs/walk", {}), came(2, {"createdAtMs": 0}), DROP], allow=["created-at"])
        done = self.play(walk={"result": {"createdAtMs": 1234}})
        self.assertRegex(done.stdout, r"^DEVIATES 1.0/time \(\d+\.\d\) created-at \(fs/walk\)\n"
                                      r"0 not offered, 1 deviate\n1 passed, 0 failed, 0 skipped\n$")
        self.assertEqual(0, done.returncode)

    def test_not_offered(self) -> None:
        write_case(self.sessions / "1.0" / "walk", self.WALK, needs={"methods": ["fs/walk"]})
        done = self.play()
        self.assertIn("NOT-OFFERED 1.0/walk", done.stdout)
        self.assertTrue(done.stdout.endswith("\n1 not offered, 0 deviate\n0 passed, 0 failed, 0 skipped\n"))
        self.assertEqual(77, done.returncode)

    def test_skipped(self) -> None:
        write_case(self.sessions / "1.0" / "home", [*HELLO, DROP], serverHome={"a": {"kind": "directory"}})
        done = self.play()
        self.assertRegex(done.stdout, r"^SKIP 1.0/home \(\d+\.\d\) the home of this server is not known\n0 not offered")
        self.assertEqual(77, done.returncode)

    def test_bad_case_beside_good_ones(self) -> None:
        for name in ("a", "c"):
            write_case(self.sessions / "1.0" / name, self.WALK)
        (self.sessions / "1.0" / "b").mkdir()
        done = self.play("--jobs", "3", walk={"result": {"entries": 7}})
        self.assertEqual(["PASS 1.0/a", "FAIL 1.0/b", "PASS 1.0/c"], [
            " ".join(line.split()[:2]) for line in done.stdout.splitlines()[:3]])
        self.assertIn("FAIL 1.0/b (0.0) bad case: meta.json is missing\n", done.stdout)
        self.assertTrue(done.stdout.endswith("\n2 passed, 1 failed, 0 skipped\n"))

    def test_list(self) -> None:
        write_case(self.sessions / "1.0" / "walk", self.WALK)
        done = run("--list", "--sessions", str(self.sessions))
        self.assertEqual(["1.0/walk", "made", "by", "the", "self-test"], done.stdout.split())

    def test_root_network_tmux(self) -> None:
        write_case(self.sessions / "1.0" / "walk", self.WALK, needs={"tmux": True, "network": True})
        done = self.play(walk={"result": {"entries": 7}})
        self.assertIn(done.returncode, (0, 77), done.stdout)


if __name__ == "__main__":
    unittest.main()
