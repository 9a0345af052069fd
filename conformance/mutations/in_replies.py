"""Mutations of replies: lost, doubled, to the wrong request, with wrong members, or something that is no reply."""
from __future__ import annotations

import json

from mutations.change import pair, strike
from mutations.edits import abort, before, change, double, drop, put, without
from mutations.message import Message, Outgoing, Said, error_of, result_of
from mutations.mutation import Mutation

SIMPLE = ("0.120.0/simple", "0.169.0/simple")
WALK = ("0.169.0/walk",)
NEWEST = ("0.169.0/simple",)


def exchange_ids(first: Message, second: Message) -> list[Outgoing]:
    first["id"], second["id"] = second["id"], first["id"]
    return [first, second]


def asked_together(said: Said) -> bool:
    """Of these requests the client sends two without waiting."""
    path = said.request["params"]["path"] if said.request else ""
    return path.endswith(("/plain/SKILL.md", "/nested/SKILL.md"))


def batch(message: Message) -> list[Outgoing]:
    return [json.dumps([message])]


def as_error(message: Message) -> list[Outgoing]:
    return [{"id": message["id"], "error": {"code": -32603, "message": "broken"}}]


def as_result(message: Message) -> list[Outgoing]:
    return [{"id": message["id"], "result": {}}]


def binary(message: Message) -> list[Outgoing]:
    return [json.dumps(message).encode()]


def half(message: Message) -> list[Outgoing]:
    text = json.dumps(message)
    return [text[:len(text) // 2]]


def both(message: Message) -> list[Outgoing]:
    return [{**message, "error": {"code": -32603, "message": "broken"}}]



MUTATIONS = (
    Mutation("reply-lost", "the reply to process/terminate never comes",
             strike(result_of("process/terminate"), drop), SIMPLE,
             r"missing: the reply to request \d+ \(process/terminate\)", waits=True),
    Mutation("error-reply-lost", "an error reply to fs/getMetadata never comes",
             strike(error_of("fs/getMetadata", 2), drop), SIMPLE,
             r"missing: the reply to request \d+ \(fs/getMetadata\)", waits=True),
    Mutation("reply-twice", "the reply to process/start comes twice",
             strike(result_of("process/start"), double), SIMPLE, r"second reply to id"),
    Mutation("reply-id-as-string", "a reply has its id as a string",
             strike(result_of("process/start"), change("id", to=str)), SIMPLE, r"a reply to an id that was not asked"),
    Mutation("reply-id-unknown", "a reply has an id nobody used",
             strike(result_of("process/start"), change("id", to=lambda number: number + 5000)), SIMPLE,
             r"a reply to an id that was not asked"),
    Mutation("reply-id-missing", "a reply has no id",
             strike(result_of("process/start"), without("id")), SIMPLE, r"neither a reply nor a notification"),
    Mutation("reply-ids-exchanged", "two replies to fs/canonicalize have each other's id",
             pair(result_of("fs/canonicalize", 1, asked_together), exchange_ids), WALK,
             r"fs/canonicalize.*result\.path: expected"),
    Mutation("reply-is-error", "process/start is answered with an error though the process runs",
             strike(result_of("process/start"), as_error), SIMPLE, r"process/start.*unexpected error"),
    Mutation("error-is-result", "an error of fs/getMetadata becomes an empty result",
             strike(error_of("fs/getMetadata"), as_result), SIMPLE, r"fs/getMetadata.*unexpected result"),
    Mutation("result-and-error", "a reply has a result and an error",
             strike(result_of("process/start"), both), SIMPLE, r"process/start.*unexpected error"),
    Mutation("error-code-changed", "an error of fs/getMetadata has another code",
             strike(error_of("fs/getMetadata"), put("error", "code", value=-32603)), SIMPLE,
             r"error\.code: expected -32\d+, came -32603"),
    Mutation("error-text-changed", "an error of fs/getMetadata has another text",
             strike(error_of("fs/getMetadata"), put("error", "message", value="not here")), SIMPLE,
             r'error\.message: expected .*came "not here"'),
    Mutation("error-text-missing", "an error of fs/getMetadata has no text",
             strike(error_of("fs/getMetadata"), without("error", "message")), SIMPLE, r"error\.message is missing"),
    Mutation("session-id-missing", "the reply to initialize has no sessionId",
             strike(result_of("initialize"), without("result", "sessionId")), SIMPLE, r"result\.sessionId is missing"),
    Mutation("environment-info-lost", "the reply to initialize has no environmentInfo",
             strike(result_of("initialize"), without("result", "environmentInfo")), NEWEST,
             r"result\.environmentInfo is missing"),
    Mutation("environment-member-lost", "environmentInfo does not tell the user's home",
             strike(result_of("initialize"), without("result", "environmentInfo", "userHomeDir")), NEWEST,
             r"environmentInfo\.userHomeDir is missing"),
    Mutation("environment-shell-null", "environmentInfo has null for the shell",
             strike(result_of("initialize"), put("result", "environmentInfo", "shell", value=None)), NEWEST,
             r"environmentInfo\.shell: an object expected, came null"),
    Mutation("environment-other-platform", "environmentInfo names another platform",
             strike(result_of("initialize"), put("result", "environmentInfo", "platformOs", value="windows")), NEWEST,
             r'environmentInfo\.platformOs: expected "linux", came "windows"'),
    Mutation("capability-as-string", "a capability is a string",
             strike(result_of("initialize"), put("result", "environmentInfo", "capabilities", "fsWatchMissing", value="true")),
             NEWEST, r'capabilities\.fsWatchMissing: expected true, came "true"'),
    Mutation("watch-refused", "fs/watchMissing says that it does not watch",
             strike(result_of("fs/watchMissing"), put("result", "watching", value=False)), NEWEST,
             r"fs/watchMissing.*result\.watching: expected true, came false"),
    Mutation("config-member-lost", "environmentConfig/read forgets the requirements",
             strike(result_of("environmentConfig/read"), without("result", "requirements")), NEWEST,
             r"environmentConfig/read.*result\.requirements is missing"),
    Mutation("start-other-process", "the reply to process/start names another process",
             strike(result_of("process/start"), put("result", "processId", value="another")), SIMPLE,
             r'result\.processId: expected .*came "another"'),
    Mutation("start-member-lost", "the reply to process/start does not name the process",
             strike(result_of("process/start"), without("result", "processId")), SIMPLE, r"result\.processId is missing"),
    Mutation("terminate-says-running", "process/terminate says that an ended process was running",
             strike(result_of("process/terminate"), put("result", "running", value=True)), SIMPLE,
             r"result\.running: expected false, came true"),
    Mutation("binary-frame", "a reply comes as a binary message",
             strike(result_of("process/start"), binary), SIMPLE, r"a binary message came"),
    Mutation("reply-cut", "a reply ends in the middle of its JSON",
             strike(result_of("process/start"), half), SIMPLE, r"not JSON"),
    Mutation("reply-in-array", "a reply comes as a JSON-RPC batch",
             strike(result_of("process/start"), batch), SIMPLE, r"neither a reply nor a notification"),
    Mutation("request-of-server", "the server asks the client something before a reply",
             strike(result_of("process/start"), before({"id": 1, "method": "process/strange", "params": {}})), SIMPLE,
             r"neither a reply nor a notification"),
    Mutation("connection-cut", "the connection is cut instead of a reply",
             strike(result_of("process/start"), abort), SIMPLE,
             r"the server closed the connection .*missing: the reply to request \d+ \(process/start\)"),
    Mutation("unknown-notification", "a notification nobody knows comes before a reply",
             strike(result_of("process/start"), before({"method": "process/strange", "params": {}})), SIMPLE,
             r"unexpected notification .*process/strange"),
    Mutation("foreign-notification", "output of a process of another session comes",
             strike(result_of("process/start"), before({"method": "process/output", "params": {
                 "processId": "of-another-session", "seq": 1, "stream": "stdout", "chunk": "eA=="}})), SIMPLE,
             r"unexpected notification .*of-another-session"),
)
