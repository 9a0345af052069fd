"""Can the suite use this server at all?

Exists so that a wrong URL, or a server that does not see the files made here, is told once with its remedy and not as a
hundred failures. Whatever else is wrong with a server is left to the cases.
"""
from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import InvalidHandshake, InvalidStatusCode, WebSocketException

from replay.deviations import METHOD_NOT_FOUND
from replay.offers import PROBE_SECONDS, Probe, probe

_CONTENT = b"made by paned-conformance\n"


class Unusable(Exception):
    """The server cannot be tested; the text says why and what to do."""


def url_problem(url: str) -> str:
    """Why this is no ws:// URL, "" if it is one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"{url}: no URL: {error}"
    if parts.scheme == "wss":
        return f"{url}: TLS is not spoken here; give the ws:// URL behind the proxy that ends TLS"
    if parts.scheme != "ws" or not parts.hostname or port == 0:
        return f"{url}: a URL like ws://127.0.0.1:9000 is expected"
    return ""


async def check_server(url: str, root: Path) -> str:
    """Connects once and looks for a file that is made in `root`; the version that the server declares, "" if none.

    Raises Unusable.
    """
    try:
        return await asyncio.wait_for(_check(url, root), 2 * PROBE_SECONDS)
    except InvalidStatusCode as error:
        raise Unusable(f"{url}: answered with HTTP status {error.status_code}, so no exec-server listens there, "
                       "or it wants a token (the suite has none to give)") from error
    except InvalidHandshake as error:
        raise Unusable(f"{url}: whatever listens there is no WebSocket server: {error}") from error
    except WebSocketException:
        return ""  # It spoke, then broke off: the cases will tell.
    except asyncio.TimeoutError as error:
        raise Unusable(f"{url}: no answer for {PROBE_SECONDS:g} s") from error
    except OSError as error:
        raise Unusable(f"{url}: cannot connect: {error.strerror or error}; is the server running?") from error


async def _check(url: str, root: Path) -> str:
    async with probe(url) as connection:
        try:
            await connection.initialize()
            await _check_files(connection, root)
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""  # Messages of no known form: the cases will tell.
        version = connection.info.get("executorVersion")
        return version if isinstance(version, str) else ""


async def _check_files(connection: Probe, root: Path) -> None:
    file = root / "probe"
    file.write_bytes(_CONTENT)
    replies = [await connection.ask("fs/readFile", {"path": path}) for path in (file.as_uri(), str(file))]
    if all(_is_refusal(reply) for reply in replies):
        raise Unusable(f"the server cannot read {file}, which was made here: {_texts(replies)}\n"
                       "It must see this machine's files under the same names: run the suite where the server runs (in its "
                       "container), or share a folder at the same path and name it in TMPDIR; and run both as the same user.")


def _is_refusal(reply: dict[str, Any]) -> bool:
    error = reply.get("error")
    return isinstance(error, dict) and error.get("code") != METHOD_NOT_FOUND


def _texts(replies: list[dict[str, Any]]) -> str:
    return " / ".join(str(reply["error"].get("message")) for reply in replies)
