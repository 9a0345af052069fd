"""Captures become cases: what is spelled anew, what is kept, what is refused.

The cases of `sessions/` are the large test of this (they are converted anew without a difference); here is what they
do not show.
"""

from __future__ import annotations

import base64
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from capture.convert import Outcome, convert
from capture.recorder import json_line
from capture.tree import read_tree
from replay.folder import load_case

_ROOT, _HOME = "/srv/one run/x", "/srv/one run/server/home"
_HEADER = {"ev": "recording", "root": _ROOT, "home": _HOME, "client": "codex 1", "server": "server 2", "date": "2026-01-02",
           "codex": "/opt/npm/vendor/linux"}
_OPEN = {"conn": 0, "ev": "open", "headers": {}}
_CLOSE = {"conn": 0, "ev": "close", "by": "client"}
Line = dict[str, Any]


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _said(direction: str, message: object, conn: int = 0) -> Line:
    return {"conn": conn, "dir": direction, "text": json.dumps(message)}


def _asked(number: int, method: str, params: object, result: object) -> list[Line]:
    return [_said("c2s", {"id": number, "method": method, "params": params}),
            _said("s2c", {"id": number, "result": result})]


def _start(number: int, name: str, *argv: str, **more: object) -> list[Line]:
    params = {"processId": name, "argv": list(argv), "cwd": f"file://{_ROOT.replace(' ', '%20')}", "env": {}, "tty": False}
    return _asked(number, "process/start", {**params, **more}, {"processId": name})


def _output(name: str, seq: int, text: str, stream: str = "stdout") -> Line:
    return _said("s2c", {"method": "process/output", "params": {
        "processId": name, "seq": seq, "stream": stream, "chunk": _b64(text)}})


class _Case(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.target = self.folder / "sessions" / "1.2.3" / "name"

    def convert(self, *lines: Line, header: Line | None = None, text: str = "") -> Outcome:
        path = self.folder / "1.2.3" / "name.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(map(json_line, [header or _HEADER, *lines])) + text, encoding="utf-8")
        return convert(path, self.folder / "sessions")

    def session(self, *lines: Line) -> list[Line]:
        self.assertEqual(Outcome("1.2.3/name"), self.convert(_OPEN, *lines, _CLOSE))
        return [json.loads(line) for line in (self.target / "session.jsonl").read_text(encoding="utf-8").splitlines()]

    def meta(self) -> Line:
        content: Line = json.loads((self.target / "meta.json").read_text(encoding="utf-8"))
        return content


class Spelled(_Case):
    """Paths of the machine."""

    def test_plain_encoded_and_in_base64(self) -> None:
        message = {"path": f"{_ROOT}/a", "uri": "file:///srv/one%20run/x/a", "home": _HOME, "above": "/srv/one run/other",
                   "longer": f"{_ROOT}yz {_ROOT}-1", "codex": "/opt/npm/vendor/linux/path", "end": f"in {_ROOT}.",
                   "dataBase64": _b64(f"<{_ROOT}>")}
        lines = self.session(*_asked(1, "some/method", message, {"dataBase64": _b64(f"HOME={_HOME}/x"), _ROOT: 1}))
        self.assertEqual({"path": "/tmp/ws/a", "uri": "file:///tmp/ws/a", "home": "/home/executor", "above": "/tmp/other",
                          "longer": "/tmp/xyz /tmp/x-1", "codex": "/opt/codex/path", "end": "in /tmp/ws.",
                          "dataBase64": _b64("</tmp/ws>")}, lines[1]["send"]["params"])
        self.assertEqual({"dataBase64": _b64("HOME=/home/executor/x"), "/tmp/ws": 1}, lines[2]["recv"]["result"])

    def test_argv_env_and_what_is_typed(self) -> None:
        lines = self.session(*_start(1, "p", "sh", "-c", f"ls {_ROOT}", env={"D": f"{_ROOT}:{_HOME}"}),
                             *_asked(2, "process/write", {"processId": "p", "chunk": _b64(f"cd {_ROOT}\n")}, {}))
        start, write = lines[1]["send"]["params"], lines[3]["send"]["params"]
        self.assertEqual(("ls /tmp/ws", "/tmp/ws:/home/executor"), (start["argv"][2], start["env"]["D"]))
        self.assertEqual(_b64("cd /tmp/ws\n"), write["chunk"])

    def test_a_path_in_two_pieces(self) -> None:
        """Other messages come between the pieces; those of another stream are not mixed in."""
        lines = self.session(*_start(1, "p", "sh"), _output("p", 1, "<" + _ROOT[:5]), _output("p", 2, "no", "stderr"),
                             _output("p", 3, _ROOT[5:] + ">"), _output("p", 4, f"{_ROOT}/b"))
        chunks = [(line["recv"]["params"]["stream"], base64.b64decode(line["recv"]["params"]["chunk"]).decode())
                  for line in lines if line.get("recv", {}).get("method") == "process/output"]
        self.assertEqual([("stdout", "</tmp/ws"), ("stderr", "no"), ("stdout", ">/tmp/ws/b")], chunks)

    def test_other_names(self) -> None:
        spelling = {"ev": "spelling", "here": "http://127.0.0.1:4711", "recorded": "http://mcp.test"}
        lines = self.session(spelling, *_asked(1, "http/request", {"url": "http://127.0.0.1:4711/mcp"},
                                               {"headers": [{"name": "date", "value": "now"}]}))
        self.assertEqual("http://mcp.test/mcp", lines[1]["send"]["params"]["url"])
        self.assertTrue(self.meta()["needs"]["mcpServer"])
        self.assertEqual(["http/request"], self.meta()["needs"]["methods"])

    def test_probes_above_the_run_folder(self) -> None:
        def probe(number: int, path: str, found: bool) -> list[Line]:
            reply = {"result": {"isDirectory": True}} if found else {"error": {"code": -32004, "message": "no"}}
            return [_said("c2s", {"id": number, "method": "fs/getMetadata", "params": {"path": path}}),
                    _said("s2c", {"id": number, **reply})]

        lines = self.session(*probe(1, "file:///srv/one%20run/.git", False), *probe(2, "/srv/.git", False),
                             *probe(3, "/.git", False), *probe(4, "/srv/one run", True), *probe(5, f"{_ROOT}/.git", False),
                             *probe(6, f"{_HOME}/.codex", False))
        self.assertEqual(["file:///tmp/ws/absent/.git", "/tmp/ws/absent/.git", "/.git", "/tmp", "/tmp/ws/.git",
                          "/home/executor/.codex"], [line["send"]["params"]["path"] for line in lines if "send" in line])
        self.assertEqual(["/.git"], self.meta()["needs"]["absent"])

    def test_sessions_are_bound(self) -> None:
        lines = self.session(*_asked(1, "initialize", {"resumeSessionId": None}, {"sessionId": "abc"}),
                             *_asked(2, "initialize", {"resumeSessionId": "abc"}, {"sessionId": "abc"}))
        self.assertEqual({"$bind": "session"}, lines[2]["recv"]["result"]["sessionId"])
        self.assertEqual({"$bound": "session"}, lines[3]["send"]["params"]["resumeSessionId"])


class Kept(_Case):
    """What a capture cannot tell."""

    _CASE = {"ev": "case", "description": "from the scenario", "files": {"project/a": {"kind": "file", "text": "a"}},
             "output": {"step": {"lines": ["A=*"], "exact": True}}, "pids": {"step": "pid=(\\d+)"},
             "awaits": ["fs/missingChanged"], "needs": {"root": True, "capabilities": ["fsWatchMissing", "shellSnapshotV2"]}}
    _VERDICT = {"ev": "verdict", "word": "PASS", "reason": "", "processes": {"step": "p"}}

    def test_facts_of_the_scenario(self) -> None:
        output = {"processId": "p", "seq": 1, "stream": "stdout", "chunk": _b64("pid=4711\n")}
        self.session(self._CASE, *_start(1, "p", "sh"), _said("s2c", {"method": "process/output", "params": output}),
                     self._VERDICT)
        meta = self.meta()
        self.assertEqual(("codex 1", "server 2", "2026-01-02", "from the scenario"),
                         tuple(meta[name] for name in ("client", "server", "recorded", "description")))
        self.assertEqual({"p": {"lines": ["A=*"], "exact": True}}, meta["output"])
        self.assertEqual(({"p": "pid=(\\d+)"}, ["fs/missingChanged"]), (meta["pids"], meta["awaits"]))
        self.assertTrue(meta["needs"]["root"])
        self.assertEqual(["shellSnapshotV2"], meta["needs"]["capabilities"])  # nothing here calls fs/watchMissing
        self.assertEqual({"project/a": {"kind": "file", "text": "a"}}, json.loads((self.target / "files.json").read_text()))
        self.assertEqual("name", load_case(self.target).folder.name)

    def test_what_people_wrote_stays(self) -> None:
        self.session(self._CASE, *_start(1, "p", "sh"), self._VERDICT)
        written = {**self.meta(), "description": "better", "output": {"p": {"lines": ["B"], "exact": False}},
                   "setup": [{"do": "git-commit-all", "path": "project"}]}
        (self.target / "meta.json").write_text(json.dumps(written))
        (self.target / "files.json").write_text('{"project/b": {"kind": "directory"}}')
        (self.target / "files").mkdir()
        self.session(self._CASE, *_start(1, "p", "sh"), self._VERDICT)
        self.assertEqual(written, self.meta())
        self.assertEqual(["project/b"], list(json.loads((self.target / "files.json").read_text())))
        self.assertTrue((self.target / "files").is_dir())

    def test_rules_of_another_recording_do_not_stay(self) -> None:
        self.session(self._CASE, *_start(1, "p", "sh"), self._VERDICT)
        self.session(self._CASE, *_start(1, "q", "sh"), {**self._VERDICT, "processes": {"step": "q"}})
        self.assertEqual(["q"], list(self.meta()["output"]))

    def test_tree(self) -> None:
        root = self.folder / "tree"
        (root / "a" / "empty").mkdir(parents=True)
        (root / "a" / "run").write_text("#!/bin/sh\n")
        (root / "a" / "run").chmod(0o755)
        (root / "a" / "bytes").write_bytes(b"\xff\0")
        (root / "a" / "link").symlink_to(root / "a" / "run")
        (root / "a" / "out").symlink_to("/etc/hostname")
        (root / "left").mkdir()
        entries = read_tree(root, (".",), ("left",))
        self.assertEqual({"a/empty": "directory", "a/run": "executable", "a/bytes": "packed", "a/link": "symlink",
                          "a/out": "symlink"}, {name: entry["kind"] for name, entry in entries.items()})
        self.assertEqual(("run", "/etc/hostname"), (entries["a/link"]["target"], entries["a/out"]["target"]))


    def test_programs(self) -> None:
        missing = _said("s2c", {"id": 3, "error": {"code": -32603, "message": "no such program"}})
        self.session({"ev": "case", "files": {"project/mine": {"kind": "executable", "text": ""}}},
                     *_start(1, "p", f"{_ROOT}/arg0/codex-linux-sandbox"), *_start(2, "q", f"{_ROOT}/project/mine"),
                     _start(3, "r", f"{_ROOT}/project/none")[0], missing)
        self.assertEqual(["/tmp/ws/arg0/codex-linux-sandbox"], self.meta()["needs"]["programs"])


class Refused(_Case):
    """No case is better than one that means something else."""

    def _check(self, reason: str, *lines: Line, **more: Any) -> None:
        outcome = self.convert(*lines, **more)
        self.assertIn(reason, outcome.reason)
        self.assertFalse(self.target.exists())

    def test_a_request_that_was_never_answered(self) -> None:
        asked = _said("c2s", {"id": 1, "method": "fs/walk", "params": {}})
        self._check("line 3: fs/walk (id 1) was never answered", _OPEN, asked, *_asked(2, "fs/close", {}, {}), _CLOSE)
        self._check("was never answered", _OPEN, asked, {**_CLOSE, "by": "server"})

    def test_a_client_that_left_did_not_wait(self) -> None:
        lines = self.session(*_asked(1, "fs/close", {}, {}), _said("c2s", {"id": 2, "method": "fs/close", "params": {}}))
        self.assertEqual(["open", "send", "recv", "send", "drop"], [list(line)[1] for line in lines])

    def test_messages_that_are_none(self) -> None:
        self._check("no text (binary)", _OPEN, {"conn": 0, "dir": "c2s", "base64": "AA=="}, _CLOSE)
        self._check("no text (not UTF-8)", _OPEN, {"conn": 0, "dir": "c2s", "base64": "AA==", "invalid": "not UTF-8"})
        self._check("line 3: a message that is no JSON", _OPEN, {"conn": 0, "dir": "c2s", "text": "{"}, _CLOSE)
        self._check("no WebSocket message (reserved bits)", _OPEN, {
            "conn": 0, "ev": "undecodable", "dir": "c2s", "reason": "reserved bits", "base64": "AA=="}, _CLOSE)
        self._check("a reply to id 7, which was not asked", _OPEN, *_asked(1, "a/b", {}, {}), _said("s2c", {"id": 7}))
        self._check("not what the protocol says", _OPEN, *_asked(1, "process/start", {}, {}), _CLOSE)

    def test_a_refused_upgrade(self) -> None:
        self._check("the server refused the upgrade (401 Unauthorized)", _OPEN, {
            "conn": 0, "ev": "refused", "status": 401, "reason": "Unauthorized", "headers": {}}, _CLOSE)

    def test_nothing_was_said(self) -> None:
        self._check("the client said nothing", _OPEN, _CLOSE)

    def test_a_scenario_that_failed(self) -> None:
        self._check("its scenario did not pass: FAIL wrong output", _OPEN, *_asked(1, "a/b", {}, {}), _CLOSE,
                    {"ev": "verdict", "word": "FAIL", "reason": "wrong output"})

    def test_no_root(self) -> None:
        self._check('names no "root"', _OPEN, *_asked(1, "a/b", {}, {}), _CLOSE, header={**_HEADER, "root": None})

    def test_paths_that_cannot_be_told_apart(self) -> None:
        for told in ({"x": "/opt/npm/vendor/linux-old"}, {"dataBase64": _b64("/opt/npm/vendor/linux-old")}):
            self._check("'/opt/npm/vendor/linux', a path of the recording machine", _OPEN, *_asked(1, "a/b", told, {}), _CLOSE)
        self._check("its files name", {"ev": "case", "files": {"a": {"kind": "file", "text": f"cd {_ROOT}"}}}, _OPEN,
                    *_asked(1, "a/b", {}, {}), _CLOSE)

    def test_too_long(self) -> None:
        noise = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(150_000))
        self._check("more than 1000000", _OPEN, *_asked(1, "a/b", {"x": noise}, {}), _CLOSE)

    def test_a_rule_for_a_process_that_never_was(self) -> None:
        self._check("is about step, which was never started", {"ev": "case", "files": {}, "pids": {"step": "(1)"}}, _OPEN,
                    *_asked(1, "a/b", {}, {}), _CLOSE)

    def test_damage(self) -> None:
        self._check("line 2 is not JSON", text="{\n{}\n")

    def test_cut_off_last_line_of_a_killed_recorder(self) -> None:
        outcome = self.convert(_OPEN, *_asked(1, "a/b", {}, {}), text='{"t_ms":1,"conn":0,"dir":"c2s","te')
        self.assertEqual(Outcome("1.2.3/name"), outcome)


if __name__ == "__main__":
    unittest.main()
