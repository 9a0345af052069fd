"""Mutations of fs/*, of stdin and signals that are acknowledged and not done, and of streamed http bodies."""
from __future__ import annotations

from mutations.change import answered_unasked, strike
from mutations.edits import bytes_changed, change, double, drop, other_last_byte, put, without, without_last_byte
from mutations.message import Message, Outgoing, Said, event, result_of
from mutations.mutation import Mutation

PATCH = ("0.120.0/apply_patch", "0.169.0/apply_patch")
SYMLINK = ("0.169.0/apply_patch",)
WALK = ("0.169.0/walk",)
COPIED = ("0.169.0/copy_source",)
STREAMED = ("0.169.0/mcp_http",)
WATCHED = ("0.169.0/missing_appears",)
LISTED = ("0.135.0/skills",)
TTY = ("0.120.0/tty", "0.135.0/tty", "0.169.0/tty")
METADATA, READ_FILE, DELTA = "fs/getMetadata", "fs/readFile", "http/request/bodyDelta"



def fewer(entries: list[Message]) -> list[Message]:
    return entries[:-1]


def other_kind(entries: list[Message]) -> list[Message]:
    return [{**entries[0], "kind": "file" if entries[0]["kind"] == "directory" else "directory"}, *entries[1:]]


def is_last(said: Said) -> bool:
    return bool(said.message["params"]["done"])


def has_bytes(said: Said) -> bool:
    return bool(said.message["params"]["deltaBase64"])


def of_file(said: Said) -> bool:
    return bool(said.message["result"]["isFile"])


def is_update(params: Message) -> bool:
    return str(params["path"]).endswith("/upd.txt")


def done_twice(message: Message) -> list[Outgoing]:
    again = {**message, "params": {**message["params"], "seq": message["params"]["seq"] + 1, "deltaBase64": ""}}
    return [message, again]


MUTATIONS = (
    Mutation("file-cut", "fs/readFile returns a file without its last byte",
             strike(result_of(READ_FILE), change("result", "dataBase64", to=bytes_changed(without_last_byte))), PATCH,
             r"fs/readFile.*result\.dataBase64"),
    Mutation("file-byte-changed", "fs/readFile returns a file with another last byte",
             strike(result_of(READ_FILE), change("result", "dataBase64", to=bytes_changed(other_last_byte))), PATCH,
             r"fs/readFile.*result\.dataBase64"),
    Mutation("file-empty-object", "fs/readFile returns no contents",
             strike(result_of(READ_FILE), without("result", "dataBase64")), PATCH, r"result\.dataBase64 is missing"),
    Mutation("metadata-not-a-file", "fs/getMetadata says that a file is none",
             strike(result_of(METADATA, 1, of_file), put("result", "isFile", value=False)), PATCH,
             r"result\.isFile: expected true, came false"),
    Mutation("metadata-directory", "fs/getMetadata says that a file is a directory",
             strike(result_of(METADATA, 1, of_file), put("result", "isDirectory", value=True)), PATCH,
             r"result\.isDirectory: expected false, came true"),
    Mutation("metadata-number", "fs/getMetadata has a number instead of a boolean",
             strike(result_of(METADATA, 1, of_file), put("result", "isFile", value=1)), PATCH,
             r"result\.isFile: expected true, came 1"),
    Mutation("metadata-symlink", "fs/getMetadata says that a file is a symbolic link",
             strike(result_of(METADATA, 1, of_file), put("result", "isSymlink", value=True)), SYMLINK,
             r"result\.isSymlink: expected false, came true"),
    Mutation("metadata-size", "fs/getMetadata has another size",
             strike(result_of(METADATA, 1, of_file), change("result", "size", to=lambda size: size + 1)), SYMLINK,
             r"result\.size: expected \d+, came \d+"),
    Mutation("metadata-size-as-string", "fs/getMetadata has the size as a string",
             strike(result_of(METADATA, 1, of_file), change("result", "size", to=str)), SYMLINK,
             r'result\.size: expected \d+, came "\d+"'),
    Mutation("metadata-time-missing", "fs/getMetadata does not tell when the file was changed",
             strike(result_of(METADATA), without("result", "modifiedAtMs")), PATCH, r"result\.modifiedAtMs is missing"),
    Mutation("listing-entry-lost", "fs/readDirectory forgets an entry",
             strike(result_of("fs/readDirectory"), change("result", "entries", to=fewer)), LISTED,
             r"fs/readDirectory.*elements expected"),
    Mutation("walk-entry-lost", "fs/walk forgets an entry",
             strike(result_of("fs/walk"), change("result", "entries", to=fewer)), WALK, r"fs/walk.*elements expected"),
    Mutation("walk-entry-kind", "fs/walk calls a directory a file",
             strike(result_of("fs/walk"), change("result", "entries", to=other_kind)), WALK,
             r'fs/walk.*kind: expected "directory", came "file"'),
    Mutation("canonical-path-wrong", "fs/canonicalize does not follow a symbolic link",
             strike(result_of("fs/canonicalize", 2),
                    change("result", "path", to=lambda path: path.replace("elsewhere", ".agents/skills/link"))), WALK,
             r"fs/canonicalize.*result\.path: expected"),
    Mutation("block-byte-changed", "fs/readBlock returns another last byte",
             strike(result_of("fs/readBlock", 2), change("result", "chunk", to=bytes_changed(other_last_byte))), COPIED,
             r"fs/readBlock.*result\.chunk"),
    Mutation("block-eof-early", "fs/readBlock says eof before the end",
             strike(result_of("fs/readBlock"), put("result", "eof", value=True)), COPIED,
             r"fs/readBlock.*result\.eof: expected false, came true"),
    Mutation("write-not-done", "fs/writeFile is acknowledged and not done",
             answered_unasked("fs/writeFile", {}, is_update), PATCH, r"stdout .*differ from byte \d+ on"),
    Mutation("remove-not-done", "fs/remove is acknowledged and not done",
             answered_unasked("fs/remove", {}), PATCH, r"stdout .*differ from byte \d+ on"),
    Mutation("directory-not-made", "fs/createDirectory is acknowledged and not done",
             answered_unasked("fs/createDirectory", {}), PATCH, r"fs/writeFile.*unexpected error.*No such file"),
    Mutation("stdin-not-written", "process/write is acknowledged and not done",
             answered_unasked("process/write", {"status": "accepted"}), TTY,
             r"missing: of process \S+ pty \(\d+ of \d+ bytes came\)", waits=True),
    Mutation("terminate-not-done", "process/terminate is acknowledged and not done",
             answered_unasked("process/terminate", {"running": True}), ("0.169.0/terminated_at_end",),
             r"missing: of process \S+ its exit", waits=True),
    Mutation("watch-hint-lost", "fs/missingChanged never comes",
             strike(event("fs/missingChanged", 0), drop), WATCHED, r"missing: fs/missingChanged", waits=True),
    Mutation("body-first-delta-lost", "the first delta of an http body is lost",
             strike(event(DELTA, 1, has_bytes), drop), STREAMED, r"body of http-\d+: seq \d+ after \d+"),
    Mutation("body-end-lost", "the last delta of an http body is lost",
             strike(event(DELTA, 1, is_last), drop), STREAMED, r"missing: the body of http-", waits=True),
    Mutation("body-delta-twice", "a delta of an http body comes twice",
             strike(event(DELTA, 1, has_bytes), double), STREAMED, r"body of http-\d+: seq \d+ after \d+"),
    Mutation("body-done-twice", "an http body ends twice",
             strike(event(DELTA, 1, is_last), done_twice), STREAMED, r"body of http-\d+: a delta after the last one"),
    Mutation("body-byte-changed", "an http body has another byte",
             strike(event(DELTA, 1, has_bytes), change("params", "deltaBase64", to=bytes_changed(other_last_byte))),
             STREAMED, r"body of http-\d+: other bytes than recorded"),
    Mutation("body-failed", "an http body ends with an error",
             strike(event(DELTA, 1, is_last), put("params", "error", value="broken")), STREAMED, r"error 'broken'"),
    Mutation("http-header-lost", "http/request forgets a header",
             strike(result_of("http/request"), change("result", "headers", to=fewer)), STREAMED,
             r"http/request.*result\.headers"),
    Mutation("http-status-wrong", "http/request has another status",
             strike(result_of("http/request"), change("result", "status", to=lambda status: status + 1)), STREAMED,
             r"http/request.*result\.status: expected \d+, came \d+"),
)
