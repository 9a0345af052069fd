"""Sandbox objects and the managed network: what paned refuses because it cannot enforce it."""
from __future__ import annotations

from typing import Any

from differential.case import ABSENT, RESULT, Allow, Call, Case, Collect, Like, case, uri

DISABLED: dict[str, Any] = {"type": "disabled"}
ENTRY = {"path": {"type": "path", "path": "file:///"}, "access": "read"}
READ_ONLY = ("fs/writeFile", "fs/createDirectory", "fs/copy")  # codex: EROFS
REFUSED = Like("this exec-server has no sandbox*")
UNREAD = ("cwd number", "cwd relative", "roots text", "legacy text", "external without network",
          "managed without network")
TYPE = Allow("sandbox-type", "0.reply.result.sandboxType", "none")
NO_NETWORK = {"error": {"code": -32603, "message": Like("this exec-server cannot enforce a managed network (*)")}}


def managed(file_system: Any, network: Any = "restricted") -> dict[str, Any]:
    return {"type": "managed", "file_system": file_system, "network": network}


def read(sandbox: Any) -> Call:
    return Call("fs/readFile", {"path": uri("$tree/plain"), "sandbox": sandbox})


def start(sandbox: Any = None, **members: Any) -> Call:
    return Call("process/start", {"processId": "p", "argv": ["/bin/echo", "hi"], "cwd": uri("$scratch"), "env": {},
                                  "tty": False,
                                  "sandbox": sandbox, **members})


def made(permissions: Any = ABSENT, level: Any = "disabled", **members: Any) -> dict[str, Any]:
    sandbox = {"permissions": permissions, "windowsSandboxLevel": level, **members}
    return {name: value for name, value in sandbox.items() if value is not ABSENT}


OPEN: dict[str, Any] = {
    "disabled": made(DISABLED), "external": made({"type": "external", "network": "enabled"}),
    "external restricted": made({"type": "external", "network": "restricted"}),
    "managed unrestricted": made(managed({"type": "unrestricted"}, "enabled")),
    "with everything": made(DISABLED, cwd=uri("$scratch"), workspaceRoots=[uri("$scratch")], userHomeDir="file:///root",
                            temporaryDirectories=[uri("$scratch")], useLegacyLandlock=False,
                            windowsSandboxPrivateDesktop=False),
    "with a policy context": made(DISABLED, policyContext={"cwd": uri("$scratch"), "workspaceRoots": []}),
    "unknown member": made(DISABLED, unheardOf=1),
}
ODD: dict[str, Any] = {
    "empty": {}, "no level": made(DISABLED, ABSENT), "no permissions": made(), "permissions null": made(None),
    "permissions text": made("disabled"), "permissions empty": made({}), "unknown type": made({"type": "zzz"}),
    "type null": made({"type": None}), "level unknown": made(DISABLED, "zzz"), "level null": made(DISABLED, None),
    "level number": made(DISABLED, 1), "external without network": made({"type": "external"}),
    "external bad network": made({"type": "external", "network": "x"}), "managed bare": made({"type": "managed"}),
    "managed without network": made({"type": "managed", "file_system": {"type": "unrestricted"}}),
    "managed bad network": made(managed({"type": "unrestricted"}, "x")),
                       "managed bad type": made(managed({"type": "zzz"})),
    "managed file_system null": made(managed(None)),
                       "restricted without entries": made(managed({"type": "restricted"})),
    "restricted entries null": made(managed({"type": "restricted", "entries": None})),
    "cwd number": made(DISABLED, cwd=1), "cwd relative": made(DISABLED, cwd="x"),
                       "roots text": made(DISABLED, workspaceRoots="x"),
    "legacy text": made(DISABLED, useLegacyLandlock="x"),
}


def unread(name: str) -> tuple[Allow, ...]:
    """What paned makes of the parts of a sandbox object that decide nothing."""
    if name in UNREAD:
        return (Allow("sandbox-shape", "0.reply", RESULT),)
    if name in ("restricted without entries", "restricted entries null"):
        return (Allow("fail-closed", "0.reply.error.code", -32603),
                Allow("fail-closed", "0.reply.error.message", Like("this exec-server has no sandbox*")))
    return ()


CASES: list[Case] = [
    *[case(f"sandbox {name}: fs/readFile", read(sandbox), allow=unread(name)) for name,
      sandbox in (OPEN | ODD).items()],
    *[case(f"sandbox {name}: process/start", start(sandbox), Collect("p"), allow=TYPE) for name,
      sandbox in OPEN.items()],
    *[case(f"sandbox {name}: process/start", start(sandbox), allow=unread(name)) for name, sandbox in ODD.items()],
    *[case(f"sandbox restricted: {call.method}", call,
           allow=Allow("fail-closed", "0.reply.error.message", REFUSED) if call.method in READ_ONLY
           else Allow("fail-closed", "0.reply", {"error": {"code": -32603, "message": REFUSED}})) for call in (
        Call(method,
             {**params, "sandbox": made(managed({"type": "restricted", "entries": [ENTRY]}))}) for method, params in {
            "fs/readFile": {"path": uri("$tree/plain")},
            "fs/getMetadata": {"path": uri("$tree/plain")},
            "fs/canonicalize": {"path": uri("$tree/plain")},
            "fs/readDirectory": {"path": uri("$tree/dir")},
            "fs/open": {"handleId": "h", "path": uri("$tree/plain")},
            "fs/writeFile": {"path": uri("$scratch/f"), "dataBase64": ""},
            "fs/createDirectory": {"path": uri("$scratch/d")},
            "fs/remove": {"path": uri("$scratch/d")},
            "fs/copy": {"sourcePath": uri("$tree/plain"), "destinationPath": uri("$scratch/f"), "recursive": False},
            "fs/walk": {"path": uri("$tree/dir"), "options": {"maxDepth": 1, "maxDirectories": 9, "maxEntries": 9,
                                                             "followDirectorySymlinks": False}}}.items())],
    case("managed network: not enforced", start(enforceManagedNetwork=False)),
    *[case(f"managed network: {name}", start(**members), allow=Allow("fail-closed", "0.reply", NO_NETWORK))
      for name, members in {"enforced": {"enforceManagedNetwork": True},
                            "managedNetwork empty": {"managedNetwork": {}}}.items()],
    *[case(f"managed network: {name}", start(**members)) for name, members in {
        "networkProxy empty": {"networkProxy": {}},
        "networkProxy without proxy": {"networkProxy": {"environmentId": "e"}}}.items()],
]
