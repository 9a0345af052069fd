"""fs/watchMissing and fs/missingChanged."""
from __future__ import annotations

from typing import Any

from differential.case import RESULT, Allow, Call, Case, Connect, Do, Drop, Note, case, shapes, uri

CHANGED = Note("fs/missingChanged", seconds=3)
QUIET = Note("fs/missingChanged", seconds=0.4, never=True)


def watch(missing: list[str], present: str | None = None, watch_id: Any = 1, on: str = "a") -> Call:
    return Call("fs/watchMissing", {"watchId": watch_id, "missing": [uri(path) for path in missing],
                                    "present": uri(present) if present else None}, on=on)


# Beyond 64 paths or names codex does not watch.
MORE = (Allow("watch-limits", "0.reply.result.watching", True), Allow("watch-limits", "2.note"))
FILE = Do("write", ("$scratch/f", ""))
CASES: list[Case] = [
    *shapes("fs/watchMissing", {"watchId": 1, "missing": [], "present": None},
            {"watchId": "number", "missing": "array", "present": "string null"}),
    *[case(f"fs/watchMissing watchId={value}", watch(["$scratch/f"], watch_id=value), FILE,
           Note("fs/missingChanged", seconds=1))
      for value in (0, -1, 1.5, 2 ** 32, 2 ** 53 + 1, 2 ** 64 - 1, 2 ** 64)],
    *[case(f"fs/watchMissing missing={name}",
           Call("fs/watchMissing", {"watchId": 1, "missing": value, "present": None}),
           allow=Allow("both-paths", "0.reply", RESULT) if name == "plain" else ())
      for name, value in {"numbers": [1], "nulls": [None], "relative": ["x"], "other host": ["file://elsewhere/x"],
                          "NUL": ["file:///tmp/%00"], "other scheme": ["http://x/y"], "query": ["file:///tmp/x?y"],
                          "plain": ["/no/such/file"]}.items()],
    *[case(f"fs/watchMissing present={name}", Call("fs/watchMissing", {"watchId": 1, "missing": [], "present": value}))
      for name, value in {"relative": "x", "other host": "file://elsewhere/x", "NUL": "file:///tmp/%00",
                          "root": "file:///",
                          "missing": "file:///no/such", "file": uri("$tree/plain"),
                          "folder": uri("$tree/dir")}.items()],
    case("fs/watchMissing nothing", watch([])),
    case("fs/watchMissing what appears", watch(["$scratch/f"]), FILE, CHANGED, QUIET),
    case("fs/watchMissing what is there", FILE, watch(["$scratch/f"]), QUIET),
    case("fs/watchMissing what is there, and what is not", FILE, watch(["$scratch/f", "$scratch/g"]),
         Do("write", ("$scratch/g", "")), Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing a folder appear", watch(["$scratch/d"]), Do("mkdir", ("$scratch/d",)), CHANGED),
    case("fs/watchMissing a link appear", watch(["$scratch/l"]), Do("symlink", ("$scratch/l", "no")), CHANGED),
    case("fs/watchMissing a rename", watch(["$scratch/f"]), Do("write", ("$scratch/g", "")),
         Do("rename", ("$scratch/g", "f")), CHANGED),
    case("fs/watchMissing below a missing folder", watch(["$scratch/d/e/f"]), Do("mkdir", ("$scratch/d/e",)),
         Do("write", ("$scratch/d/e/f", "")), CHANGED),
    case("fs/watchMissing below a missing folder that appears", watch(["$scratch/d/f"]), Do("mkdir", ("$scratch/d",)),
         Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing a neighbour", watch(["$scratch/f"]), Do("write", ("$scratch/g", "")), QUIET, FILE, CHANGED),
    case("fs/watchMissing several", watch(["$scratch/f", "$scratch/g"]), Do("write", ("$scratch/g", "")), CHANGED,
         FILE, QUIET),
    case("fs/watchMissing nothing but what goes", FILE, watch([], "$scratch/f"), Do("remove", ("$scratch/f",)), QUIET),
    case("fs/watchMissing a present file that changes", FILE, watch([], "$scratch/f"),
         Do("append", ("$scratch/f", "x")),
         Note("fs/missingChanged", seconds=0.5)),
    case("fs/watchMissing a present folder whose contents change", Do("mkdir", ("$scratch/d",)),
         watch([], "$scratch/d"),
         Do("write", ("$scratch/d/x", "")), Note("fs/missingChanged", seconds=0.5)),
    case("fs/watchMissing the parent of what is present go", Do("mkdir", ("$scratch/d",)),
         Do("write", ("$scratch/d/f", "")),
         watch(["$scratch/g"], "$scratch/d/f"), Do("remove", ("$scratch/d",)), CHANGED),
    case("fs/watchMissing present and missing", FILE, watch(["$scratch/g"], "$scratch/f"),
         Do("write", ("$scratch/g", "")), CHANGED,
         Do("remove", ("$scratch/f",)), QUIET),
    case("fs/watchMissing present that is missing", watch(["$scratch/g"], "$scratch/f"), FILE,
         Note("fs/missingChanged", seconds=1)),
    case("a new watch replaces the old one", watch(["$scratch/f"]), watch(["$scratch/g"]), FILE, QUIET,
         Do("write", ("$scratch/g", "")), Note("fs/missingChanged", seconds=1)),
    case("a new watch of another id", watch(["$scratch/f"]), watch(["$scratch/g"], watch_id=2), FILE,
         Note("fs/missingChanged", seconds=1), Do("write", ("$scratch/g", "")), Note("fs/missingChanged", seconds=1)),
    case("an empty watch ends the old one", watch(["$scratch/f"]), watch([]), FILE,
         Note("fs/missingChanged", seconds=0.5)),
    case("fs/watchMissing again after a change", watch(["$scratch/f"]), FILE, CHANGED, Do("remove", ("$scratch/f",)),
         watch(["$scratch/f"]), FILE, Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing a file below a file", FILE, watch(["$scratch/f/x"]), Do("remove", ("$scratch/f",)),
         Do("mkdir", ("$scratch/f",)), Do("write", ("$scratch/f/x", "")), Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing through a link", Do("mkdir", ("$scratch/d",)), Do("symlink", ("$scratch/l", "d")),
         watch(["$scratch/l/f"]),
         Do("write", ("$scratch/d/f", "")), Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing through a broken link", Do("symlink", ("$scratch/l", "d")), watch(["$scratch/l/f"]),
         Do("mkdir", ("$scratch/d",)), Do("write", ("$scratch/d/f", "")), Note("fs/missingChanged", seconds=1)),
    case("fs/watchMissing a loop", watch(["$tree/loop/x"])),
    case("fs/watchMissing in /proc", watch(["/proc/nowhere"])),
    case("fs/watchMissing a long name", watch(["$scratch/" + "x" * 300])),
    case("fs/watchMissing a folder with a slash", watch(["$scratch/d/"]), Do("mkdir", ("$scratch/d",)), CHANGED),
    case("fs/watchMissing the same twice", watch(["$scratch/f", "$scratch/f"]), FILE, CHANGED, QUIET),
    *[case(f"fs/watchMissing {count} paths", watch([f"$scratch/m{number}" for number in range(count)]),
           Do("write", ("$scratch/m3", "")), Note("fs/missingChanged", seconds=1),
           allow=MORE if count > 64 else ()) for count in (64, 65, 1024)],
    *[case(f"fs/watchMissing {count} folders deep", watch(["$scratch" + "/d" * count]), Do("mkdir", ("$scratch/d",)),
           Note("fs/missingChanged", seconds=1), allow=MORE if count > 60 else ()) for count in (50, 70)],
    case("fs/watchMissing what is present, and goes", FILE, watch(["$scratch/g"], "$scratch/f"),
         Do("remove", ("$scratch/f",)), CHANGED, Do("write", ("$scratch/g", "")), QUIET),
    case("fs/watchMissing what is present, and is renamed", FILE, watch(["$scratch/g"], "$scratch/f"),
         Do("rename", ("$scratch/f", "h")), CHANGED),
    case("fs/watchMissing what is present, and is written", FILE, watch(["$scratch/g"], "$scratch/f"),
         Do("append", ("$scratch/f", "x")), CHANGED),
    case("fs/watchMissing a folder that is present, and what is made in it", Do("mkdir", ("$scratch/d",)),
         watch(["$scratch/g"], "$scratch/d"), Do("write", ("$scratch/d/x", "")), QUIET, Do("remove", ("$scratch/d",)),
         CHANGED),
    case("fs/watchMissing what is present and a link", FILE, Do("symlink", ("$scratch/l", "f")),
         watch(["$scratch/g"], "$scratch/l"), Do("write", ("$scratch/g", "")), Note("fs/missingChanged", seconds=0.5)),
    case("watch ids must grow", watch(["$scratch/f"], watch_id=5), watch(["$scratch/f"], watch_id=5),
         watch(["$scratch/f"], watch_id=4), watch(["$scratch/f"], watch_id=6), FILE, CHANGED, QUIET),
    case("an id that is watched for nothing counts", watch([], watch_id=7), watch(["$scratch/f"], watch_id=7), FILE,
         Note("fs/missingChanged", seconds=0.5)),
    case("watches are a connection's", watch(["$scratch/f"]), Connect("b"), watch(["$scratch/g"], on="b"), FILE,
         CHANGED,
         Do("write", ("$scratch/g", "")), Note("fs/missingChanged", on="b", seconds=1)),
    case("watches end with their connection", watch(["$scratch/f"]), Drop("a"), Connect("b", resume="$session.a"), FILE,
         Note("fs/missingChanged", on="b", seconds=0.5, never=True)),
]
