"""The scenario that lets several clients be connected at the same moment, whatever the machine is doing.

codex runs a command, and then the model thinks until FOLDER/go appears: for as long, its connection to the server
stays open.  FOLDER/VERSION says that it has come so far.  Exists so that `paned-conformance cross` need not trust
that clients which were started together were there together.
"""

from __future__ import annotations

from pathlib import Path

from live.model_server import Conversation
from live.scenario import LiveRun, Scenario, exec_command, expect_equal, expect_exit

NAME, GO = "meeting", "go"
_COMING_SECONDS = 60.0  # for codex to come so far
_WAIT_SECONDS = 80.0  # for the others; times a patience of 3 it is below the 300 s of silence codex allows a model


def meeting(folder: Path) -> Scenario:
    """The scenario for one folder."""
    def play(run: LiveRun) -> None:
        def conversation() -> Conversation:
            yield [exec_command("a", "echo before")]
            (folder / ".".join(map(str, run.codex.version))).touch()
            run.wait_until("the other clients", (folder / GO).exists, _WAIT_SECONDS)
            yield [exec_command("b", "echo after")]

        outputs = run.converse(conversation(), timeout=_COMING_SECONDS + _WAIT_SECONDS)
        expect_equal("output", ["before\n", "after\n"], [expect_exit(outputs[call], 0) for call in "ab"])

    return Scenario(NAME, play)
