"""What convert.py cannot read from a capture: initial files, descriptions, rules for output.

Data only. Keys are case names; the same scenario was recorded with several versions.
"""
from __future__ import annotations

import base64
import zlib
from typing import Any


def _file(text: str) -> dict[str, str]:
    return {"kind": "file", "text": text}


def _packed(content: bytes) -> dict[str, str]:
    return {"kind": "packed", "zlib": base64.b64encode(zlib.compress(content, 9)).decode()}


def _link(target: str) -> dict[str, str]:
    return {"kind": "symlink", "target": target}


def _skill(name: str, greeting: str = "", body: str = "") -> dict[str, str]:
    return _file(f"---\nname: {name}\ndescription: token-of-{name}{greeting}\n---\nBody{body}.\n")


# As live/scenarios_copy.py has it: 3.5 MiB, every 4 KiB differ.
_COPIED = b"".join(f"{number:08}".encode() * 512 for number in range(900))[:-100]
_DIRECTORY = {"kind": "directory"}

FILES: dict[str, dict[str, dict[str, str]]] = {
    "cwd": {"project/sub dir/deep": _DIRECTORY},
    "apply_patch": {"project/upd.txt": _file("alpha\nbeta\ngamma\n"), "project/del.txt": _file("bye\n"),
                    "project/mv.txt": _file("l1\nl2\nl3\n")},
    "apply_patch_fail": {"project/x.txt": _file("one\ntwo\n"), "project/adir": _DIRECTORY},
    "apply_patch_symlink": {"project/real.txt": _file("a\n"), "project/link.txt": _link("real.txt"),
                            "project/link2.txt": _link("real.txt")},
    "agents_md": {"repo/.git/HEAD": _file("ref: refs/heads/main\n"),
                  "repo/AGENTS.md": _file("ROOT-AGENTS-TOKEN-771 grüße\n"),
                  "repo/sub/AGENTS.md": _file("SUB-AGENTS-TOKEN-772\n")},
    "skills": {"repo/.git": _DIRECTORY,
               "repo/.agents/skills/my-skill/SKILL.md":
                   _file("---\nname: my-skill\ndescription: SKILL-TOKEN-881 does things\n---\nBody.\n")},
    "git_repo": {"repo/a.txt": _file("a\n")},
    "sandbox_read_only": {"project/r.txt": _file("readable\n")},
    "unicode": {"wörk dir %41 #1 日本": _DIRECTORY},
    **{name: {"workspace/project": _DIRECTORY} for name in (
        "capability_discovery", "environment_config", "mcp_http", "view_image", "missing_appears")},
    "copy_source": {"workspace/project/source.bin": _packed(_COPIED)},
    "copy_target": {"workspace/project/target.bin": _file("old, and longer than nothing\n")},
    "walk": {"workspace/project/.git": _DIRECTORY,
             "workspace/project/.agents/skills/plain/SKILL.md": _skill("plain", " grüße", " of plain"),
             "workspace/project/.agents/skills/group/nested/SKILL.md": _skill("nested", " grüße", " of nested"),
             "workspace/project/.agents/skills/.hidden/SKILL.md": _skill("hidden", " grüße", " of hidden"),
             "workspace/project/elsewhere/SKILL.md": _skill("linked", " grüße", " of linked"),
             "workspace/project/.agents/skills/link": _link("../../elsewhere")},
}

# What lies in the server's home (which is its CODEX_HOME, too) while a case is played.
SERVER_HOME: dict[str, dict[str, dict[str, str]]] = {
    "environment_config": {"config.toml": _file(
        'model = "not asked for"\n[mcp_servers.there]\ncommand = "there-server"\nargs = ["--verbose", "grüße"]\n'
        '[mcp_servers.there.env]\nNAME = "value"\n')},
    "capability_discovery": {"skills/codex-home-skill/SKILL.md": _skill("codex-home-skill"),
                             ".agents/skills/user-skill/SKILL.md": _skill("user-skill")},
}

# Capabilities that a case is about: without them it is not offered, and a server that has them must do as recorded.
DIRECT: dict[str, list[str]] = {
    "missing_appears": ["fsWatchMissing"], "environment_config": ["environmentConfigRead"],
    "capability_discovery": ["capabilityDiscoveryV2"], "copy_target": ["fileWriteStreaming"],
}

# Notifications that must come in a case, and are hints elsewhere.
AWAITS: dict[str, list[str]] = {"missing_appears": ["fs/missingChanged"]}

SETUP: dict[str, list[dict[str, Any]]] = {"git_repo": [{"do": "git-commit-all", "path": "repo"}]}

# Children that print their environment: `machine` names come from the machine, `restore` is what the
# recorder removed from the request of versions that send the whole environment.
OUTPUT_LINES: dict[str, dict[str, Any]] = {
    "env": {
        "lines": ["foo=bar baz ci=1 term=dumb path=/*", "PWD=/tmp/ws/project", "PATH=/*", "FOO_FROM_CONFIG=bar baz"],
        "machine": {"PATH"}, "exact": False, "restore": {"FOO_FROM_CONFIG": "bar baz", "ONLY_IN_CLIENT": "leak"},
    },
    "env_inherit_none": {
        "lines": ["PWD=/tmp/ws/project", "SHLVL=0", "_=*", "ZED=1"],
        "machine": set(), "exact": True, "restore": {"ZED": "1"},
    },
}

DESCRIPTIONS: dict[str, str] = {
    "agents_md": "AGENTS.md of a repository and of its subfolder are found and read",
    "apply_patch": "a patch adds, updates, deletes and moves files",
    "apply_patch_fail": "patches that cannot apply: missing file, folder instead of file, no match",
    "apply_patch_symlink": "a patch updates through a symlink and deletes a symlink",
    "background_child": "a background child keeps stdout open after the shell exits",
    "big_stdin": "60 kB are written to a terminal in one message",
    "capability_discovery": "the server finds the skills in its user's homes",
    "copy_source": "a file of several MiB is read in blocks, and one that is missing",
    "copy_target": "a file of several MiB is written in blocks, over an old one",
    "cwd": "working directories: with a blank, nested, the root, missing",
    "early_exit_wakes": "the client is woken by the end of a command before its wait is over",
    "empty": "no output at all, and output without a newline",
    "env": "the environment a command gets",
    "env_inherit_none": "the environment with nothing inherited",
    "environment_config": "the client asks for the mcp_servers of the server's config.toml",
    "failing": "exit status, unknown command, death by a signal",
    "git_repo": "git in a real repository, before and after a patch",
    "interrupt": "the client is interrupted and terminates its running command",
    "long_output": "more than 1 MiB of output",
    "mcp_http": "an MCP server over HTTP: streamed bodies, one that stays open, one that needs an answer in between",
    "ordered_output": "4000 short lines stay in order",
    "parallel": "four commands at once",
    "polling": "a slow command is followed to its end",
    "reconnect_running": "the network drops the connection while a command runs",
    "sandbox_read_only": "a read-only sandbox refuses to write",
    "sandbox_workspace_write": "a workspace sandbox refuses to write outside",
    "shell_param": "login and non-login shells",
    "shell_snapshot_v2": "commands with a shell snapshot",
    "simple": "one command",
    "skills": "a skill of the repository is found and read",
    "stderr": "stdout and stderr stay apart",
    "stdin_closed": "stdin of a plain command is at its end",
    "terminated_at_end": "a running command is terminated at the end of the session",
    "toml_auth": "a connection with a bearer token",
    "tty": "an interactive program on a terminal",
    "view_image": "an image is read for the model",
    "walk": "skills: plain, nested, behind a symlink, in a hidden folder",
    "missing_appears": "what is missing is watched, and a command makes it",
    "unicode": "names and output beyond ASCII, a character split between two writes",
}
