"""fs/open, fs/readBlock, fs/writeBlock and fs/close."""
from __future__ import annotations

from typing import Any

from differential.case import TAGGED, TAGGED_WELL, Call, Case, Connect, Do, Drop, Look, case, positional, shapes, uri
from differential.cases_files import OPENED, ENTRIES, SYSTEM, b64

LAST = 2 ** 63 - 1


def opened(path: str, mode: Any = None, handle: str = "h", on: str = "a") -> Call:
    params = {"handleId": handle, "path": uri(path)} | ({"mode": mode} if mode else {})
    return Call("fs/open", params, on=on, seconds=3)


def block(offset: Any, length: Any, handle: str = "h", on: str = "a") -> Call:
    return Call("fs/readBlock", {"handleId": handle, "offset": offset, "len": length}, on=on)


def put(offset: Any, data: str | bytes, handle: str = "h") -> Call:
    return Call("fs/writeBlock", {"handleId": handle, "offset": offset, "chunk": b64(data)})


def close(handle: str = "h", on: str = "a") -> Call:
    return Call("fs/close", {"handleId": handle}, on=on)


CASES: list[Case] = [
    *shapes("fs/open", {"handleId": "h", "path": uri("$tree/plain")},
            {"handleId": "string", "path": "string", "mode": "", "sandbox": "object null"},
            allow=positional("sandbox") | {"mode=object": TAGGED}),
    *shapes("fs/readBlock", {"handleId": "h", "offset": 0, "len": 1},
            {"handleId": "string", "offset": "number", "len": "number"}),
    *shapes("fs/writeBlock", {"handleId": "h", "offset": 0, "chunk": "YQ=="},
            {"handleId": "string", "offset": "number", "chunk": "string"}),
    *shapes("fs/close", {"handleId": "h"}, {"handleId": "string"}),
    *[case(f"fs/readBlock number {name}={value}", opened("$tree/plain"),
           Call("fs/readBlock", {"handleId": "h", "offset": 0, "len": 1, name: value}), block(0, 5))
      for name in ("offset", "len") for value in (-1, 1.5, 2.0, 2 ** 63, 2 ** 64 - 1, 2 ** 64)],
    *[case(f"fs/writeBlock offset={value}", opened("$scratch/f", "replace"), put(value, "x"), put(0, "y"),
           Look("$scratch"))
      for value in (-1, 1.5, LAST, 2 ** 63, 2 ** 64 - 1, 2 ** 64)],
    *[case(f"fs/open read {name[:40]}", opened(f"$tree/{name}"), block(0, 64), close(),
           allow=OPENED if name == "socket" else ()) for name in ENTRIES],
    *[case(f"fs/open read {path}", opened(path), block(0, 8), close(),
           allow=OPENED if path == "/dev/tty" else ()) for path in SYSTEM],
    *[case(f"fs/open mode {mode!r}", Call("fs/open", {"handleId": "h", "path": uri("$tree/plain"), "mode": mode}),
           allow=TAGGED_WELL if mode == {"read": None} else TAGGED if isinstance(mode, dict) else ())
      for mode in ("read", "write", "READ", "", {"read": None}, {"read": 1}, {"a": 1, "b": 2})],
    case("fs/open other host", Call("fs/open", {"handleId": "h", "path": "file://elsewhere/x"})),
    case("fs/open NUL", Call("fs/open", {"handleId": "h", "path": "file:///tmp/%00"})),
    case("fs/open relative", Call("fs/open", {"handleId": "h", "path": "plain"})),

    case("handle ids", *[opened("$tree/plain", handle=name) for name in ("", "x" * 32, "ü" * 16, "\0", " ")],
         opened("$tree/plain", handle="x" * 33), opened("$tree/plain", handle="ü" * 17), block(0, 1, ""),
         block(0, 1, "x" * 33), close("x" * 33)),
    case("handle id in use", opened("$tree/plain"), opened("$tree/big"), opened("$tree/nowhere"), block(0, 5)),
    case("handle id in use and too long", opened("$tree/nowhere", handle="x" * 33)),
    case("handle id again after close", opened("$tree/plain"), close(), opened("$tree/binary"), block(65, 3)),
    case("a failed open leaves no handle", opened("$tree/nowhere"), block(0, 1), opened("$tree/plain"), block(0, 1)),
    case("closed handle", opened("$tree/plain"), close(), close(), block(0, 1), put(0, "x")),
    case("unknown handle", block(0, 1), put(0, "x"), close(), block(0, 0), put(0, ""), put(0, b"x" * 1_048_577)),
    case("128 handles", *[opened("$tree/plain", handle=str(number)) for number in range(129)], close("5"),
         opened("$tree/plain", handle="again"), opened("$tree/plain", handle="again"),
         opened("$tree/nowhere", handle="128"), opened("$tree/plain", handle="x" * 33), block(0, 5, "127")),
    case("handles are a connection's", opened("$tree/plain"), Connect("b"), block(0, 1, on="b"), close(on="b"),
         block(0, 1),
         opened("$tree/binary", on="b"), block(65, 1, on="b"), block(0, 1)),
    case("handles end with their connection", opened("$tree/plain"), Drop("a"), Connect("b", resume="$session.a"),
         block(0, 1, on="b"), opened("$tree/plain", on="b")),

    case("fs/readBlock by blocks", opened("$tree/binary"), block(0, 100), block(100, 100), block(200, 100),
         block(300, 1)),
    case("fs/readBlock to the byte", opened("$tree/binary"), block(0, 256), block(256, 1), block(255, 1),
         block(255, 2), block(0, 257)),
    case("fs/readBlock big blocks", opened("$tree/big"), block(0, 1_048_576), block(1_048_576, 1_048_576),
         block(2_097_152, 1_048_576),
         block(2_097_151, 1_048_576)),
    case("fs/readBlock an empty file", opened("$tree/empty"), block(0, 1), block(10, 10)),
    case("fs/readBlock lengths", opened("$tree/plain"), block(0, 0), block(0, 1_048_577), block(0, 2 ** 40),
         block(0, 1_048_576)),
    case("fs/readBlock far behind the end", opened("$tree/plain"), block(10 ** 12, 10), block(LAST, 1), block(0, 5)),
    case("fs/readBlock at the last offset", opened("$tree/plain"), block(LAST - 1, 1), block(0, 5)),
    case("fs/readBlock above the last offset", opened("$tree/plain"), block(LAST + 1, 1), block(0, 5),
         opened("$tree/plain"),
         block(0, 5)),
    case("fs/readBlock what was removed", Do("write", ("$scratch/f", "contents")), opened("$scratch/f"),
         Do("remove", ("$scratch/f",)), block(0, 8)),
    case("fs/readBlock what grows", Do("write", ("$scratch/f", "12")), opened("$scratch/f"), block(0, 5),
         Do("append", ("$scratch/f", "345")), block(0, 5), Do("truncate", ("$scratch/f", 1)), block(0, 5), block(3, 5)),
    case("fs/readBlock a handle for writing", opened("$scratch/f", "replace"), block(0, 1), block(0, 1), put(0, "x"),
         Look("$scratch")),
    case("fs/writeBlock a handle for reading", opened("$tree/plain"), put(0, "x"), put(0, "x"), block(0, 1)),

    case("fs/writeBlock", opened("$scratch/f", "replace"), put(0, "hello"), put(5, " world"), put(0, "J"), close(),
         Look("$scratch")),
    case("fs/writeBlock with a gap", opened("$scratch/f", "replace"), put(10, "x"), close(), Look("$scratch")),
    case("fs/writeBlock nothing", opened("$scratch/f", "replace"), put(0, ""), put(0, "x"), Look("$scratch")),
    case("fs/writeBlock the largest block", opened("$scratch/f", "replace"), put(0, b"x" * 1_048_576),
         Call("fs/getMetadata", {"path": uri("$scratch/f")})),
    case("fs/writeBlock more than a block", opened("$scratch/f", "replace"), put(0, b"x" * 1_048_577), put(0, "y"),
         Look("$scratch")),
    *[case(f"fs/writeBlock base64 {chunk!r}", opened("$scratch/f", "replace"),
           Call("fs/writeBlock", {"handleId": "h", "offset": 0, "chunk": chunk}), put(0, "y"), Look("$scratch"))
      for chunk in ("%", "YQ", "YWJ=", "Y", "YQ==\n")],
    case("fs/writeBlock bad base64 to an unknown handle",
         Call("fs/writeBlock", {"handleId": "h", "offset": 0, "chunk": "%"})),
    case("fs/open replace truncates", Do("write", ("$scratch/f", "old contents", 0o640)),
         opened("$scratch/f", "replace"),
         Look("$scratch"), put(0, "new"), Look("$scratch")),
    case("fs/open replace at open already", opened("$scratch/f", "replace"), Look("$scratch")),
    *[case(f"fs/open replace {name}", opened(path, "replace"), put(0, "x"), close())
      for name, path in {"a folder": "$tree/dir", "below nothing": "$scratch/no/f", "below a file": "$tree/plain/f",
                         "a loop": "$tree/loop", "/dev/null": "/dev/null", "/dev/full": "/dev/full",
                         "a socket": "$tree/socket", "a fifo": "$tree/fifo", "/": "/", "in /proc": "/proc/new",
                         "a long name": "$scratch/" + "x" * 300}.items()],
    case("fs/open replace through a link", Do("symlink", ("$scratch/l", "f")), opened("$scratch/l", "replace"),
         put(0, "x"),
         Look("$scratch")),
    case("two handles of one file", opened("$scratch/f", "replace", "w"), opened("$scratch/f", "read", "r"),
         put(0, "one", "w"), block(0, 10, "r"), put(3, "two", "w"), block(0, 10, "r")),
]
