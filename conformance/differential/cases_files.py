"""fs/readFile, writeFile, createDirectory, getMetadata, canonicalize and readDirectory."""
from __future__ import annotations

import base64
from typing import Any

from differential.case import Allow, Call, Case, Do, Like, RESULT, Look, case, positional, shapes, single, uri

SIMPLE = ("fs/readFile", "fs/getMetadata", "fs/canonicalize", "fs/readDirectory")
SANDBOX = {"sandbox": "object null"}
ENTRIES = ("plain", "empty", "binary", "big", ".hidden", "setuid", "secret", "old", "fifo", "socket", "dir",
           "empty_dir", "to_plain", "to_dir", "broken", "loop", "loop_a", "to_null", "to_fifo", "up", "absolute",
           "nowhere", "nowhere/below", "plain/below", "dir/link_file", "dir/link_dir", "dir/deep/back/one",
           "broken/below", "loop/below", "../../odd", "x" * 300)
SYSTEM = ("/dev/null", "/dev/full", "/dev/zero", "/dev/tty", "/proc/filesystems", "/proc/version",
          "/proc/sys/kernel/ostype", "/proc/nowhere", "/sys/kernel/mm", "/")
# What a path may look like; `%` stands for the fixture tree.
URIS: dict[str, str] = {
    "empty": "", "relative": "plain", "no slashes": "file:plain", "plain path": "%/plain",
    "one slash": "file:%/plain", "two slashes": "file://", "scheme only": "file:", "upper case": "FILE://%/plain",
    "localhost": "file://localhost%/plain", "localhost upper case": "file://LOCALHOST%/plain",
    "other host": "file://elsewhere%/plain", "host with port": "file://localhost:80%/plain",
    "user": "file://me@localhost%/plain", "address": "file://127.0.0.1%/plain", "IPv6": "file://[::1]%/plain",
    "IPv6 upper case": "file://[FE80::1]%/plain", "host in upper case": "file://ELSEWHERE%/plain",
    "host with blank": "file://else where%/plain", "host percent": "file://else%20where%/plain",
    "number as host": "file://1%/plain", "hexadecimal host": "file://0x7f.1%/plain", "four slashes": "file:////%/plain",
    "drive": "file:///C:/plain", "drive with bar": "file:///C|/plain", "drive as host": "file://C:/plain",
    "http": "http://localhost%/plain", "untitled": "untitled:one", "ssh": "vscode-remote://host/plain",
    "query": "file://%/plain?x=1", "empty query": "file://%/plain?", "fragment": "file://%/plain#x",
    "empty fragment": "file://%/plain#", "NUL": "file://%/pl%00ain", "raw NUL": "file://%/pl\0ain",
    "percent letter": "file://%/pl%61in", "percent slash": "file://%%2Fplain", "bad percent": "file://%/%zz",
    "percent at the end": "file://%/plain%", "half percent": "file://%/plain%4", "blank": "file://%/with blank ü%2541",
    "percent blank": "file://%/with%20blank%20%C3%BC%2541", "not UTF-8": "file://$root/odd/bad%FF%FEname",
    "dot": "file://%/./plain", "dots": "file://%/dir/../plain", "percent dots": "file://%/dir/%2e%2E/plain",
    "half percent dots": "file://%/dir/.%2e/plain", "dots above the root": "file:///../..%/plain",
    "dots through a link": "file://%/to_dir/../plain", "slash behind": "file://%/plain/",
    "slash behind a folder": "file://%/dir/", "slash behind a link": "file://%/to_dir/",
    "slashes behind": "file://%/plain//", "double slash": "file://%//plain", "backslash": "file://%\\plain",
    "backslashes": "file:\\\\%\\plain", "percent backslash": "file://%/pl%5Cain", "leading blanks": "  file://%/plain",
    "trailing blanks": "file://%/plain  ", "tab inside": "file://%/pl\tain", "newline inside": "file://%/pl\nain",
    "semicolon": "file://%/plain;x", "colon": "file://%/a:b", "plus": "file://%/a+b", "angle": "file://%/<a>",
    "braces": "file://%/{a}`b`", "caret": "file://%/a^b|c", "quote": "file://%/a\"b'c", "tilde": "file:///~",
    "bare tilde": "~", "emoji": "file://%/\U0001f600", "BOM": "\ufefffile://%/plain",
}
OPENED = (Allow("fifo-never-hangs", "0.reply.error.code", -32600),
          Allow("fifo-never-hangs", "0.reply.error.message", Like("path `*` is not a file")))


def on(path: str) -> str:
    """A row of URIS with the tree put in."""
    return path.replace("%/", "$tree/",
                        1) if "%/" in path else path.replace("%%", "$tree%").replace("%\\", "$tree\\", 1)


def b64(data: str | bytes) -> str:
    """Base64 of a text."""
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def write(name: str, data: str = "new", **members: Any) -> Call:
    return Call("fs/writeFile", {"path": f"file://$scratch/{name}", "dataBase64": b64(data), **members})


def mkdir(name: str, **members: Any) -> Call:
    return Call("fs/createDirectory", {"path": f"file://$scratch/{name}", **members})


def each(method: str) -> list[Case]:
    """A reading method over everything there is."""
    odd = {"fs/readFile $tree/socket", "fs/readFile /dev/tty"}
    return [case(f"{method} {name}", Call(method, {"path": uri(path)}),
                 allow=OPENED if f"{method} {path}" in odd else ())
            for name, path in [(name[:40], f"$tree/{name}") for name in ENTRIES] + [(path, path) for path in SYSTEM]
            if (method, path) not in (("fs/readDirectory", "/"),)]


CASES: list[Case] = [
    *[case for method in SIMPLE for case in shapes(method, {"path": uri("$tree/plain")}, {"path": "string", **SANDBOX},
                                                       allow=positional("sandbox"))],
    *[case for method in SIMPLE for case in each(method)],
    *[case(f"{method} URI: {name}", Call(method, {"path": on(path)}),
           allow=Allow("both-paths", "0.reply", RESULT) if name == "plain path" else ())
      for method in ("fs/canonicalize", "fs/readFile") for name, path in URIS.items()],
    *shapes("fs/writeFile", {"path": uri("$scratch/f"), "dataBase64": "YQ=="},
            {"path": "string", "dataBase64": "string", **SANDBOX}, allow=positional("sandbox")),
    *shapes("fs/createDirectory", {"path": uri("$scratch/d")}, {"path": "string", "recursive": "bool null", **SANDBOX},
            allow=positional("sandbox")),

    case("fs/writeFile new", write("f"), Look("$scratch")),
    case("fs/writeFile nothing", write("f", ""), Look("$scratch")),
    case("fs/writeFile over a longer one", Do("write", ("$scratch/f", "old contents", 0o640)), write("f"),
         Look("$scratch")),
    case("fs/writeFile over a read-only one", Do("write", ("$scratch/f", "old", 0o444)), write("f"), Look("$scratch")),
    case("fs/writeFile over a setuid one", Do("write", ("$scratch/f", "old", 0o4755)), write("f"), Look("$scratch")),
    case("fs/writeFile through a link", Do("write", ("$scratch/f", "old")), Do("symlink", ("$scratch/l", "f")),
         write("l"), Look("$scratch")),
    case("fs/writeFile through a broken link", Do("symlink", ("$scratch/l", "f")), write("l"), Look("$scratch")),
    case("fs/writeFile through a loop", Do("symlink", ("$scratch/l", "l")), write("l"), Look("$scratch")),
    case("fs/writeFile to a folder", Do("mkdir", ("$scratch/d",)), write("d")),
    case("fs/writeFile to a folder with a slash", Do("mkdir", ("$scratch/d",)), write("d/")),
    case("fs/writeFile with a slash", write("f/"), Look("$scratch")),
    case("fs/writeFile below nothing", write("no/f"), Look("$scratch")),
    case("fs/writeFile below a file", Do("write", ("$scratch/f", "old")), write("f/x")),
    case("fs/writeFile long name", write("x" * 256)),
    case("fs/writeFile odd name", write("a%20b%FF%0A"), Call("fs/readDirectory", {"path": uri("$scratch")})),
    case("fs/writeFile 1 MB", write("f", "0123456789" * 100_000), Call("fs/getMetadata", {"path": uri("$scratch/f")})),
    case("fs/writeFile to a fifo without a reader", Do("fifo", ("$scratch/p",)),
         Call("fs/writeFile", {"path": uri("$scratch/p"), "dataBase64": "YQ=="}, seconds=1),
         allow=Allow("fifo-never-hangs", "1.reply*")),
    case("fs/writeFile to a socket", Do("unix_socket", ("$scratch/s",)), write("s")),
    *single("fs/writeFile", {
        "to /dev/full": {"path": "file:///dev/full"}, "to /dev/null": {"path": "file:///dev/null"},
        "to /proc/self/nothing": {"path": "file:///proc/self/nothing"}, "to /": {"path": "file:///"},
        "to /proc/version": {"path": "file:///proc/version"},
        "bad base64": {"dataBase64": "%"}, "bad padding": {"dataBase64": "YQ"},
                             "bad last symbol": {"dataBase64": "YWJ="},
        "bad base64 to nowhere": {"dataBase64": "%", "path": "file:///no/where"},
        "bad base64 and other host": {"dataBase64": "%", "path": "file://elsewhere/x"},
        "bad base64 in the middle": {"dataBase64": "YWJj%WJj"}, "base64 with newline": {"dataBase64": "YWJj\nYWJj"},
    }, {"path": uri("$scratch/f"), "dataBase64": "YQ=="}),

    case("fs/createDirectory default", mkdir("a"), Look("$scratch")),
    case("fs/createDirectory deep", mkdir("a/b/c", recursive=True), mkdir("a/b/c", recursive=True), Look("$scratch")),
    case("fs/createDirectory deep by default", mkdir("a/b"), mkdir("c/d", recursive=None), Look("$scratch")),
    case("fs/createDirectory not recursive", mkdir("a", recursive=False), mkdir("a", recursive=False),
         mkdir("b/c", recursive=False), Look("$scratch")),
    *[case(f"fs/createDirectory recursive={flag} where {what} is", Do(action, ("$scratch/x", *rest)),
           mkdir("x", recursive=flag), mkdir("x/y", recursive=flag), Look("$scratch"))
      for flag in (True, False)
      for what, action, rest in (("a file", "write", ("old",)), ("a broken link", "symlink", ("no",)),
                                 ("a loop", "symlink", ("x",)), ("a link to a folder", "symlink", (".",)),
                                 ("a fifo", "fifo", ()))],
    case("fs/createDirectory slash behind", mkdir("a/"), Look("$scratch")),
    case("fs/createDirectory root", Call("fs/createDirectory", {"path": "file:///"}),
         Call("fs/createDirectory", {"path": "file:///", "recursive": False})),
    case("fs/createDirectory in /proc", Call("fs/createDirectory", {"path": "file:///proc/new"})),
    case("fs/createDirectory long name", mkdir("x" * 256), mkdir("y" * 300 + "/z")),

    case("fs/getMetadata of what was just written", write("f", "12345"),
         Call("fs/getMetadata", {"path": uri("$scratch/f")})),
    case("fs/readFile above the limit", Do("truncate", ("$scratch/f", 512 * 1024 * 1024 + 1)),
         Call("fs/readFile", {"path": uri("$scratch/f")})),
    case("fs/readDirectory of odd names", *[Do("write", (f"$scratch/{name}", "")) for name in
                                            ("a", "B", "ä", "\u2028", "a b", "-", "#", "%41", "\x01", "\x7f", "\"",
                                             "\\")],
         Call("fs/readDirectory", {"path": uri("$scratch")})),
]
