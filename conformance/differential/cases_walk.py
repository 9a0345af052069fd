"""fs/walk."""
from __future__ import annotations

from typing import Any

from differential.case import ABSENT, Allow, Call, Case, Do, case, positional, shapes, uri

OPTIONS: dict[str, Any] = {"maxDepth": 8, "maxDirectories": 100, "maxEntries": 1000,
                           "followDirectorySymlinks": False}
BASE = {"path": uri("$tree/dir"), "options": OPTIONS}


def walk(path: str = "$tree/dir", **options: Any) -> Call:
    merged = {name: value for name, value in {**OPTIONS, **options}.items() if value is not ABSENT}
    return Call("fs/walk", {"path": uri(path), "options": merged})


CASES: list[Case] = [
    *shapes("fs/walk", BASE, {"path": "string", "options": "object", "sandbox": "object null"},
            allow=positional("options", "sandbox")),
    *shapes("fs/walk", BASE, {"maxDepth": "number", "maxDirectories": "number", "maxEntries": "number",
                              "followDirectorySymlinks": "bool", "pruneHiddenDirectories": "bool"},
            inside=("options",)),
    *[case(f"fs/walk {member}={value}", walk(**{member: value}))
      for member, values in {"maxDepth": (0, 1, 2, 3, 64, 65, -1, 2.0, 2 ** 32, 2 ** 63, 2 ** 64),
                             "maxDirectories": (0, 1, 2, 3, 4, 5, 10000, 10001, -1, 2 ** 64),
                             "maxEntries": (0, 1, 2, 3, 5, 8, 13, 50000, 50001, -1, 2 ** 64)}.items()
      for value in values],
    *[case(f"fs/walk following, {member}={value}", walk(followDirectorySymlinks=True, **{member: value}))
      for member, values in {"maxDepth": (0, 1, 2, 9), "maxDirectories": (1, 2, 3, 4, 5, 6),
                             "maxEntries": (1, 4, 7, 10, 11, 12, 20)}.items() for value in values],
    *[case(f"fs/walk of {name or 'the tree'}, following={follow}, pruning={prune}",
           walk(f"$tree/{name}", followDirectorySymlinks=follow, pruneHiddenDirectories=prune))
      for name in ("", "dir", "dir/", "dir/.cache", "empty_dir", "plain", "to_dir", "to_dir/", "to_plain", "broken",
                   "loop", "fifo", "nowhere", "plain/below", "up", "chain")
      for follow in (False, True) for prune in (False, True)],
    *[case(f"fs/walk of the wide tree, {options}", walk("$tree/wide", **options))
      for options in ({"maxEntries": 59}, {"maxEntries": 60}, {"maxEntries": 61}, {"maxEntries": 119},
                      {"maxEntries": 120}, {"maxEntries": 121}, {"maxDirectories": 60}, {"maxDirectories": 61},
                      {"maxDirectories": 62}, {"maxDirectories": 10, "maxEntries": 30}, {"maxDepth": 1})],
    case("fs/walk names that are not UTF-8", walk("$root/odd"),
         allow=(Allow("walk-names", "0.reply.result.entries"), Allow("walk-names", "0.reply.result.errors", []))),
    case("fs/walk a name with a newline", Do("write", ("$scratch/a\nb", "")), walk("$scratch"),
         allow=(Allow("walk-names", "1.reply.result.entries", [{"kind": "file", "path": "file://$scratch/a%0Ab"}]),
                Allow("walk-names", "1.reply.result.errors", []))),
    case("fs/walk deep", walk("$tree/chain", maxDepth=64), walk("$tree/chain", maxDepth=63)),
    case("fs/walk all limits wrong", walk(maxDepth=65, maxDirectories=0, maxEntries=50001)),
    case("fs/walk zero and too much", walk(maxDirectories=0, maxEntries=50001)),
    case("fs/walk wrong limits of nothing", walk("$tree/nowhere", maxEntries=0)),
    case("fs/walk wrong limits of another host", Call("fs/walk", {"path": "file://elsewhere/x",
                                                                  "options": {**OPTIONS, "maxEntries": 0}})),
    case("fs/walk other host", Call("fs/walk", {"path": "file://elsewhere/x", "options": OPTIONS})),
    case("fs/walk NUL", Call("fs/walk", {"path": "file:///tmp/%00", "options": OPTIONS})),
    case("fs/walk relative", Call("fs/walk", {"path": "dir", "options": OPTIONS})),
    case("fs/walk pruning a hidden root", walk("$tree/dir/.cache", pruneHiddenDirectories=True)),
    case("fs/walk order", *[Do("write", (f"$scratch/{name}", ""))
                            for name in ("b", "a", "B", "ä", "a.", "a-", "aa", "~", "1")],
         *[Do("mkdir", (f"$scratch/{name}/x",)) for name in ("d/z", "A", "c", "ab")], walk("$scratch")),
    case("fs/walk two links to one folder", Do("mkdir", ("$scratch/real/in",)), Do("symlink", ("$scratch/a", "real")),
         Do("symlink", ("$scratch/z", "real")), Do("symlink", ("$scratch/real/in/up", "../..")),
         walk("$scratch", followDirectorySymlinks=True), walk("$scratch/a", followDirectorySymlinks=True)),
    case("fs/walk names with escapes", *[Do("write", (f"$scratch/{name}", "")) for name in
                                         ("a b", "%41", "#", "?", "\"", "\\", "ü", "[x]", "a&b", "<", "`", "{",
                                          "|", "^",
                                          ";", ":", "@", "=", "+", ",", "'", "(", "!", "*", "$")], walk("$scratch")),
    case("fs/walk hidden link", Do("mkdir", ("$scratch/d/e",)), Do("symlink", ("$scratch/.l", "d")),
         Do("symlink", ("$scratch/m", ".l")),
         walk("$scratch", followDirectorySymlinks=True, pruneHiddenDirectories=True)),
    case("fs/walk /proc/self/fdinfo", walk("/proc/sys/kernel/random")),
    case("fs/walk /dev/null", walk("/dev/null")),
]
