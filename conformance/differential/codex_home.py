"""What lies in CODEX_HOME (which is HOME as well), for environmentConfig/read and capabilities/discoverV2.

Both are about the server's own folders, so all cases share these files.
"""
from __future__ import annotations

from pathlib import Path

from differential import fixture

CONFIG = """model = "home"
number = 0x10
unusual = "quoted \\" \\u00fc"
[mcp_servers.one]
command = "first"
args = ["a", 'b']
env = { ONE = "1" }
[mcp_servers."two words"]
url = "http://127.0.0.1:1/"
[table]
list = [1, 2.5, true, -inf]
when = 2024-01-02T03:04:05Z
long = \"\"\"
several
lines\"\"\"
[[entries]]
name = "x"
[[entries]]
name = "y"
[projects."PROJECT"]
trust_level = "trusted"
"""
SKILLS = {
    "greet": "---\nname: greet\ndescription: says hello\n---\nSay hello.\n",
    "folder/nested": "---\nname: nested\ndescription: lies deeper\nmetadata:\n  short-description: short\n---\n",
    "named-otherwise": "---\nname: other\ndescription: \"quoted: text\"\nlicense: none\n---\n",
    "several-lines": "---\nname: lines\ndescription: >\n  one\n  two\n---\n",
    "without-front-matter": "Say hello.\n",
    "without-name": "---\ndescription: no name\n---\n",
    "without-description": "---\nname: no-description\n---\n",
    "bad-yaml": "---\nname: [\n---\n",
    "empty": "",
    "long-name": f"---\nname: {'n' * 200}\ndescription: d\n---\n",
    "long-description": f"---\nname: long\ndescription: {'d' * 2000}\n---\n",
    "not-ended": "---\nname: n\ndescription: d\n",
    ".hidden": "---\nname: hidden\ndescription: d\n---\n",
}


def build(home: Path, project: Path) -> None:
    """Configuration and skills of the server, and a project it trusts."""
    fixture.mkdir(home)
    fixture.write(home / "config.toml", CONFIG.replace("PROJECT", str(project)))
    for name, text in SKILLS.items():
        fixture.mkdir(home / "skills" / name)
        fixture.write(home / "skills" / name / "SKILL.md", text)
    fixture.mkdir(home / "skills" / "no-file")
    fixture.symlink(home / "skills" / "linked", "greet")
    for folder, model in ((project, "project"), (project / "sub", "sub")):
        fixture.mkdir(folder / ".codex")
        fixture.write(folder / ".codex" / "config.toml", f'model = "{model}"\n[mcp_servers.three]\ncommand = "third"\n')
    fixture.mkdir(project / ".git")
