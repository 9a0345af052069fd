"""Scenarios: commands on a terminal, as an agent uses them."""

from __future__ import annotations

from live.model_server import Conversation, ToolOutput, ToolOutputs
from live.scenario import (LiveRun, Mismatch, Scenario, Unsupported, exec_command, expect, expect_equal, expect_exit, one_turn,
                      running_session, shown_output, write_session)

_RESUMING = (0, 150)
_SESSIONS = 20


def _refused(run: LiveRun) -> None:
    """A server without terminals says so."""
    for start in run.traffic.of_method("process/start"):
        if start.error is not None and "cannot run tty processes" in start.error.get("message", ""):
            raise Unsupported(start.error["message"])


def _tty_session_of(run: LiveRun, output: ToolOutput) -> int:
    _refused(run)
    session = running_session(output)
    if session is None:
        raise Mismatch("tool output", "a running session", output.text)
    return session


def _tty_session(run: LiveRun) -> None:
    """A terminal: a question is asked, answered, and echoed as terminals do."""
    def conversation() -> Conversation:
        outputs: ToolOutputs = yield [exec_command(
            "a", "tty -s && echo is-a-tty; read -p 'name? ' name; echo \"got-$name\"; exit 4", tty=True,
            yield_time_ms=1000)]
        session = _tty_session_of(run, outputs["a"])
        yield [write_session("b", session, "Jo\n", wait_ms=20000)]

    outputs = run.converse(conversation())
    shown = shown_output(outputs["a"]) + expect_exit(outputs["b"], 4)
    expect_equal("terminal output", "is-a-tty\r\nname? Jo\r\ngot-Jo\r\n", shown)


def _tty_interrupt(run: LiveRun) -> None:
    """Ctrl-C reaches the foreground process as SIGINT."""
    def conversation() -> Conversation:
        outputs: ToolOutputs = yield [exec_command(
            "a", "trap 'echo interrupted; exit 5' INT; touch ready; for i in $(seq 300); do sleep 0.1; done", tty=True,
            yield_time_ms=250)]
        session = _tty_session_of(run, outputs["a"])
        run.wait_for_file("ready")
        yield [write_session("b", session, "\x03", wait_ms=20000)]

    outputs = run.converse(conversation())
    text = expect_exit(outputs["b"], 5)
    expect(text.endswith("interrupted\r\n"), "terminal output", "… interrupted", text)


def _tty_shell(run: LiveRun) -> None:
    """A shell that is used for several commands, remembers, and is left with `exit`."""
    commands = ("cd /; here=$PWD", "echo \"at $here\"", "stty size", "false", "echo \"status $?\"")

    def conversation() -> Conversation:
        outputs: ToolOutputs = yield [exec_command("start", "exec env PS1= PS2= bash --norc --noprofile --noediting", tty=True,
                                                   yield_time_ms=500)]
        session = _tty_session_of(run, outputs["start"])
        for number, command in enumerate(commands):
            yield [write_session(f"w{number}", session, f"{command}\n", wait_ms=500)]
        yield [write_session("end", session, "exit 6\n", wait_ms=20000)]

    outputs = run.converse(conversation())
    last = expect_exit(outputs["end"], 6)  # on a busy machine it brings what was late
    shown = "".join(shown_output(outputs[f"w{number}"]) for number in range(len(commands))) + last
    for line in ("at /", "24 80", "status 1"):
        expect(f"{line}\r\n" in shown, "what the shell printed", line, shown)


def _tty_query(run: LiveRun) -> None:
    """A program that asks the terminal what it is gets no answer from anybody.

    Where the cursor is would be the other question, but codex's own server answers that from 0.160 on, with "1;1".
    """
    ask = "stty raw -echo min 0 time 10; printf '\\033[c\\033[>c'; n=$(head -c 1 | wc -c); stty sane; echo; echo answer-$n"
    outputs = run.converse(one_turn(exec_command("a", ask, tty=True, yield_time_ms=20000)))
    _refused(run)
    expect("answer-0\r\n" in expect_exit(outputs["a"], 0), "the answer", "answer-0", outputs["a"].text)


def _tty_twenty(run: LiveRun) -> None:
    """Twenty terminals at once; each is asked after all have started."""
    def conversation() -> Conversation:
        outputs: ToolOutputs = yield [
            exec_command(f"s{n}", f"read -p 'ready {n}? ' word; echo \"{n} got $word\"; exit {n}", tty=True,
                         yield_time_ms=1000) for n in range(_SESSIONS)]
        sessions = [_tty_session_of(run, outputs[f"s{n}"]) for n in range(_SESSIONS)]
        yield [write_session(f"w{n}", session, f"word-{n}\n", wait_ms=20000) for n, session in enumerate(sessions)]

    outputs = run.converse(conversation())
    for n in range(_SESSIONS):
        text = shown_output(outputs[f"s{n}"]) + expect_exit(outputs[f"w{n}"], n)
        expect_equal(f"terminal {n}", f"ready {n}? word-{n}\r\n{n} got word-{n}\r\n", text)


def _tty_resumed(run: LiveRun) -> None:
    """The connection is cut while a terminal waits for input; the client comes back and goes on typing."""
    def conversation() -> Conversation:
        outputs: ToolOutputs = yield [exec_command(
            "a", "read -p 'first? ' one; read -p 'second? ' two; echo \"$one-$two\"; exit 4", tty=True, yield_time_ms=1000)]
        session = _tty_session_of(run, outputs["a"])
        yield [write_session("b", session, "eins\n", wait_ms=500)]
        run.proxy.cut_now()
        yield [write_session("c", session, "zwei\n", wait_ms=20000)]

    outputs = run.converse(conversation())
    shown = shown_output(outputs["a"]) + shown_output(outputs["b"]) + expect_exit(outputs["c"], 4)
    expect_equal("terminal output", "first? eins\r\nsecond? zwei\r\neins-zwei\r\n", shown)


SCENARIOS = (
    Scenario("tty_session", _tty_session),
    Scenario("tty_interrupt", _tty_interrupt, record=False,
             record_reason="it types when a file appears, and that is not on the wire"),
    Scenario("tty_shell", _tty_shell),
    Scenario("tty_query", _tty_query),
    Scenario("tty_twenty", _tty_twenty),
    Scenario("tty_resumed", _tty_resumed, first=_RESUMING, connections=2),
)
