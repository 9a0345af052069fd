"""fs/remove and fs/copy."""
from __future__ import annotations

from differential.case import Allow, Call, Case, Do, Look, case, positional, shapes, single, uri

SANDBOX = {"sandbox": "object null"}
TREE = (Do("mkdir", ("$scratch/t/sub/empty",)), Do("write", ("$scratch/t/a", "A", 0o640)),
        Do("write", ("$scratch/t/sub/b", "B", 0o755)), Do("write", ("$scratch/t/.h", "H")),
        Do("symlink", ("$scratch/t/link", "a")), Do("symlink", ("$scratch/t/out", "/dev/null")),
        Do("symlink", ("$scratch/t/broken", "no")), Do("symlink", ("$scratch/t/up", "..")),
        Do("fifo", ("$scratch/t/fifo",)), Do("unix_socket", ("$scratch/t/socket",)))
FILE = Do("write", ("$scratch/f", "contents", 0o640))


def remove(path: str, **members: object) -> Call:
    return Call("fs/remove", {"path": f"file://$scratch/{path}", **members})


def copy(source: str, destination: str, recursive: bool = False) -> Call:
    place = {name: path if path.startswith("file:") else f"file://$scratch/{path}"
             for name, path in (("sourcePath", source), ("destinationPath", destination))}
    return Call("fs/copy", {**place, "recursive": recursive})


def copied(name: str, *steps: object, allow: object = ()) -> Case:
    """A copy, and what lies there afterwards."""
    return case(f"fs/copy {name}", *steps, Look("$scratch"), allow=allow)


CASES: list[Case] = [
    *shapes("fs/remove", {"path": uri("$scratch/f")}, {"path": "string", "recursive": "bool null", "force": "bool null",
                                                      **SANDBOX}, allow=positional("sandbox")),
    *shapes("fs/copy", {"sourcePath": uri("$tree/plain"), "destinationPath": uri("$scratch/f"), "recursive": False},
            {"sourcePath": "string", "destinationPath": "string", "recursive": "bool", **SANDBOX},
            allow=positional("sandbox") | {f"recursive{kind}": Allow("optional-members", "0.reply", {"result": {}})
                                           for kind in ("=null", " missing")}),
    *[case(f"fs/remove {name} recursive={recursive} force={force}", *TREE, FILE,
           remove(path, recursive=recursive, force=force), Look("$scratch"))
      for name, path in {"a file": "f", "nothing": "no", "below nothing": "no/x", "below a file": "f/x", "a tree": "t",
                         "a tree with a slash": "t/", "a file with a slash": "f/", "an empty folder": "t/sub/empty",
                         "a link": "t/link", "a link to a folder": "t/up", "a link to a folder with a slash": "t/up/",
                         "a broken link": "t/broken", "a fifo": "t/fifo", "a socket": "t/socket"}.items()
      for recursive, force in ((True, True), (True, False), (False, True), (False, False))],
    case("fs/remove by default", *TREE, remove("t"), remove("t"), Look("$scratch")),
    case("fs/remove with nulls", *TREE, remove("t", recursive=None, force=None), Look("$scratch")),
    case("fs/remove a dot", *TREE, remove("t/."), Look("$scratch")),
    case("fs/remove a loop", Do("symlink", ("$scratch/l", "l")), remove("l/x"), remove("l"), Look("$scratch")),
    *single("fs/remove", {"/proc/version": {"path": "file:///proc/version"}, "/proc": {"path": "file:///proc/self/fd"},
                          "long name": {"path": "file:///tmp/" + "x" * 300}}, {"recursive": False, "force": False}),

    copied("a file", FILE, copy("f", "g")),
    copied("a file recursive", FILE, copy("f", "g", True)),
    copied("a file onto another", FILE, Do("write", ("$scratch/g", "older and longer", 0o600)), copy("f", "g")),
    copied("a file onto a read-only one", FILE, Do("write", ("$scratch/g", "old", 0o444)), copy("f", "g")),
    copied("a file onto itself", FILE, copy("f", "f"), allow=Allow("copy-onto-itself", "2.file.entries.f.*")),
    copied("a file onto itself by a link", FILE, Do("symlink", ("$scratch/l", "f")), copy("f", "l"),
           allow=Allow("copy-onto-itself", "3.file.entries.f.*")),
    copied("a setuid file", Do("write", ("$scratch/s", "x", 0o6755)), copy("s", "g")),
    copied("an unreadable mode", Do("write", ("$scratch/s", "x", 0o000)), copy("s", "g")),
    copied("a file to a folder", FILE, Do("mkdir", ("$scratch/d",)), copy("f", "d")),
    copied("a file to a folder with a slash", FILE, Do("mkdir", ("$scratch/d",)), copy("f", "d/")),
    copied("a file below nothing", FILE, copy("f", "no/g")),
    copied("a file below a file", FILE, copy("f", "f/g")),
    copied("a file through a link", FILE, Do("write", ("$scratch/g", "old")), Do("symlink", ("$scratch/l", "g")),
           copy("f", "l")),
    copied("a file through a broken link", FILE, Do("symlink", ("$scratch/l", "g")), copy("f", "l")),
    copied("a file through a loop", FILE, Do("symlink", ("$scratch/l", "l")), copy("f", "l")),
    copied("an empty file", copy("file://$tree/empty", "g")),
    copied("a big file", copy("file://$tree/big", "g")),
    copied("nothing", copy("no", "g")),
    copied("nothing recursive", copy("no", "g", True)),
    copied("below a file as source", FILE, copy("f/x", "g")),
    copied("from /proc", copy("file:///proc/filesystems", "g"), Do("remove", ("$scratch/g",))),
    copied("to /dev/null", FILE, copy("f", "file:///dev/null")),
    copied("to /dev/full", FILE, copy("f", "file:///dev/full")),
    copied("to a socket", FILE, Do("unix_socket", ("$scratch/s",)), copy("f", "s")),
    case("fs/copy to a fifo", FILE, Do("fifo", ("$scratch/p",)),
         Call("fs/copy", {"sourcePath": uri("$scratch/f"), "destinationPath": uri("$scratch/p"), "recursive": False},
              seconds=1), allow=Allow("fifo-never-hangs", "2.reply*")),
    *[copied(f"{name} recursive={recursive}", copy(f"file://{path}", "g", recursive)) for recursive in (True, False)
      for name, path in {"a fifo": "$tree/fifo", "a socket": "$tree/socket", "a device": "/dev/null",
                         "a link": "$tree/to_plain", "a link to a folder": "$tree/to_dir", "a loop": "$tree/loop",
                         "a broken link": "$tree/broken", "a link with a slash": "$tree/to_dir/",
                         "a folder": "$tree/dir"}.items()],
    copied("a link onto a file", FILE, copy("file://$tree/to_plain", "f")),
    copied("a link onto a link", Do("symlink", ("$scratch/l", "x")), copy("file://$tree/to_plain", "l")),
    copied("a link onto itself", Do("symlink", ("$scratch/l", "x")), copy("l", "l")),
    copied("a link onto its target", FILE, Do("symlink", ("$scratch/l", "f")), copy("l", "f")),
    copied("a link below nothing", copy("file://$tree/to_plain", "no/l")),
    copied("a tree", *TREE, copy("t", "u", True)),
    copied("an empty tree", copy("file://$tree/empty_dir", "u", True)),
    copied("a tree with missing parents", *TREE, copy("t/sub", "x/y/z", True)),
    copied("a tree into an existing one", *TREE, Do("mkdir", ("$scratch/u/sub",)), Do("write", ("$scratch/u/a", "old")),
           Do("write", ("$scratch/u/kept", "kept")), copy("t/sub", "u/sub", True), copy("t/sub", "u/sub", True)),
    copied("a tree over a tree with its links", *TREE, copy("t", "u", True), copy("t", "u", True)),
    copied("a tree onto a file", *TREE, FILE, copy("t", "f", True)),
    copied("a tree onto a fifo", *TREE, Do("fifo", ("$scratch/p",)), copy("t", "p", True)),
    copied("a tree onto a broken link", *TREE, Do("symlink", ("$scratch/l", "no")), copy("t", "l", True)),
    copied("a tree through a link", *TREE, Do("mkdir", ("$scratch/d",)), Do("symlink", ("$scratch/l", "d")),
           copy("t/sub", "l", True)),
    copied("a tree onto itself", *TREE, copy("t", "t", True)),
    copied("a tree below itself", *TREE, copy("t", "t/new", True)),
    copied("a tree deep below itself", *TREE, copy("t", "t/sub/x/y", True)),
    copied("a tree below itself by a link", *TREE, Do("symlink", ("$scratch/l", "t")), copy("t", "l/sub/x", True)),
    copied("a tree to its parent", *TREE, copy("t/sub", "t", True)),
    copied("a tree beside one that begins alike", *TREE, copy("t", "tt", True)),
    copied("a folder where a file is in the way", Do("mkdir", ("$scratch/t/sub",)), Do("mkdir", ("$scratch/u",)),
           Do("write", ("$scratch/u/sub", "")), copy("t", "u", True)),
    copied("a file where a folder is in the way", Do("mkdir", ("$scratch/t",)), Do("write", ("$scratch/t/b", "")),
           Do("mkdir", ("$scratch/u/b",)), copy("t", "u", True)),
]
