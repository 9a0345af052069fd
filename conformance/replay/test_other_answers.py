"""Shows what the deviations accept that no session beside this program shows, and no more."""
from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from replay.fake_server import FakeServer, Message, Mutation
from replay.folder import load_case
from replay.own_case import DROP, HELLO, OwnCase, came, event, life, sent
from replay.self_test import ROOT, Replay, edit, encoded, honest, on, write_case
from replay.transcript import Mismatch


class OtherAnswers(OwnCase):
    """Deviations that no session beside this program shows."""

    @staticmethod
    def on_tty(ending: str) -> list[Message]:
        """A process on a terminal that is terminated; `ending` comes after that."""
        start = {"processId": "p", "argv": ["x"], "cwd": "/", "tty": True}
        pieces = [event("output", "p", stream="pty", chunk=encoded(text)) for text in ("one\r\n", ending)]
        return [*HELLO, sent(2, "process/start", start), came(2, {"processId": "p"}), pieces[0],
                sent(3, "process/terminate", {"processId": "p"}), came(3, {"running": True}), *([pieces[1]] if ending else []),
                event("exited", "p", exitCode=1), event("closed", "p"), DROP]

    def against(self, recorded: list[Message], said: list[Message], *allow: str) -> Replay:
        """What was recorded, and a server that says something else."""
        with tempfile.TemporaryDirectory() as folder:
            other = load_case(write_case(Path(folder) / "case", said))
        replay = self.replay(recorded, honest, allow=list(allow))
        replay.server = FakeServer(other, ROOT, honest)
        return replay

    def test_last_newline_of_a_tty(self) -> None:
        recorded, without = self.on_tty("\r\n"), self.on_tty("")
        replay = self.against(recorded, without, "tty-hangup").run()
        assert replay.player is not None
        self.assertEqual({("tty-hangup", "process/output")}, replay.player.progress.comparer.used)

    def test_last_newline_that_comes(self) -> None:
        replay = self.replay(self.on_tty("\r\n"), honest, allow=["tty-hangup"]).run()
        assert replay.player is not None
        self.assertEqual(set(), replay.player.progress.comparer.used)

    def test_another_end_of_a_tty(self) -> None:
        for allow in ([], ["tty-hangup"]):
            with self.subTest(allow), self.assertRaisesRegex(Mismatch, "pty .*9 bytes expected, 8 came|pty .8 of 9 bytes came"):
                with tempfile.TemporaryDirectory() as folder:
                    self.folder = Path(folder) / "1.0" / "case"
                    self.against(self.on_tty("bye\n"), self.on_tty("by\n"), *allow).run()

    def test_death_by_a_signal_on_a_tty(self) -> None:
        def killed() -> Mutation:
            return on("process/exited", 1, edit("params", "exitCode", value=137))
        self.replay(self.on_tty(""), killed(), allow=["signal-128n"]).run()
        with self.assertRaisesRegex(Mismatch, "exitCode: expected 0, came 137"):
            Replay(load_case(write_case(self.folder.with_name("pipe"), [*HELLO, *life("p", "x", 2), DROP],
                                        allow=["signal-128n"])), killed()).run()

    def test_words_about_toml(self) -> None:
        def told(text: str) -> list[Message]:
            return [*HELLO, sent(2, "environmentConfig/read", {}), {"conn": 0, "recv": {"id": 2, "error": {
                "code": -32603, "message": f"failed to load executor-local config: /home/executor/config.toml:{text}"}}}, DROP]
        self.against(told("1:6: key with no value"), told("1:7: expected '='"), "toml-words").run()
        for other in ("2:6: key with no value", "1:6"):
            with self.subTest(other), self.assertRaisesRegex(Mismatch, "error.message"), \
                    tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder) / "1.0" / "case"
                self.against(told("1:6: key with no value"), told(other), "toml-words").run()


if __name__ == "__main__":
    unittest.main()
