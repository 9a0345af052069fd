"""Scenarios: the connection is lost while a command runs, and the client resumes its session (from 0.150 on)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from live.model_server import Conversation, ToolOutputs
from live.scenario import (LiveRun, Mismatch, Scenario, exec_command, expect, expect_equal, expect_exit, running_session,
                           shown_output, write_session)

_RESUMING = (0, 150)
_LINES = 300
_CUT_AFTER = 100
_LINE_BYTES = len("line 0001\n")
_PROGRESS, _CUT, _BACK = "progress", "cut", "back"  # files: what the command has printed; that it may go on
# The client gives up an attempt to connect after some seconds, and makes another: what it is away for must be short.
_COMMAND = ("print() { for i in $(seq -f %04.0f $1 $2); do echo \"line $i\"; done; echo $2 > " + _PROGRESS + "; }; "
            "await() { until [ -e $1 ]; do sleep 0.02; done; }; "
            f"print 1 {_CUT_AFTER}; await {_CUT}; print {_CUT_AFTER + 1} {2 * _CUT_AFTER}; await {_BACK}; "
            f"print {2 * _CUT_AFTER + 1} {_LINES}")
_WAIT_SECONDS = 30.0


def _lost_until(line: int) -> Callable[[LiveRun], None]:
    """Cuts the connection in mid-output, and lets the client back when the command has reached `line`."""
    def play(run: LiveRun) -> None:
        cut = threading.Event()
        failures: list[Mismatch] = []
        shown: list[str] = []

        def cut_here() -> bool:
            process = run.traffic.process(_PROGRESS)
            return process is not None and process.received_bytes >= _CUT_AFTER * _LINE_BYTES

        def cut_now() -> None:
            run.proxy.cut(hold=True)
            cut.set()

        def let_back() -> None:
            try:
                if not cut.wait(_WAIT_SECONDS * run.patience):
                    raise Mismatch("output before the cut", f"{_CUT_AFTER} lines", "fewer")
                for name in (_CUT, _BACK) if line == _LINES else (_CUT,):
                    (run.project / name).touch()
                run.wait_for_file(_PROGRESS, lambda text: int(text or 0) >= line)  # the client is away: ask the disk
            except Mismatch as mismatch:
                failures.append(mismatch)
            finally:
                run.proxy.release()
                for name in (_CUT, _BACK):
                    (run.project / name).touch()

        run.traffic.when(cut_here, cut_now)
        helper = threading.Thread(target=let_back)
        helper.start()
        try:
            outputs = run.converse(_until_it_ends(shown))
        finally:
            helper.join()
        if failures:
            raise failures[0]
        expected = "".join(f"line {n:04}\n" for n in range(1, _LINES + 1))
        expect_exit(list(outputs.values())[-1], 0)
        expect_equal("output the model got", expected, "".join(shown))
        expect_equal("output on the wire", expected.encode(), run.client_output(_PROGRESS))
        _expect_resumed_session(run)

    return play


def _until_it_ends(shown: list[str]) -> Conversation:
    """Runs the command and waits on: one call of the tool returns after 30 s at the latest, whatever it still does."""
    outputs: ToolOutputs = yield [exec_command("c", _COMMAND, yield_time_ms=30000)]
    latest = outputs["c"]
    shown.append(shown_output(latest))
    while (session := running_session(latest)) is not None:
        name = f"wait-{len(shown)}"
        outputs = yield [write_session(name, session, "", wait_ms=30000)]
        latest = outputs[name]
        shown.append(shown_output(latest))


def _expect_resumed_session(run: LiveRun) -> None:
    first, *later = run.traffic.of_method("initialize")
    session = (first.result or {}).get("sessionId")
    expect(session is not None, "initialize", "a sessionId", first.result)
    for request in later:
        expect_equal("resumeSessionId", session, request.params.get("resumeSessionId"))
        resumed = (request.result or {}).get("sessionId", request.error)
        expect_equal("reply to the resuming initialize", session, resumed)


SCENARIOS = (
    Scenario("resumed_while_running", _lost_until(2 * _CUT_AFTER), first=_RESUMING, connections=2),
    Scenario("resumed_after_the_end", _lost_until(_LINES), first=_RESUMING, connections=2),
)
