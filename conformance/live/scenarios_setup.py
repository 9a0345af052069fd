"""Scenarios: how a server was set up by its owner: a token, a configuration, skills, a login shell; and threads resumed."""

from __future__ import annotations

import json
import re
import tomllib

from live.model_server import Conversation
from live.scenario import (LiveRun, Remote, Scenario, Unsupported, environments_toml, exec_command, expect, expect_equal,
                      expect_exit, one_turn)
from live.server_process import ServerError

_NEW, _OLD = (0, 169), (0, 150)
_TOKEN = "token-of-the-test-0123456789"
_SKILL = "---\nname: {name}\ndescription: token-of-{name}\n---\nBody.\n"
_CONFIG = """model = "not asked for"
[mcp_servers.there]
command = "there-server"
args = ["--verbose", "grüße"]
[mcp_servers.there.env]
NAME = "value"
"""


def _guarded(run: LiveRun) -> Remote:
    token_file = run.root / "token"
    token_file.write_text(_TOKEN)
    try:
        return run.start_server("guarded", "--ws-auth", "capability-token", "--ws-token-file", str(token_file))
    except ServerError as error:
        if re.search("(unexpected argument|unknown option) .--ws-auth", str(error)):
            raise Unsupported("option --ws-auth") from error
        raise


def _with_token(remote: Remote, token: str) -> str:
    return environments_toml(("remote", remote.url, f'auth_bearer_token = "{token}"\n'))


def _bearer_token(run: LiveRun) -> None:
    """The token of environments.toml opens a server that asks for one."""
    remote = _guarded(run)
    outputs = run.converse(one_turn(exec_command("c", "echo let-in")), environments=_with_token(remote, _TOKEN))
    expect_equal("output", "let-in\n", expect_exit(outputs["c"], 0))
    head = remote.traffic.http_heads(from_server=False)[0].lower()
    expect(f"authorization: bearer {_TOKEN}" in head.splitlines(), "upgrade request", f"Bearer {_TOKEN}", head)


def _bearer_token_refused(run: LiveRun) -> None:
    """With a wrong token there is no environment; the client may try as often as it likes."""
    remote = _guarded(run)
    remote.expected_connections = None
    outputs = run.converse(one_turn(exec_command("c", "touch let-in")), environments=_with_token(remote, "wrong"))
    expect("No usable execution environment" in outputs["c"].text or "unsupported call" in outputs["c"].text, "tool output",
           "no environment", outputs["c"].text)
    expect_equal("let-in exists", False, (run.project / "let-in").exists())
    expect_equal("requests that got through", [], remote.traffic.requests)
    statuses = {head.splitlines()[0] for head in remote.traffic.http_heads(from_server=True)}
    expect_equal("status of the upgrades", {"HTTP/1.1 401 Unauthorized"}, statuses)


def _environment_config(run: LiveRun) -> None:
    """The client is told of config.toml in the server's CODEX_HOME, and only what it asks for."""
    home = run.server_home("configured")
    (home / "config.toml").write_text(_CONFIG)
    remote = run.start_server("configured")
    outputs = run.converse(one_turn(exec_command("c", "echo works")), environments=environments_toml(("remote", remote.url, "")))
    expect_equal("output", "works\n", expect_exit(outputs["c"], 0))
    for read in run.requests("environmentConfig/read", remote):
        expect_equal("configPaths", [["mcp_servers"]], read.params["configPaths"])
        result = read.result or {}
        expect_equal("homes", {home.as_uri()}, {result.get("userHomeDir"), result.get("codexHomeDir")})
        layers = result["config"]["layers"]
        expect_equal("source of the layers", [f"user ({home / 'config.toml'})"], [layer["source"] for layer in layers])
        wanted = {"mcp_servers": tomllib.loads(_CONFIG)["mcp_servers"]}
        expect_equal("the layer", wanted, tomllib.loads(layers[0]["toml"]))
        expect_equal("requirements", [], result["requirements"]["layers"])


def _discovery(run: LiveRun) -> None:
    """Skills in the homes of the server's user are found by the server and listed for the model."""
    home = run.server_home("skilled")
    for folder, name in ((home / "skills", "codex-home-skill"), (home / ".agents" / "skills", "user-skill")):
        (folder / name).mkdir(parents=True)
        (folder / name / "SKILL.md").write_text(_SKILL.format(name=name))
    remote = run.start_server("skilled")
    run.converse(one_turn(exec_command("c", "true")), environments=environments_toml(("remote", remote.url, "")),
                 settings=("features.executor_capability_discovery=true",
                           "features.executor_capability_discovery_v2=true"))
    request = json.dumps(run.model_requests[0])
    for name in ("codex-home-skill", "user-skill"):
        expect(f"token-of-{name}" in request, "model request", f"token-of-{name}", "not in it")
    found = run.requests("capabilities/discoverV2", remote)[0].result or {}
    expect_equal("skills found", {"codex-home-skill": "codex-home-skills", "user-skill": "user-agent-skills"},
                 {skill["name"]: skill["discoveryRoot"]["id"] for skill in found["skills"]})
    expect_equal("warnings", [], found["warnings"])


def _shell_snapshot_profile(run: LiveRun) -> None:
    """Three commands in one login shell's world; its profile runs once."""
    home = run.server_home("shelled")
    (home / ".bash_profile").write_text('echo run >> "$HOME/profile-runs"; export FROM_PROFILE=grüße; . ~/.functions\n')
    (home / ".functions").write_text('greet() { echo "hello $1"; }\nshopt -s expand_aliases\nalias shout="echo LOUD"\n')
    remote = run.start_server("shelled")
    with_aliases = run.codex.version >= _NEW  # before, the commands did not get them
    command = 'greet "$0"; echo $FROM_PROFILE; export FROM_PROFILE=changed; cd /'

    def conversation() -> Conversation:
        for number in range(3):
            yield [exec_command(f"c{number}", f"{command}; : {number}")]
        yield [exec_command("pwd", "pwd")]
        if with_aliases:
            yield [exec_command("alias", "shout")]

    outputs = run.converse(conversation(), environments=environments_toml(("remote", remote.url, "")),
                           settings=("features.shell_snapshot_v2=true",))
    for number in range(3):
        expect_equal("output", "hello /bin/bash\ngrüße\n", expect_exit(outputs[f"c{number}"], 0))
    expect_equal("pwd", f"{run.project}\n", expect_exit(outputs["pwd"], 0))
    if with_aliases:
        expect_equal("alias", "LOUD\n", expect_exit(outputs["alias"], 0))
    expect_equal("runs of the profile", "run\n", (home / "profile-runs").read_text())
    starts = run.requests("process/start", remote)
    expect_equal("process/start", 5 if with_aliases else 4, len(starts))
    expect_equal("shells and scopes of the snapshots", 1,
                 len({json.dumps(start.params["shellSnapshot"], sort_keys=True) for start in starts}))


def _thread_resume(run: LiveRun) -> None:
    """A second codex goes on with the thread of the first: a new connection and session, the old conversation."""
    (run.project / "AGENTS.md").write_text("token-of-the-project\n")
    outputs = run.converse(one_turn(exec_command("first", "echo kept > state; echo output-of-the-first")))
    expect_equal("output", "output-of-the-first\n", expect_exit(outputs["first"], 0))
    outputs = run.converse(one_turn(exec_command("second", "cat state")), resumes=True)
    expect_equal("output", "kept\n", expect_exit(outputs["second"], 0))
    request = json.dumps(run.model_requests[0])
    for text in ("output-of-the-first", "token-of-the-project"):
        expect(text in request, "model request of the second run", text, "not in it")
    sessions = [(start.connection, start.params.get("resumeSessionId")) for start in run.requests("initialize")]
    expect_equal("connections and sessions asked for", [(0, None), (1, None)], sessions)
    ids = [(start.result or {})["sessionId"] for start in run.requests("initialize")]
    expect(ids[0] != ids[1], "session ids", "two", ids)


SCENARIOS = (
    Scenario("bearer_token", _bearer_token, own_server=True, first=_NEW, connections=0),
    Scenario("bearer_token_refused", _bearer_token_refused, own_server=True, first=_NEW, connections=0),
    Scenario("environment_config", _environment_config, own_server=True, first=_OLD, connections=0, capabilities=("environmentConfigRead",)),
    Scenario("capability_discovery", _discovery, own_server=True, first=_NEW, connections=0, capabilities=("capabilityDiscoveryV2",)),
    Scenario("shell_snapshot_profile", _shell_snapshot_profile, own_server=True, first=_OLD, connections=0, capabilities=("shellSnapshotV2",)),
    Scenario("thread_resume", _thread_resume, connections=2),
)
