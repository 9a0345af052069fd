"""The order of rows and columns: methods as the protocol tells them, clients and servers by name and version.

Exists so that every table of every format, and of every run, is read in the same order.
"""
from __future__ import annotations

import re
from collections.abc import Iterable

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("initialize", ("initialize",)),
    ("process", ("process/start", "process/read", "process/write", "process/signal", "process/terminate")),
    ("notifications", ("initialized", "process/output", "process/exited", "process/closed", "fs/missingChanged",
                       "http/request/bodyDelta")),
    ("fs", ("fs/readFile", "fs/writeFile", "fs/createDirectory", "fs/getMetadata", "fs/canonicalize",
            "fs/readDirectory", "fs/remove", "fs/copy", "fs/open", "fs/readBlock", "fs/writeBlock", "fs/close",
            "fs/walk", "fs/watchMissing")),
    ("http", ("http/request",)),
    ("environment", ("environment/info", "environment/status", "environmentConfig/read")),
    ("capabilities", ("capabilities/discoverV2",)),
)
OTHER = "other"
_PLACES = {method: (rank, place) for rank, (_, methods) in enumerate(FAMILIES) for place, method in enumerate(methods)}
_FAMILY_OF_PREFIX = {"process": "process", "fs": "fs", "http": "http", "environment": "environment",
                     "environmentConfig": "environment", "capabilities": "capabilities"}
_RANKS = {name: rank for rank, (name, _) in enumerate(FAMILIES)} | {OTHER: len(FAMILIES)}
_CLIENT_FAMILIES = ("codex", "go")
_SUITES = ("replay", "live", "go-bridge")


def family_of(method: str) -> str:
    """The family a method belongs to; a method that is not in the protocol goes by its first word."""
    if method in _PLACES:
        return FAMILIES[_PLACES[method][0]][0]
    return _FAMILY_OF_PREFIX.get(method.partition("/")[0], OTHER)


def in_protocol_order(methods: Iterable[str]) -> list[str]:
    """Family by family, within one as the protocol tells them, unknown ones behind by name."""
    def place(method: str) -> tuple[int, int, str]:
        return _RANKS[family_of(method)], _PLACES.get(method, (0, len(_PLACES)))[1], method
    return sorted(methods, key=place)


def split_client(client: str) -> tuple[str, str]:
    """A client's family and version or dialect: codex, 0.169.0; go, uri."""
    family, _, rest = client.partition(" ")
    return family, rest


def clients_in_order(clients: Iterable[str]) -> list[str]:
    """codex from the oldest to the newest, then the Go client, then others by name."""
    def place(client: str) -> tuple[int, str, tuple[int, ...], str]:
        family, rest = split_client(client)
        rank = _CLIENT_FAMILIES.index(family) if family in _CLIENT_FAMILIES else len(_CLIENT_FAMILIES)
        return rank, family, _numbers(rest), rest
    return sorted(clients, key=place)


def suites_in_order(suites: Iterable[str]) -> list[str]:
    """Recorded sessions, real clients, the Go walk, then others by name."""
    return sorted(suites, key=lambda suite: (_SUITES.index(suite) if suite in _SUITES else len(_SUITES), suite))


def servers_in_order(servers: Iterable[str]) -> list[str]:
    """The servers under test by name, then codex's own from the oldest to the newest."""
    return sorted(servers, key=lambda server: (server.startswith("codex"), re.split(r"[0-9]", server)[0],
                                               _numbers(server), server))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", text))
