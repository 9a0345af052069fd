"""Shows that a failure says what was expected, what came, where and for which request."""
from __future__ import annotations

import unittest

from replay.diff import bytes_difference, message_diff
from replay.fake_server import Mutation
from replay.self_test import (
    PATCH, SESSIONS, SIMPLE, STDERR, Replay, altered, drop, edit, encoded, on, on_result)
from replay.transcript import ALL


class Bytes(unittest.TestCase):
    """Output."""

    def test_text(self) -> None:
        self.assertEqual("out: 7 bytes expected, 6 came, they differ from byte 2 on\n"
                         "    expected 'abcdefg'\n"
                         "    came     'abXdef'", bytes_difference("out", b"abcdefg", b"abXdef"))

    def test_long_text_is_cut_between_characters(self) -> None:
        expected = ("ä" * 20 + "b" + "c" * 100).encode()
        came = ("ä" * 20 + "x" + "c" * 100).encode()
        self.assertEqual("out: 141 bytes expected, 141 came, they differ from byte 40 on\n"
                         f"    expected …'{'ä' * 10}b{'c' * 59}'…\n"
                         f"    came     …'{'ä' * 10}x{'c' * 59}'…", bytes_difference("out", expected, came))

    def test_binary_in_hex_too(self) -> None:
        self.assertEqual("out: 3 bytes expected, 2 came, they differ from byte 1 on\n"
                         "    expected b'a\\x00\\xff'\n"
                         "    came     'ab'\n"
                         "    from byte 0 on, in hex\n"
                         "    expected 61 00 ff\n"
                         "    came     61 62", bytes_difference("out", b"a\0\xff", b"ab"))

    def test_missing_end(self) -> None:
        self.assertEqual("out: 2 bytes expected, 0 came, they differ from byte 0 on\n"
                         "    expected 'a\\n'\n"
                         "    came     ''", bytes_difference("out", b"a\n", b""))


class Messages(unittest.TestCase):
    """Replies."""

    def test_only_what_differs(self) -> None:
        members = {f"m{number:02}": number for number in range(30)}
        self.assertEqual("--- expected\n+++ came\n@@ -13,7 +13,7 @@\n"
                         '   "m11": 11,\n   "m12": 12,\n   "m13": 13,\n-  "m14": 14,\n+  "m14": "14",\n'
                         '   "m15": 15,\n   "m16": 16,\n   "m17": 17,', message_diff(members, {**members, "m14": "14"}))

    def test_long_texts_are_cut_at_the_difference(self) -> None:
        lines = message_diff({"text": "a" * 300 + "b" + "c" * 300}, {"text": "a" * 300 + "x" + "c" * 300}).splitlines()
        self.assertEqual(f'-  "text": "…{"a" * 20}b{"c" * 59}… (601 characters, they differ at 300)"', lines[4])
        self.assertEqual(f'+  "text": "…{"a" * 20}x{"c" * 59}… (601 characters, they differ at 300)"', lines[5])


class Reports(unittest.TestCase):
    """The lines below FAIL."""

    def report(self, name: str, mutate: Mutation, shown: int = 0) -> list[str]:
        replay = Replay(altered(name), mutate).fail()
        self.assertIsNotNone(replay.mismatch, "the replay passed")
        return replay.report(shown).splitlines()

    def test_reply(self) -> None:
        lines = self.report(PATCH, on_result("isSymlink", edit("result", "size", value="17")), shown=1)
        self.assertEqual([
            f"  recording {SESSIONS}/0.169.0/apply_patch/session.jsonl line 56: recv on connection 0, reply to fs/getMetadata "
            "(id 27)",
            '  request   {"id": 27, "method": "fs/getMetadata", "params": {"path": "file:///tmp/ws/project/upd.txt", '
            '"sandbox": null}}',
            "  --- expected", "  +++ came", "  @@ -3,7 +3,7 @@",
            '       "isDirectory": false,', '       "isFile": true,', '       "isSymlink": false,',
            '  -    "size": 17,', '  +    "size": "17",',
            '       "createdAtMs": 0,', '       "modifiedAtMs": 4096', "     }",
            "  transcript", "    … 54 earlier messages (--transcript all shows them)",
            '    [0] <- {"id": 27, "result": {"isDirectory": false, "isFile": true, "isSymlink": false, "size": "17", '
            '"createdAtMs": 0, "modifiedAtMs": 4096}}'], lines)

    def test_missing_and_additional_members(self) -> None:
        def rename(message: dict[str, dict[str, object]]) -> list[object]:
            message["result"]["symlink"] = message["result"].pop("isSymlink")
            return [message]
        lines = self.report(PATCH, on_result("isSymlink", rename))
        at = lines.index('  -    "isSymlink": false,')
        self.assertEqual('       "symlink": false,', lines[at + 1])

    def test_contents_of_a_file(self) -> None:
        lines = self.report(PATCH, on_result("dataBase64", edit("result", "dataBase64", value=encoded("alpha\nBeta\n"))))
        at = lines.index("  result.dataBase64: 17 bytes expected, 11 came, they differ from byte 6 on")
        self.assertEqual([r"      expected 'alpha\nbeta\ngamma\n'", r"      came     'alpha\nBeta\n'"], lines[at + 1:at + 3])

    def test_output(self) -> None:
        replay = Replay(altered(STDERR), on("process/output", 4, edit("params", "chunk", value=encoded("E2\n")))).fail()
        self.assertRegex(str(replay.mismatch), r"^process \S+: stderr \(process/output\): 6 bytes expected, 6 came, they "
                                               r"differ from byte 3 on\n    expected 'e1\\ne2\\n'\n    came     'e1\\nE2\\n'$")
        assert replay.mismatch is not None
        self.assertEqual("process/output", replay.mismatch.method)
        recorded = replay.case.folder.joinpath("session.jsonl").read_text(encoding="utf-8").split("\n")
        self.assertIn('"stream":"stderr","chunk":"ZTIK"', recorded[replay.mismatch.frame - 1])
        self.assertIn('"method": "process/start"', replay.report(0))

    def test_what_never_came(self) -> None:
        lines = self.report(SIMPLE, on_result("running", drop))
        self.assertRegex(lines[0], r"recv on connection 0, reply to process/terminate \(id 20\)$")
        self.assertRegex(lines[1], r'^  request   \{"id": 20, "method": "process/terminate"')
        lines = self.report(STDERR, on("process/closed", 1, drop))
        self.assertRegex(lines[0], r"recv on connection 0, process/closed$")
        self.assertIn("  exited: recorded True, notified True, read False; closed: recorded True, notified False, read False",
                      lines)

    def test_whole_transcript(self) -> None:
        lines = self.report(SIMPLE, on_result("running", drop), shown=ALL)
        messages = lines[lines.index("  transcript") + 1:]
        self.assertRegex(messages[0], r'^    \[0\] -> \{"id":1,"method":"initialize"')
        self.assertFalse([line for line in messages if "…" in line])


if __name__ == "__main__":
    unittest.main()
