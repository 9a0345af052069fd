"""process/read, write, signal and terminate; terminals; what happens in which order."""
from __future__ import annotations

import base64
from typing import Any

from differential.case import (TAGGED, TAGGED_WELL, Allow, Begin, Call, Case, Collect, Connect, Drop, Finish, Pause, Until, case,
                  defaults, shapes, single, uri)


def start(script: str, **changes: Any) -> Call:
    """A shell on pipes with a writable stdin."""
    return Call("process/start", {"processId": "p", "argv": ["/bin/sh", "-c", script], "cwd": uri("$scratch"),
                                  "env": {"PATH": "/usr/bin:/bin"}, "tty": False, "pipeStdin": True} | changes)


def read(**members: Any) -> Call:
    return Call("process/read", {"processId": "p", **members})


def write(text: str | bytes, write_id: str = "w", process: str = "p", **members: Any) -> Call:
    data = text if isinstance(text, bytes) else text.encode()
    return Call("process/write", {"processId": process, "chunk": base64.b64encode(data).decode(), "writeId": write_id,
                                  **members})


def terminate(process: str = "p", on: str = "a") -> Call:
    return Call("process/terminate", {"processId": process}, on=on)


def signal(process: str = "p") -> Call:
    return Call("process/signal", {"processId": process, "signal": "interrupt"})


LOST = {"error": {"code": -32603, "message": "failed to write to process stdin"}}
# Three chunks that cannot melt into one, then the end.
THREE = "echo one; read x; echo two >&2; read x; echo three; read x; exit 5"
PLAYED = (start(THREE), Until("p", "one"), write("\n", "1"), Until("p", "two"), write("\n", "2"), Until("p", "three"),
          write("\n", "3"), Collect("p", exact=True))

CASES: list[Case] = [
    *shapes("process/read", {"processId": "p"},
            {"processId": "string", "afterSeq": "number null", "maxBytes": "number null", "waitMs": "number null"}),
    *[case for row in ({"afterSeq": -1}, {"afterSeq": 1.5}, {"maxBytes": -1}, {"maxBytes": 2.0}, {"waitMs": -1},
                       {"waitMs": 2 ** 64}, {"afterSeq": 2 ** 64 - 1}, {"afterSeq": "1"})
      for case in single("process/read", {f"number {row}": {"processId": "p", **row}})],
    *shapes("process/write", {"processId": "p", "chunk": "", "writeId": "w"},
            {"processId": "string", "chunk": "string", "writeId": "string"},
            allow=defaults("writeId", own={"result": {"status": "unknownProcess"}})),
    *single("process/write", {
        "empty writeId": {"writeId": ""},
        "bad symbol": {"chunk": "%%%%"},
        "bad padding": {"chunk": "YQ"},
        "bad last symbol": {"chunk": "YWJ="},
        "one symbol": {"chunk": "Y"},
        "white space": {"chunk": "YQ==\n"},
        "URL alphabet": {"chunk": "-_-_"},
        "padding in the middle": {"chunk": "YQ==YQ=="},
        "too much padding": {"chunk": "YQ==="},
        "not ASCII": {"chunk": "ü"},
        "unknown process": {},
        "bad chunk and empty writeId": {"chunk": "%", "writeId": ""},
    }, {"processId": "p", "chunk": "YQ==", "writeId": "w"}),
    *shapes("process/signal", {"processId": "p", "signal": "interrupt"}, {"processId": "string", "signal": "string"},
            allow={"signal=object": TAGGED}),
    *single("process/signal", {
        "kill": {"signal": "kill"}, "empty": {"signal": ""}, "upper case": {"signal": "INTERRUPT"},
        "unknown process": {}, "tagged": {"signal": {"interrupt": None}}, "tagged twice": {"signal": {"a": 1, "b": 2}},
        "tagged wrong": {"signal": {"kill": None}},
    }, {"processId": "p", "signal": "interrupt"},
            allow={"tagged": TAGGED_WELL, "tagged twice": TAGGED,
                   "tagged wrong": TAGGED}),
    *shapes("process/terminate", {"processId": "p"}, {"processId": "string"}),
    case("process/read unknown process", read()),
    case("process/terminate unknown process", terminate()),

    case("sequence numbers", *PLAYED),
    case("process/read all", *PLAYED, read(), read(afterSeq=0), read(afterSeq=0, maxBytes=None)),
    case("process/read after", *PLAYED, *(read(afterSeq=number) for number in range(1, 8))),
    case("process/read after far away", *PLAYED, read(afterSeq=1000), read(afterSeq=2 ** 64 - 1)),
    case("process/read maxBytes", *PLAYED, *(read(maxBytes=size) for size in (0, 1, 3, 4, 5, 8, 13, 14, 15, 2 ** 63))),
    case("process/read maxBytes after", *PLAYED, *(read(afterSeq=number, maxBytes=1) for number in (1, 2, 3, 4, 5, 6))),
    case("process/read waits not at the end", *PLAYED,
         *(read(afterSeq=number, waitMs=10000) for number in (0, 3, 4, 5))),
    case("process/read of a running process", start("echo one; read x"), Until("p", "one"), read(), read(afterSeq=1),
         read(afterSeq=1, waitMs=100), read(afterSeq=0, waitMs=10000), read(afterSeq=9, waitMs=100)),
    case("a waiting read is woken by output",
         start("echo one; sleep 0.3; echo two; read x"), Until("p", "one"), read(afterSeq=1, waitMs=9000)),
    case("a waiting read is woken by the end",
         start("echo one; sleep 0.2; sleep 0.5 & exit 3"), Until("p", "one"), read(afterSeq=1, waitMs=9000),
         read(afterSeq=2, waitMs=9000)),
    case("process/read of an ended process with open output",
         start("echo one; sleep 0.4 & sleep 0.1; exit 3"), Until("p", "one"), Pause(0.25),
         read(afterSeq=1, waitMs=9000),
         read(afterSeq=2, waitMs=9000)),
    case("process/terminate with open output", start("sleep 0.8 & echo one; sleep 0.1; exit 3"), Until("p", "one"),
         Pause(0.2),
         terminate(), Collect("p", exact=True), terminate()),

    case("process/terminate", start("echo one; read x"), Until("p", "one"), terminate(), Collect("p", exact=True),
         terminate(),
         read()),
    case("process/terminate does not wait for traps",
         start("trap 'echo trapped' TERM INT HUP; echo one; while :; do sleep 1; done"),
         Until("p", "one"), terminate(), Collect("p")),
    case("process/terminate takes the group", start("sleep 60 & echo one; wait"), Until("p", "one"), terminate(),
         Collect("p")),
    case("process/signal", start("trap 'echo trapped; exit 6' INT; echo one; while :; do sleep 0.05; done"),
         Until("p", "one"),
         signal(), Collect("p")),
    case("process/signal without a trap", start("echo one; exec sleep 60"), Until("p", "one"), signal(), Collect("p")),
    case("process/signal to an ended process", start("exit 0"), Collect("p"), signal()),
    case("id in use", start("read x"), start("read x")),
    case("id of an ended process", start("exit 0"), Collect("p"), start("exit 0")),
    case("id of a failed start", start("", cwd=uri("$tree/nowhere")), start("echo again"), Collect("p")),
    case("ids are a session's", start("echo one; read x"), Until("p", "one"), Connect("b"),
         Call("process/read", {"processId": "p"}, on="b"), terminate(on="b"),
         Call("process/start", {"processId": "p", "argv": ["/bin/true"], "cwd": "file:///", "env": {}, "tty": False},
              on="b"), Collect("p", on="b"), read()),

    case("process/write", start("read x; echo got $x"), write("hello\n"), Collect("p")),
    case("process/write in pieces", start("read x; echo got $x"), write("he", "1"), write("llo\n", "2"), Collect("p")),
    case("process/write twice with one id", start("read x; echo $x; read y; echo $y"), write("a\n", "1"),
         write("b\n", "1"),
         write("c\n", "2"), Collect("p")),
    case("process/write nothing", start("read x; echo got $x"), write("", "1"), write("x\n", "2"), Collect("p")),
    case("process/write bytes", start("head -c 4 | od -An -tx1"), write(b"\x00\xff\r\n"), Collect("p")),
    case("process/write 100 kB", start("head -c 100000 | wc -c"), write(b"x" * 100_000), Collect("p")),
    case("process/write without stdin", start("sleep 0.3", pipeStdin=False), write("x"), write("y", "w")),
    case("process/write after the end", start("exit 0"), Collect("p"), write("x"),
         allow=Allow("write-after-exit", "2.reply", LOST)),
    case("process/write after a terminate", start("read x"), terminate(), Collect("p"), write("x")),
    case("process/write where stdin is closed", start("exec <&-; echo one; sleep 0.5"), Until("p", "one"),
         write("x", "1"),
         Pause(0.1), write("y", "2"), write("z", "3")),
    case("process/write after the end with an old id", start("read x"), write("x\n", "1"), Collect("p"),
         write("x\n", "1")),
    case("process/write after the end without stdin", start("exit 0", pipeStdin=False), Collect("p"), write("x")),

    case("resume", start("echo one; read x; echo two; read x"), Until("p", "one"), Drop("a"),
         Connect("b", resume="$session.a"), Call("process/read", {"processId": "p", "afterSeq": 0}, on="b"),
         Call("process/write", {"processId": "p", "chunk": "Cg==", "writeId": "w"}, on="b"),
         Call("process/read", {"processId": "p", "afterSeq": 1, "waitMs": 5000}, on="b"), terminate(on="b"),
         Collect("p", on="b", exact=True)),
    case("resume remembers writeIds", start("read x; echo $x; read x; echo $x; read x"), write("a\n", "1"),
         Until("p", "a"),
         Drop("a"), Connect("b", resume="$session.a"),
         Call("process/write", {"processId": "p", "chunk": "Yg==", "writeId": "1"}, on="b"),
         Call("process/write", {"processId": "p", "chunk": "Ywo=", "writeId": "2"}, on="b"),
         Call("process/read", {"processId": "p", "afterSeq": 1, "waitMs": 5000}, on="b")),
    case("a pending read does not hold a session", start("read x"), Begin("pending", "process/read",
                                                                          {"processId": "p", "waitMs": 60000}),
         Drop("a"), Connect("b", resume="$session.a"), Call("process/read", {"processId": "p"}, on="b")),
    case("replies come one after another", start("echo one; sleep 0.4; echo two; read x"), Until("p", "one"),
         Begin("waiting", "process/read", {"processId": "p", "afterSeq": 1, "waitMs": 5000}),
         Call("process/terminate", {"processId": "p"}), Finish("waiting"),
         allow=Allow("side-by-side", "4.reply.result.*")),
]
