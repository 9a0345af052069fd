"""Scenarios: what codex finds in the project folder: skills, a git repository, things that appear later."""

from __future__ import annotations

import json
import subprocess

from live.model_server import Conversation, assistant_message, custom_tool_call
from live.scenario import LiveRun, Scenario, Unsupported, exec_command, expect, expect_equal, expect_exit, one_turn

_URIS, _WATCHING = (0, 150), (0, 169)
_SKILL = "---\nname: {name}\ndescription: token-of-{name} grüße\n---\nBody of {name}.\n"


def _request_text(run: LiveRun) -> str:
    """The first thing the latest run of codex said to the model."""
    return json.dumps(run.model_requests[0], ensure_ascii=False)


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
    found = {name: f"token-of-{name} grüße" in _request_text(run) for name in ("plain", "nested", "linked", "hidden")}
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
    """What was missing is watched; when a command makes it the client is told, and finds it in its next turn."""
    skill = ".agents/skills/late"
    command = f"mkdir -p .git {skill}; printf -- '---\\nname: late\\ndescription: token-%s\\n---\\n' late > {skill}/SKILL.md"

    def conversation() -> Conversation:
        if not run.traffic.capabilities().get("fsWatchMissing"):
            raise Unsupported("capability fsWatchMissing")
        yield [exec_command("make", command)]
        run.wait_until("fs/missingChanged", lambda: bool(run.traffic.notified("fs/missingChanged")))
        yield [assistant_message("end of the first turn")]
        yield [exec_command("again", "true")]

    outputs = run.converse(conversation(), turns=2)
    expect_exit(outputs["make"], 0)
    told = ["token-late" in json.dumps(request) for request in run.model_requests]
    expect_equal("model requests with the skill", [False, False, True, True], told)
    first = run.requests("fs/watchMissing")[0]
    expect_equal("watchId of the first fs/missingChanged", first.params["watchId"],
                 run.traffic.notified("fs/missingChanged")[0].params["watchId"])
    for path in ("/project/.git", "/project/.agents/skills"):
        expect(any(missing.endswith(path) for missing in first.params["missing"]), "watched paths", path, first.params)
    for request in run.requests("fs/watchMissing"):
        expect_equal("reply to fs/watchMissing", {"watching": True}, request.result)


SCENARIOS = (
    Scenario("skills", _skills, first=_URIS, methods=("fs/walk",)),
    Scenario("git_repository", _git_repository),
    Scenario("watch_missing", _watch_missing, first=_WATCHING, capabilities=("fsWatchMissing",),
             methods=("fs/walk",)),
)
