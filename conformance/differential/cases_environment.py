"""environment/info, environment/status, environmentConfig/read and capabilities/discoverV2."""
from __future__ import annotations

from typing import Any

from differential.case import ABSENT, BARE, RESULT, Allow, Call, Case, Do, Frame, case, shapes, uri

CONFIG: dict[str, Any] = {"cwd": uri("$scratch"), "configPaths": [["model"]], "requirementsPaths": []}
FLAGS = ("capabilityDiscoverySandbox", "credentialMasking", "credentialMaskingCustomProviders", "networkProxyLaunch",
         "networkProxyReviewDomains", "linuxRootWritePreservesDevices", "linuxApprovedRootWritePreservesRestrictions",
         "sandboxedFileStreaming", "windowsMxc")
OWN_INFO = [*[Allow("fail-closed", f"*.capabilities.{flag}", ABSENT) for flag in FLAGS],
            Allow("no-discovery", "*.capabilities.capabilityDiscoveryV2", ABSENT),
            Allow("paned-methods", "*.capabilities.paned", {"resize": True}),
            Allow("info-members", "*.providerId", ABSENT),
            Allow("info-members", "*.prependPathDirs", ABSENT)]
UNKNOWN = "exec-server stub does not implement `capabilities/discoverV2` yet"
CWDS = {"missing": uri("$tree/nowhere"), "a file": uri("$tree/plain"), "a loop": uri("$tree/loop"),
        "a link": uri("$tree/to_dir"),
        "of another host": "file://elsewhere/x", "NUL": "file:///tmp/%00", "relative": "x", "plain": "/tmp",
        "root": "file:///",
        "of another scheme": "http://x/y", "empty": ""}


def config(**members: Any) -> Call:
    return Call("environmentConfig/read", {**CONFIG, **members})


CASES: list[Case] = [
    *[case(f"{method} params={value!r}", Call(method, value),
           allow=OWN_INFO if method == "environment/info" and value in (None, {}, ABSENT) else ())
      for method in ("environment/info", "environment/status")
      for value in (ABSENT, None, {}, [], {"a": 1}, [1], True, 0, 1.5, "x")],
    case("environment/info in the reply to initialize",
         Frame('{"id":1,"method":"initialize","params":{"clientName":"x"}}'),
         handshake=BARE, allow=OWN_INFO),

    *shapes("environmentConfig/read", CONFIG, {"cwd": "string", "configPaths": "array", "requirementsPaths": "array"}),
    *[case(f"environmentConfig/read {member} {name}", config(**{"configPaths": [], member: value}))
      for member in ("configPaths", "requirementsPaths")
      for name, value in {"none": [], "of numbers": [1], "of nulls": [None], "of objects": [{}], "of texts": ["model"],
                          "of an empty path": [[]], "of an empty key": [[""]], "of number keys": [[1]],
                          "of null keys": [[None]], "missing": [["not there"]], "with an empty one": [["model"], []],
                          "of 1000": [[f"key{number}"] for number in range(1000)]}.items()],
    *[case(f"environmentConfig/read of {'.'.join(key)}", config(configPaths=[key]))
      for key in (["model"], ["number"], ["unusual"], ["mcp_servers"], ["mcp_servers", "one"],
                  ["mcp_servers", "one", "env", "ONE"],
                  ["mcp_servers", "two words"], ["mcp_servers", "*"], ["table"], ["table", "list"],
                  ["table", "list", "0"],
                  ["table", "when"], ["table", "long"], ["table", "no"], ["entries"], ["entries", "name"],
                  ["model", "below"],
                  ["projects"], ["MODEL"])],
    case("environmentConfig/read of several", config(configPaths=[["table"], ["model"], ["mcp_servers", "one"]])),
    case("environmentConfig/read of one twice", config(configPaths=[["model"], ["model"]])),
    case("environmentConfig/read of a table and a part of it", config(configPaths=[["table"], ["table", "list"]])),
    case("environmentConfig/read of requirements", config(configPaths=[], requirementsPaths=[["model"]])),
    *[case(f"environmentConfig/read cwd {name}", config(cwd=path),
           allow=Allow("both-paths", "0.reply", RESULT) if name == "plain" else ()) for name, path in CWDS.items()],
    case("environmentConfig/read in a trusted project",
         config(cwd=uri("$project"), configPaths=[["model"], ["mcp_servers"]])),
    case("environmentConfig/read below a trusted project", config(cwd=uri("$project/sub"), configPaths=[["model"]])),
    case("environmentConfig/read in a project without trust", Do("mkdir", ("$scratch/.codex",)),
         Do("mkdir", ("$scratch/.git",)),
         Do("write", ("$scratch/.codex/config.toml", "model = \"mine\"\n")), config()),
    case("environmentConfig/read bad project config", Do("mkdir", ("$scratch/.codex",)),
         Do("mkdir", ("$scratch/.git",)),
         Do("write", ("$scratch/.codex/config.toml", "model = \n")), config()),

    # paned does not have it: one case says what a client meets, the others would repeat that.
    case("capabilities/discoverV2", Call("capabilities/discoverV2", {"cwd": uri("$scratch")}),
         allow=Allow("no-discovery", "0.reply", {"error": {"code": -32601, "message": UNKNOWN}})),
    case("capabilities/discoverV2 before initialize", Call("capabilities/discoverV2", {"cwd": uri("$scratch")}),
         handshake=BARE, allow=(Allow("no-discovery", "0.reply.error.code", -32601),
                                Allow("no-discovery", "0.reply.error.message", UNKNOWN))),
]
