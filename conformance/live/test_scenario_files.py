"""Scenario files: those that are there can be read, and mistakes in one are told with file, key and what is expected."""

from __future__ import annotations

import base64
import re
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

from live import catalog, scenario_file
from live.model_server import ToolOutput
from live.scenario import Mismatch, shown_output
from live.scenario_file import ScenarioFile
from live.scenario_step import Step
from live.step_checks import check_step
from live.toml_table import BadScenario
from live.traffic import Request, Traffic
from live.workspace import check_files

_GOOD = 'description = "d"\n[[step]]\nname = "a"\nrun = "true"\nexit = 0\n'
_STEP = 'description = "d"\n[[step]]\n'
_SECOND = f'{_GOOD}[[step]]\n'

_MISTAKES = (  # what is wrong, the file, what must be said
    ("no TOML", "a = = 1", "x.toml: not TOML"),
    ("no description", _GOOD.replace("description", "#"), "x.toml: description: missing; a string is expected"),
    ("wrong type", _GOOD.replace('"d"', "1"), "x.toml: description: a string is expected, not 1"),
    ("misspelt key", _GOOD + "exits = 1\n", "x.toml: step 1.exits: unknown key; known are .*exit"),
    ("misspelt key at the top", "descripton = ''\n" + _GOOD, "x.toml: descripton: unknown key"),
    ("no step", 'description = "d"\n', r"x.toml: step: at least one \[\[step\]\] is expected"),
    ("step without action", _STEP + "exit = 0\n", "x.toml: step 1: exactly one of run, write, .*not none"),
    ("step with two actions", _STEP + 'run = "a"\npatch = "b"\nexit = 0\n', "x.toml: step 1: exactly one of .* not run and patch"),
    ("no expectation", _STEP + 'run = "a"\n', "x.toml: step 1.exit: one of exit, running, fails is expected"),
    ("two expectations", _STEP + 'run = "a"\nexit = 0\nrunning = true\n', "x.toml: step 1.exit: only one of"),
    ("a tool without expectation", _STEP + 'tool = "t"\n', "x.toml: step 1.output_matches: what the tool returns is expected"),
    ("unknown command", _STEP + 'write = "a"\nto = "b"\n', "x.toml: step 1.to: the name of an earlier run step is expected, not 'b'"),
    ("name twice", _SECOND + 'name = "a"\nrun = "b"\nexit = 0\n', "x.toml: step 2.name: a name .* that no earlier step has"),
    ("equal commands", _SECOND + 'run = "true"\nexit = 0\n', "x.toml: step 2.run: two equal commands"),
    ("no regex", _STEP + 'run = "a"\nexit = 0\noutput_matches = "("\n', "x.toml: step 1.output_matches: not a regular expression"),
    ("capture without group", _STEP + 'run = "a"\nexit = 0\ncapture = { p = "pid" }\n', "x.toml: step 1.capture: one regex with exactly one group"),
    ("no hex", _STEP + 'run = "a"\nexit = 0\nwire_hex = "xy"\n', "x.toml: step 1.wire_hex: hexadecimal digits are expected"),
    ("together at first", _STEP + 'run = "a"\nexit = 0\ntogether = true\n', "x.toml: step 1.together: the first step cannot have it"),
    ("unknown kind", _GOOD + '[files]\n"a" = { kind = "door" }\n', "x.toml: files.a.kind: 'door' is none of file, directory"),
    ("path outside", _GOOD + '[files]\n"../a" = ""\n', "x.toml: files.../a: a path below the run folder is expected"),
    ("text missing", _GOOD + '[files]\n"a" = { kind = "file" }\n', "x.toml: files.a.text: missing"),
    ("unknown event", _GOOD + '[[event]]\ndo = "burn"\nof = "a"\nwhen_output = "x"\n', "x.toml: event 1.do: 'burn' is none of cut"),
    ("event of nothing", _GOOD + '[[event]]\ndo = "cut"\nof = "b"\nwhen_output = "x"\n', "x.toml: event 1.of: the name of a run step is expected, not 'b'"),
    ("hold without end", _GOOD + '[[event]]\ndo = "hold"\nof = "a"\nwhen_output = "x"\n', "x.toml: event 1.until_file: a file is expected"),
    ("no version", 'first = "new"\n' + _GOOD, "x.toml: first: a version such as 0.169.0 is expected, not 'new'"),
    ("not recorded, but why", "record = false\n" + _GOOD, "x.toml: record_reason: missing"),
    ("ended, but not captured", _GOOD + '[expect]\nended = ["p"]\n', "x.toml: expect.ended: 'p' is not captured"),
    ("count is no number", _GOOD + '[expect]\nrequest_counts = { "initialize" = "1" }\n', "x.toml: expect.request_counts.initialize: a whole number"),
    ("unknown need", _GOOD + "[needs]\ntti = true\n", "x.toml: needs.tti: unknown key; known are .*tty"),
    ("program without path", _GOOD + '[needs]\nprograms = ["git"]\n', "x.toml: needs.programs: an absolute path is expected, not 'git'"),
    ("rule for nothing", _GOOD + "[output.b]\nlines = []\n", "x.toml: output.b: not the name of a run step"),
)


def _read(text: str, name: str = "x") -> ScenarioFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return scenario_file.load(path)


class ScenarioFiles(unittest.TestCase):
    def test_mistakes_are_told(self) -> None:
        for what, text, said in _MISTAKES:
            with self.subTest(what), self.assertRaises(BadScenario) as caught:
                _read(text)
            with self.subTest(what):
                self.assertIsNotNone(re.search(f"^{said}", str(caught.exception)), str(caught.exception))

    def test_name_of_the_file(self) -> None:
        with self.assertRaises(BadScenario):
            _read(_GOOD, "Not-A-Name")

    def test_content(self) -> None:
        data = _read('first = "0.150.1"\nrecord = false\nrecord_reason = "why"\n' + _GOOD
                     + 'capture = { pid = \'(\\d+)\' }\n[files]\n"a" = "text"\n"b" = { kind = "file", hex = "ff" }\n'
                     '"c" = { kind = "file", text = "ab", times = 2 }\n[server.home]\n"d" = ""\n')
        self.assertEqual((0, 150, 1), data.first)
        self.assertEqual((False, "why", True), (data.record, data.record_reason, data.own_server))
        self.assertEqual({"kind": "file", "text": "text"}, data.files["a"])
        self.assertEqual("packed", data.files["b"]["kind"])
        self.assertEqual({"kind": "file", "text": "abab"}, data.files["c"])
        self.assertEqual({"d": {"kind": "file", "text": ""}}, data.server_home)
        self.assertEqual({"a": r"(\d+)"}, data.pids)
        self.assertEqual((0,), data.steps[0].exits)

    def test_all_files_can_be_read(self) -> None:
        names = [scenario.name for scenario in catalog.all_scenarios()]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(scenario_file.load_all()), 40)


@dataclass(frozen=True)
class _Came:
    """A run that is over, for check_step."""

    text: str = "Process exited with code 0\nOutput:\nout\n"
    bytes_on_wire: bytes = b"out\n"
    images: tuple[str, ...] = ()

    def fill(self, text: str) -> str:
        return text.replace("{here}", "out")

    def returned(self, step: Step) -> ToolOutput | None:
        return ToolOutput(self.text, self.images) if self.text else None

    def shown(self, step: Step) -> str:
        return shown_output(ToolOutput(self.text))

    def wire(self, step: Step) -> bytes:
        return self.bytes_on_wire

    def file_bytes(self, path: str) -> bytes:
        return b"image"


_RUNS = "Process running with session ID 7\nOutput:\nout\n"
_IMAGE = ("data:image/png;base64," + base64.b64encode(b"image").decode(),)
_CHECKS = (  # the step, what may come, what may not
    ('run = "c"\nexit = 0\n', _Came(), _Came("Process exited with code 1\nOutput:\nout\n")),
    ('run = "c"\nexit = [1, 2]\n', _Came("Process exited with code 2\nOutput:\n"), _Came()),
    ('run = "c"\nexit = 0\n', _Came(), _Came(_RUNS)),
    ('run = "c"\nexit = 0\n', _Came(), _Came("")),
    ('run = "c"\nrunning = true\n', _Came(_RUNS), _Came()),
    ('run = "c"\nfails = "no .*folder"\n', _Came("there is no such folder"), _Came("something else")),
    ('run = "c"\nfails = "."\n', _Came("cannot"), _Came()),
    ('run = "c"\nexit = 0\noutput = "{here}\\n"\n', _Came(), _Came("Process exited with code 0\nOutput:\nout")),
    ('run = "c"\nexit = 0\noutput_matches = "^o"\n', _Came(), _Came("Process exited with code 0\nOutput:\nno\n")),
    ('run = "c"\nexit = 0\noutput_lines = ["b", "a"]\n', _Came("Process exited with code 0\nOutput:\na\nb\n"), _Came()),
    ('run = "c"\nexit = 0\nwire = "out\\n"\n', _Came(), _Came(bytes_on_wire=b"out\r\n")),
    ('run = "c"\nexit = 0\nwire_hex = "6f75740a"\n', _Came(), _Came(bytes_on_wire=b"out")),
    ('patch = "p"\n', _Came("Success. Updated"), _Came("cannot")),
    ('patch = "p"\nfails = "file"\n', _Came("no such file"), _Came("Success. Updated file")),
    ('image = "i"\n', _Came("image", images=_IMAGE), _Came("unable to read")),
    ('image = "i"\n', _Came("image", images=_IMAGE), _Came("image", images=("data:image/png;base64,AAAA",))),
    ('image = "i"\nfails = "unable"\n', _Came("unable to read"), _Came("unable", images=_IMAGE)),
    ('tool = "t"\noutput_matches = "sum is 3"\n', _Came("the sum is 3"), _Came("the sum is 4")),
)


class ClientFaults(unittest.TestCase):
    def test_a_process_name_drawn_twice(self) -> None:
        first = Request(0, "process/start", {"processId": "7"}, result={})
        other = Request(0, "process/start", {"processId": "8"}, error={"code": -32600})
        for starts, name in (([first, other], ""), ([first, Request(0, "process/start", {"processId": "7"}, result={})], ""),
                             ([first, other, Request(0, "process/start", {"processId": "7"}, error={"code": -32600})], "7")):
            traffic = Traffic()
            traffic.requests.extend(starts)
            self.assertEqual(name, traffic.repeated_process_id())


class StepChecks(unittest.TestCase):
    def test_right_and_wrong(self) -> None:
        for text, right, wrong in _CHECKS:
            step = _read(_STEP + text).steps[0]
            with self.subTest(text):
                check_step(step, right)
                self.assertRaises(Mismatch, check_step, step, wrong)

    def test_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "text").write_text("right")
            (root / "link").symlink_to("text")
            for name, entry, right in (
                    ("text", {"kind": "file", "text": "right"}, True), ("text", {"kind": "file", "text": "wrong"}, False),
                    ("text", {"kind": "executable", "text": "right"}, False), ("text", {"kind": "absent"}, False),
                    ("none", {"kind": "absent"}, True), ("none", {"kind": "file", "text": ""}, False),
                    ("link", {"kind": "symlink", "target": "text"}, True), ("link", {"kind": "file", "text": "right"}, False),
                    ("link", {"kind": "symlink", "target": "x"}, False), (".", {"kind": "directory"}, True)):
                with self.subTest(f"{name} {entry}"):
                    if right:
                        check_files({name: entry}, root, str)
                    else:
                        self.assertRaises(Mismatch, check_files, {name: entry}, root, str)
