"""process/start with shellSnapshot: login commands that start from what a login shell sets up."""
from __future__ import annotations

from typing import Any

from differential.case import Call, Case, Collect, Connect, Do, case, uri

BASH, SH = {"name": "bash", "path": "/bin/bash"}, {"name": "sh", "path": "/bin/sh"}
BASHRC = """echo noise; echo noise >&2
export FROM_RC='from rc' DIFF_PLAIN=changed
unset DIFF_EMPTY
not_exported=x
greet() { echo "greetings $1"; }
export -f greet
alias hi='echo hello'
shopt -s expand_aliases extglob
set -o noclobber
cd /
umask 077
trap 'echo trapped' EXIT
"""
SHOW = 'echo "$FROM_RC|$DIFF_PLAIN|${DIFF_EMPTY-unset}|${not_exported-unset}|$OWN"; ' \
       "greet you; pwd; umask; set -o | grep clobber"
HOME = (Do("write", ("$scratch/.bashrc", BASHRC)), Do("write", ("$scratch/.profile", "export FROM_PROFILE=1\n")))


def start(process: str = "p", argv: list[str] | None = None, shell: Any = None, scope: Any = "s", on: str = "a",
          **changes: Any) -> Call:
    """A login command of bash in a home of the case's own."""
    params = {"processId": process, "argv": argv or ["/bin/bash", "-lc", SHOW], "cwd": uri("$scratch"), "tty": False,
              "env": {"HOME": "$scratch", "PATH": "/usr/bin:/bin", "DIFF_PLAIN": "plain", "OWN": "own"},
              "shellSnapshot": {"scopeId": scope, "shell": shell or BASH}}
    return Call("process/start", params | changes, on=on)


def ran(name: str, **changes: Any) -> Case:
    """One start, and what the command says."""
    return case(f"snapshot: {name}", *HOME, start(**changes), Collect("p"))


CASES: list[Case] = [
    ran("login command"),
    ran("no login command", argv=["/bin/bash", "-c", SHOW]),
    ran("words behind the command", argv=["/bin/bash", "-lc", 'echo "$0 $1 $2"', "zero", "one", "two"]),
    ran("shell of another spelling", argv=["bash", "-lc", SHOW]),
    ran("separate flags", argv=["/bin/bash", "-l", "-c", SHOW]),
    ran("exit code", argv=["/bin/bash", "-lc", "exit 7"]),
    ran("alias", argv=["/bin/bash", "-lc", "hi there"]),
    ran("profile", argv=["/bin/bash", "-lc", 'echo "$FROM_PROFILE"']),
    ran("sh", argv=["/bin/sh", "-lc", 'echo "$FROM_PROFILE $OWN"'], shell=SH),
    ran("tty", tty=True),
    ran("policy", envPolicy={"inherit": "none", "ignoreDefaultExcludes": True, "exclude": ["FROM_*"], "set": {},
                             "includeOnly": []}),
    ran("null", shellSnapshot=None),
    *[case(f"snapshot: {name}", start(**changes)) for name, changes in {
        "empty scope": {"scope": ""}, "scope of 256 bytes": {"scope": "x" * 256},
                                                                        "scope of 257 bytes": {"scope": "x" * 257},
        "scope of 257 bytes in 129 characters": {"scope": "ü" * 128 + "x"}, "odd scope": {"scope": "../a\0b"},
        "unknown shell": {"shell": {"name": "fish", "path": "/bin/bash"}},
        "empty shell name": {"shell": {"name": "", "path": "/bin/bash"}},
        "unknown shell for another command": {"shell": {"name": "fish", "path": "/bin/fish"}},
        "missing shell": {"shell": {"name": "bash", "path": "/no/bash"}, "argv": ["/no/bash", "-lc", "x"]},
        "empty scope and no argv": {"scope": "",
                                    "argv": []}, "empty scope and bad cwd": {"scope": "", "cwd": "file://x/y"},
        "unknown member": {"shell": {"name": "bash", "path": "/bin/bash", "more": 1}}}.items()],
    case("snapshot: shared in a session", *HOME, start(), Collect("p"),
         Do("write", ("$scratch/.bashrc", "export FROM_RC=again\n")), start("q"), Collect("q"),
         start("r", scope="other"),
         Collect("r")),
    case("snapshot: not shared between sessions", *HOME, start(), Collect("p"),
         Do("write", ("$scratch/.bashrc", "export FROM_RC=again\n")), Connect("b"), start("p", on="b"),
         Collect("p", on="b")),
    case("snapshot: of an rc file that exits", Do("write", ("$scratch/.bashrc", "exit 3\n")), start(), Collect("p")),
    case("snapshot: of a bad rc file", Do("write", ("$scratch/.bashrc", "export GOOD=1\nif (\n")), start(),
         Collect("p")),
    case("snapshot: without an rc file", start(), Collect("p")),
]
