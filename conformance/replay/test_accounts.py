"""Shows what is noted of each method, and which deviations a pass has needed."""
from __future__ import annotations

import unittest

from replay.self_test import (
    PATCH, SIMPLE, STDERR, STREAMED, WATCHED, KILLED, Replay, altered, drop, edit, honest, on, on_error, on_result, play,
    without_watching)


class Methods(unittest.TestCase):
    """CaseResult.methods."""

    def test_every_method_of_a_session(self) -> None:
        self.assertEqual({"environmentConfig/read", "fs/getMetadata", "fs/watchMissing", "initialize", "process/start",
                          "process/output", "process/exited", "process/closed", "process/terminate"},
                         set(play(STDERR, honest).methods))
        self.assertEqual({"pass"}, set(play(STDERR, honest).methods.values()))
        self.assertEqual("pass", play(STREAMED, honest).methods["http/request/bodyDelta"])
        self.assertEqual("pass", play(WATCHED, honest).methods["fs/missingChanged"])

    def test_the_one_that_is_wrong(self) -> None:
        for name, mutate, wrong in (
                (PATCH, on_result("isSymlink", edit("result", "size", value=-1)), "fs/getMetadata"),
                (STDERR, on("process/output", 2, drop), "process/output"),
                (STDERR, on("process/exited", 1, edit("params", "exitCode", value=7)), "process/exited"),
                (STDERR, on("process/closed", 1, drop), "process/closed"),
                (SIMPLE, on_result("running", drop), "process/terminate"),
                (STREAMED, on("http/request/bodyDelta", 1, drop), "http/request/bodyDelta"),
                (WATCHED, on("fs/missingChanged", 1, drop), "fs/missingChanged")):
            with self.subTest(wrong):
                methods = Replay(altered(name), mutate).fail().methods
                self.assertEqual({wrong: "fail"}, {name: verdict for name, verdict in methods.items() if verdict != "pass"})

    def test_what_is_not_announced(self) -> None:
        self.assertEqual("not-offered", play(SIMPLE, without_watching({})).methods["fs/watchMissing"])

    def test_a_later_success_does_not_hide_a_failure(self) -> None:
        methods = Replay(altered(PATCH), on_error(edit("error", "code", value=1))).fail().methods
        self.assertEqual("fail", methods["fs/getMetadata"])


class Deviations(unittest.TestCase):
    """Comparer.used."""

    def test_the_ones_that_were_needed(self) -> None:
        player = play(PATCH, on_result("isFile", edit("result", "createdAtMs", value=12345))).player
        assert player is not None
        self.assertEqual({("created-at", "fs/getMetadata")}, player.progress.comparer.used)
        self.assertEqual("deviates", player.progress.accounts.methods()["fs/getMetadata"])

    def test_none_is_noted_that_was_only_allowed(self) -> None:
        player = play(KILLED, honest).player
        assert player is not None
        self.assertTrue(player.case.meta.allow)
        self.assertEqual(set(), player.progress.comparer.used)


if __name__ == "__main__":
    unittest.main()
