"""Scenarios: what codex finds in the project folder: skills, a git repository, things that appear later."""

from __future__ import annotations

import json
import subprocess

from model_server import Conversation, custom_tool_call
from scenario import LiveRun, Scenario, exec_command, expect, expect_equal, expect_exit, one_turn

_URIS, _WATCHING = (0, 150), (0, 169)
_TOKEN, _TURNS = "token-that-appeared", 20
_SKILL = "---\nname: {name}\ndescription: token-of-{name} grüße\n---\nBody of {name}.\n"


def _request_text(run: LiveRun, number: int = -1) -> str:
    return json.dumps(run.model_requests[number], ensure_ascii=False)


def _skills(run: LiveRun) -> None:
    """Skills of the repository: one plain, one nested, one behind a symlink, one in a folder that is not looked into."""
    (run.project / ".git").mkdir()
    skills = run.project / ".agents" / "skills"
    elsewhere = run.project / "elsewhere"
    for folder, name in ((skills / "plain", "plain"), (skills / "group" / "nested", "nested"),
                         (skills / ".hidden", "hidden"), (elsewhere, "linked")):
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(_SKILL.format(name=name))
    (skills / "link").symlink_to(elsewhere)
    run.converse(one_turn(exec_command("c", "true")))
    found = {name: f"token-of-{name} grüße" in _request_text(run, 0) for name in ("plain", "nested", "linked", "hidden")}
    expect_equal("skills in the model request", {"plain": True, "nested": True, "linked": True, "hidden": False}, found)
    walks = [walk for walk in run.requests("fs/walk") if walk.params["path"].endswith("/.agents/skills")]
    expect(bool(walks), "fs/walk", "of .agents/skills", [walk.params for walk in run.traffic.of_method("fs/walk")])
    paths = {entry["path"].rpartition("/.agents/skills/")[2] for entry in (walks[0].result or {})["entries"]}
    expect(paths >= {"plain/SKILL.md", "group/nested/SKILL.md", "link/SKILL.md"}, "entries of fs/walk",
           "the three SKILL.md", sorted(paths))
    expect_equal("entries below hidden folders", [], [path for path in paths if path.startswith(".hidden/")])


def _git(run: LiveRun, *arguments: str) -> str:
    """What git says, run by the test itself."""
    return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments], cwd=run.project,
                          check=True, stdout=subprocess.PIPE, text=True).stdout


def _git_repository(run: LiveRun) -> None:
    """A repository above the working folder: commands and patches change it, git sees it, commits stay."""
    _git(run, "init", "-q", "-b", "main")
    (run.project / "a.txt").write_text("a\n")
    _git(run, "add", "-A")
    _git(run, "commit", "-q", "-m", "first")
    patch = "*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+b\n*** Add File: new.txt\n+new\n*** End Patch\n"
    commit = "git add -A && git -c user.name=t -c user.email=t@localhost commit -q -m second && git log --format=%s"

    def conversation() -> Conversation:
        yield [exec_command("before", "git status --porcelain; git branch --show-current")]
        yield [custom_tool_call("patch", "apply_patch", patch)]
        yield [exec_command("changed", "git status --porcelain; git diff --stat -- a.txt | head -n 1")]
        yield [exec_command("commit", commit)]

    outputs = run.converse(conversation())
    expect_equal("git before", "main\n", expect_exit(outputs["before"], 0))
    expect("Success" in outputs["patch"].text, "tool output", "Success", outputs["patch"].text)
    changed = expect_exit(outputs["changed"], 0)
    expect(changed.startswith(" M a.txt\n?? new.txt\n a.txt | 2 +-"), "git after the patch", "M a.txt, ?? new.txt", changed)
    expect_equal("git log", "second\nfirst\n", expect_exit(outputs["commit"], 0))
    expect_equal("the repository", ("second\nfirst\n", ""), (_git(run, "log", "--format=%s"), _git(run, "status", "-s")))
    found = [request for request in run.traffic.of_method("fs/getMetadata")
             if request.params["path"].endswith("/project/.git") and (request.result or {}).get("isDirectory")]
    expect(bool(found), "fs/getMetadata", "finds .git", "not found")
    expect_equal("files written", {"a.txt", "new.txt"},
                 {request.params["path"].rpartition("/")[2] for request in run.requests("fs/writeFile")})


def _watch_missing(run: LiveRun) -> None:
    """An AGENTS.md that a command makes is noticed without being looked for, and the model is told what is in it."""
    def told() -> bool:
        return _TOKEN in _request_text(run)

    def conversation() -> Conversation:
        yield [exec_command("a", f"echo {_TOKEN} > AGENTS.md; mkdir .git")]
        run.wait_until("fs/missingChanged", lambda: bool(run.traffic.notified("fs/missingChanged")))
        for turn in range(_TURNS):
            if told():
                return
            yield [exec_command(f"turn-{turn}", "true")]

    run.converse(conversation())
    expect(_TOKEN not in _request_text(run, 0), "first model request", "without the file", "with it")
    expect(told(), f"model request, {_TURNS} turns later", _TOKEN, "not in it")
    for request in run.requests("fs/watchMissing"):
        expect_equal("reply to fs/watchMissing", {"watching": True}, request.result)
    asked = {request.params["watchId"] for request in run.requests("fs/watchMissing")}
    notified = {notification.params["watchId"] for notification in run.traffic.notified("fs/missingChanged")}
    expect(notified <= asked, "watchId of fs/missingChanged", asked, notified)
    missing = [path for request in run.requests("fs/watchMissing") for path in request.params["missing"]]
    expect(any(path.endswith("/project/.git") for path in missing), "watched paths", "…/project/.git", missing)


SCENARIOS = (
    Scenario("skills", _skills, first=_URIS, methods=("fs/walk",)),
    Scenario("git_repository", _git_repository, first=_URIS),
    Scenario("watch_missing", _watch_missing, first=_WATCHING, capabilities=("fsWatchMissing",)),
)
