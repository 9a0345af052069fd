"""process/start with tty: true."""
from __future__ import annotations

from typing import Any

from differential.case import RESULT, Allow, Call, Case, Collect, Until, case, uri
from differential.cases_process import LOST, signal, start, terminate, write

PATH = {"PATH": "/usr/bin:/bin"}


def terminal(script: str, **changes: Any) -> Call:
    """A shell on a terminal."""
    return start(script, **{"tty": True, "pipeStdin": False, **changes})


def shown(name: str, script: str, *allow: Allow, **changes: Any) -> Case:
    """What a line of shell shows on a terminal, to its end."""
    return case(f"tty {name}", terminal(script, **changes), Collect("p"), allow=allow)


CASES: list[Case] = [
    shown("output", "echo one; echo two >&2"),
    shown("size", "stty size"),
    shown("settings", "stty -a | tr ' ' '\\n' | grep -E '^-?(echo|icanon|isig|onlcr|icrnl|ixon|iutf8|opost|echoe)'"),
    shown("environment", "cat /proc/$$/environ | tr '\\0' '\\n' | sort"),
    shown("SHELL is kept", "echo $SHELL", env={**PATH, "SHELL": "/bin/false"}),
    shown("all three are it", "test -t 0 && test -t 1 && test -t 2 && echo terminals"),
    shown("descriptors", "ls /proc/$$/fd | sort -n | head -3 | tr '\\n' ' '"),
    shown("controlling", "ps -o tpgid= -o pgid= -p $$ | (read a b; test $a = $b && echo foreground)"),
    shown("exit code", "exit 9"),
    shown("death by a signal", "kill -KILL $$", Allow("signal-128n", "1.exits.0.exitCode", 137)),
    shown("pipeStdin is ignored", "echo x", pipeStdin=True),
    shown("bytes", "stty -opost; printf '\\377\\000x\\n'"),
    shown("arg0 that is the program", "echo $0", arg0="sh"),
    case("tty arg0 that is no program", terminal("exit 0", arg0="other"), allow=Allow("tty-arg0", "0.reply", RESULT)),
    shown("background child", "sleep 5 & echo one"),
    case("tty echo", terminal("read x; echo got $x"), write("hello\n"), Collect("p")),
    case("tty interrupt by a byte", terminal("trap 'echo trapped; exit 7' INT; echo one; while :; do sleep 0.05; done"),
         Until("p", "one"), write("\x03"), Collect("p")),
    case("tty end of input", terminal("echo one; cat; echo end"), Until("p", "one"), write("\x04"), Collect("p")),
    case("tty signal", terminal("trap 'echo trapped; exit 7' INT; echo one; while :; do sleep 0.05; done"),
         Until("p", "one"), signal(), Collect("p")),
    case("tty terminate", terminal("echo one; sleep 60"), Until("p", "one"), terminal("x"), terminate(), Collect("p"),
         terminate(), allow=Allow("signal-128n", "4.exits.0.exitCode", 137)),
    case("tty write after the end", terminal("exit 0"), Collect("p"), write("x"),
         allow=Allow("write-after-exit", "2.reply", LOST)),
    case("tty query", terminal("stty -echo; printf 'a\\033[6nb'"), Collect("p"),
         allow=Allow("tty-query", "1.output.pty", "a\x1b[6nb")),
    case("tty missing program", terminal("", argv=["/no/such"])),
    case("tty missing program in PATH", terminal("", argv=["no-such"], env={"PATH": "/bin"}),
         allow=Allow("tty-missing-cwd", "0.reply.error.message", "No such file or directory (os error 2)")),
    case("tty missing cwd", terminal("pwd", cwd=uri("$tree/nowhere")),
         allow=Allow("tty-missing-cwd", "0.reply", {"error": {"code": -32603}})),
    case("tty cwd is a file", terminal("pwd", cwd=uri("$tree/plain")),
         allow=Allow("tty-missing-cwd", "0.reply", {"error": {"code": -32603}})),
    case("tty program is a folder", terminal("", argv=["$tree/dir"])),
    shown("signals", "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"),
    case("tty argv empty", terminal("", argv=[])),
    case("tty argv of an empty text", terminal("", argv=[""]),
         allow=Allow("tty-missing-cwd", "0.reply.error.message", "missing program for pipe spawn")),
    case("tty NUL in argv", terminal("", argv=["/bin/echo", "a\0b"])),
    case("tty NUL in env", terminal("", env={"A": "a\0b"})),
]
