"""process/start: parameters, programs, environment, and what a child is given."""
from __future__ import annotations

from typing import Any

from differential.case import TAGGED, Allow, Call, Case, Collect, case, defaults, positional, shapes, single, uri

START: dict[str, Any] = {"processId": "p", "argv": ["/bin/echo", "hi"], "cwd": uri("$scratch"), "env": {},
                         "tty": False}
PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
UNIT = {"enforceManagedNetwork": "bool", "pipeStdin": "bool"}
ORNULL = {"arg0": "string null", "envPolicy": "object null", "sandbox": "object null", "metadata": "object null",
          "managedNetwork": "object null", "networkProxy": "object null", "shellSnapshot": "object null"}
POLICY: dict[str, Any] = {"inherit": "none", "ignoreDefaultExcludes": True, "exclude": [], "set": {},
                          "includeOnly": []}


def ran(name: str, *allow: Allow, **changes: Any) -> Case:
    """A start and all that the process says."""
    return case(f"process/start {name}", Call("process/start", {**START, **changes}),
                Collect(changes.get("processId", "p")), allow=allow)


def shell(name: str, script: str, *allow: Allow, **changes: Any) -> Case:
    """The same for a line of shell."""
    return ran(name, *allow, **{"argv": ["/bin/sh", "-c", script], **changes})


def policy(name: str, **changes: Any) -> Case:
    """The variables a child has under a policy, of those that this test sets."""
    env = changes.pop("env", {})
    script = 'for n in HOME LANG SHELL DIFF_PLAIN DIFF_TOKEN DIFF_EMPTY SET_ONE MY_KEY; do ' \
             'eval "echo $n=\\${$n-unset}"; done'
    return shell(f"envPolicy {name}", script, env=env, envPolicy={**POLICY, **changes})


CASES: list[Case] = [
    *shapes("process/start", START,
            {"processId": "string", "argv": "array", "cwd": "string", "env": "object", "tty": "bool", **UNIT, **ORNULL},
            allow=defaults("cwd", "env", "tty") | defaults("pipeStdin", "enforceManagedNetwork", kinds=("=null",))
            | positional("envPolicy", "sandbox", "networkProxy", "shellSnapshot")
            | {f"{name}=array": Allow("positional-params", "0.reply", {"error": {"code": -32602}})
               for name in ("metadata", "managedNetwork")}),
    *shapes("process/start", {**START, "envPolicy": POLICY},
            {"inherit": "", "ignoreDefaultExcludes": "bool", "exclude": "array", "set": "object",
             "includeOnly": "array"}, inside=("envPolicy",), allow={"envPolicy.inherit=object": TAGGED}),
    *shapes("process/start", {**START, "metadata": {}}, {"threadId": "null", "toolCallId": "string null"},
            inside=("metadata",)),
    *single("process/start", {
        "argv of numbers": {"argv": [1]},
        "argv with null": {"argv": ["/bin/echo", None]},
        "argv empty": {"argv": []},
        "argv of an empty text": {"argv": [""]},
        "argv NUL": {"argv": ["/bin/echo", "a\0b"]},
        "program NUL": {"argv": ["/bin/ec\0ho"]},
        "arg0 NUL": {"arg0": "a\0b"},
        "env NUL in value": {"env": {"A": "a\0b"}},
        "env NUL in name": {"env": {"A\0B": "x"}},
        "env value of a number": {"env": {"A": 1}},
        "env value null": {"env": {"A": None}},
        "envPolicy set value of a number": {"envPolicy": {**POLICY, "set": {"A": 1}}},
        "envPolicy exclude of numbers": {"envPolicy": {**POLICY, "exclude": [1]}},
        "envPolicy NUL in set": {"envPolicy": {**POLICY, "set": {"A": "a\0b"}}},
        "program missing": {"argv": ["/no/such/program"]},
        "program missing in PATH": {"argv": ["no-such-program"], "env": PATH},
        "program is a folder": {"argv": ["$tree/dir"]},
        "program is no executable": {"argv": ["$tree/plain"]},
        "program is a text": {"argv": ["$tree/text"]},
        "program is a fifo": {"argv": ["$tree/fifo"]},
        "program is a loop": {"argv": ["$tree/loop"]},
        "program below a file": {"argv": ["$tree/plain/x"]},
        "program name too long": {"argv": ["/" + "x" * 5000]},
        "cwd missing": {"cwd": uri("$tree/nowhere")},
        "cwd is a file": {"cwd": uri("$tree/plain")},
        "cwd is a loop": {"cwd": uri("$tree/loop")},
        "cwd is a broken link": {"cwd": uri("$tree/broken")},
        "cwd of another scheme": {"cwd": "http://localhost/tmp"},
        "cwd of another host": {"cwd": "file://elsewhere/tmp"},
        "cwd of a drive": {"cwd": "file:///C:/tmp"},
        "cwd with query": {"cwd": "file:///tmp?x"},
        "cwd with fragment": {"cwd": "file:///tmp#x"},
        "cwd with NUL": {"cwd": "file:///tmp/%00"},
        "cwd relative": {"cwd": "tmp"},
        "metadata threadId is no UUID": {"metadata": {"threadId": "x"}},
        "metadata threadId": {"metadata": {"threadId": "0199a213-81c0-7800-8aa1-bbab2a035a53", "toolCallId": "c"}},
        "metadata threadId without hyphens": {"metadata": {"threadId": "0199a21381c078008aa1bbab2a035a53"}},
        "metadata threadId in braces": {"metadata": {"threadId": "{0199a213-81c0-7800-8aa1-bbab2a035a53}"}},
        "metadata threadId urn": {"metadata": {"threadId": "urn:uuid:0199a213-81c0-7800-8aa1-bbab2a035a53"}},
        "metadata threadId upper case": {"metadata": {"threadId": "0199A213-81C0-7800-8AA1-BBAB2A035A53"}},
        "shellSnapshot empty": {"shellSnapshot": {}},
        "shellSnapshot without shell": {"shellSnapshot": {"scopeId": "s"}},
        "shellSnapshot without scope": {"shellSnapshot": {"shell": {"name": "bash", "path": "/bin/bash"}}},
        "shellSnapshot of numbers": {"shellSnapshot": {"scopeId": 1, "shell": {"name": 2, "path": 3}}},
        "shellSnapshot shell empty": {"shellSnapshot": {"scopeId": "s", "shell": {}}},
        "id of 300 characters": {"processId": "x" * 300},
        "id with NUL": {"processId": "a\0b"},
    }, START),
    case("process/start plain cwd", Call("process/start", {**START, "cwd": "/tmp"}),
         allow=Allow("both-paths", "0.reply", {"result": {"processId": "p"}})),
    case("process/start empty cwd", Call("process/start", {**START, "cwd": ""}),
         allow=Allow("optional-members", "0.reply", {"result": {"processId": "p"}})),
    ran("echo"),
    ran("an empty id", processId=""),
    ran("a script", argv=["$tree/script", "one", "two"]),
    ran("a name found in PATH", argv=["echo", "found"], env=PATH),
    ran("a name without PATH", argv=["echo", "found"]),
    ran("a name in an empty PATH", argv=["echo", "found"], env={"PATH": ""}),
    ran("a name by a PATH of the tree", argv=["script"], env={"PATH": "$tree:/bin"}),
    ran("a relative program", argv=["./script", "x"], cwd=uri("$tree")),
    ran("a relative program elsewhere", argv=["tree/script", "x"], cwd=uri("$root")),
    shell("arg0", 'echo "$0"', argv=["/bin/sh", "-c", "cat /proc/$$/cmdline | tr '\\0' ' '"], arg0="other name"),
    shell("arg0 empty", "", argv=["/bin/sh", "-c", "cat /proc/$$/cmdline | tr '\\0' ' '"], arg0=""),
    shell("cwd with an escape", "pwd", cwd="file://$tree/d%69r"),
    shell("cwd with a slash behind", "pwd", cwd="file://$tree/dir/"),
    shell("cwd with dots", "pwd", cwd="file://$tree/dir/deep/.."),
    shell("cwd through a link", "/bin/pwd -P", cwd="file://$tree/to_dir"),
    shell("cwd on localhost", "pwd", cwd="file://localhost$tree/dir"),
    shell("cwd root", "pwd", cwd="file:///"),
    shell("stdin is null", "readlink /proc/self/fd/0; cat; echo end"),
    shell("descriptors", "ls /proc/$$/fd"),
    shell("signals", "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"),
    shell("session leader", "set -- $(cat /proc/$$/stat); test $5 = $$ && test $6 = $$ && echo leader"),
    shell("umask", "umask"),
    shell("env is exact", "/usr/bin/env | sort", env={"B": "2", "A": "1", "Ü": "ä", "E": ""}),
    shell("env is empty", "cat /proc/$$/environ | tr '\\0' '\\n'"),
    shell("env with odd names", "cat /proc/$$/environ | tr '\\0' '\\n' | sort",
          Allow("env-names", "1.output.stdout", "C D=e\n"), env={"": "x", "A=B": "c", "C D": "e"}),
    shell("exit code 0", "exit 0"),
    shell("exit code 1", "exit 1"),
    shell("exit code 255", "exit 255"),
    shell("killed by TERM", "kill -TERM $$"),
    shell("killed by KILL", "kill -KILL $$"),
    shell("killed by SEGV", "kill -SEGV $$"),
    shell("killed by USR1", "kill -USR1 $$"),
    shell("both streams", "echo out; echo err >&2"),
    shell("not UTF-8", "printf '\\377\\376\\000x'"),
    shell("100 kB", "head -c 100000 /dev/zero | tr '\\0' x"),
    shell("early end of output", "exec >&- 2>&-; exit 3"),
    shell("background child", "(sleep 0.3; echo late) & echo first; exit 4"),
    policy("none"),
    policy("all", inherit="all"),
    policy("core", inherit="core"),
    policy("all without the usual names", inherit="all", ignoreDefaultExcludes=False),
    policy("set", set={"SET_ONE": "1", "MY_KEY": "k"}),
    policy("set survives the usual names", set={"MY_KEY": "k"}, ignoreDefaultExcludes=False),
    policy("exclude", inherit="all", exclude=["diff_*"]),
    policy("exclude leaves set alone", exclude=["SET_*"], set={"SET_ONE": "1"}),
    policy("exclude with ?", inherit="all", exclude=["DIFF_PLAI?", "?"]),
    policy("exclude with a class", inherit="all", exclude=["DIFF_[A-Z]*", "H[O]ME"]),
    policy("exclude everything", inherit="all", exclude=["*"]),
    policy("exclude of an empty glob", inherit="all", exclude=[""]),
    policy("includeOnly", inherit="all", includeOnly=["DIFF_*", "home"], set={"SET_ONE": "1"}),
    policy("includeOnly empty glob", inherit="all", includeOnly=[""]),
    policy("env on top", inherit="all", includeOnly=["HOME"], env={"MY_KEY": "env", "HOME": "own"},
           ignoreDefaultExcludes=False),
    policy("env over set", set={"SET_ONE": "set"}, env={"SET_ONE": "env"}),
    case("process/start unknown inherit", Call("process/start", {**START, "envPolicy": {**POLICY, "inherit": "some"}})),
]
