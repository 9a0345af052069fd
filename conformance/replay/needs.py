"""Decides whether a case can be played here: by this machine, and by what the server offers.

Exists so that what cannot work is told as skipped (this machine) or not offered (the server), never as failed.
"""
from __future__ import annotations

import shutil
from pathlib import Path

from replay.case import Case
from replay.compare import CAPABILITY_OF_METHOD
from replay.offers import Offers
from replay.placeholders import Placeholders
from replay.transcript import NotOffered

_IPV4_ROUTES, _IPV6_ROUTES = Path("/proc/net/route"), Path("/proc/net/ipv6_route")


class Skipped(Exception):
    """This machine lacks what the case needs."""


async def check_needs(case: Case, offers: Offers, root: str) -> None:
    """Raises Skipped or NotOffered."""
    needs = case.meta.needs
    _check_machine(case)
    flags = await offers.capabilities() if needs.capabilities else {}
    for capability in needs.capabilities:
        if not flags.get(capability):
            raise NotOffered(f"capability {capability}", _method_of(capability))
    if needs.tty and (problem := await offers.start_problem(case.uses_uris(), {"tty": True})):
        raise NotOffered(f"tty, {problem}")
    if needs.root and (user := await offers.user_id(case.uses_uris())) not in ("", "0"):
        raise Skipped(f"the server runs as user {user}, not as root")
    if needs.sandbox:
        await _check_sandbox(case, offers, root)


def _check_machine(case: Case) -> None:
    needs = case.meta.needs
    for program in needs.programs:
        if not (Path(program).exists() if "/" in program else shutil.which(program)):
            raise Skipped(f"{program} is not here")
    for path in needs.absent:
        if Path(path).exists():
            raise Skipped(f"{path} exists here")
    if needs.tmux and shutil.which("tmux") is None:
        raise Skipped("tmux is not installed here")
    if needs.network and not _has_network():
        raise Skipped("no network here, only loopback")


async def _check_sandbox(case: Case, offers: Offers, root: str) -> None:
    """Runs /bin/true in the sandbox of the case's first confined process."""
    for request in case.requests():
        if request["method"] == "process/start" and request["params"].get("sandbox"):
            wanted = Placeholders(root).to_wire({name: request["params"][name] for name in ("cwd", "sandbox")})
            problem = await offers.start_problem(case.uses_uris(), wanted)
            if problem.startswith("refused"):
                raise NotOffered(f"sandbox, {problem}")
            if problem:
                raise Skipped(f"the server's sandbox does not work here: {problem}")
            return


def _method_of(capability: str) -> str:
    return next((method for method, flag in CAPABILITY_OF_METHOD.items() if flag == capability), "")


def _has_network() -> bool:
    """Is there a route that does not end on this machine?"""
    interfaces: list[str] = []
    if _IPV4_ROUTES.exists():
        interfaces += [line.split()[0] for line in _IPV4_ROUTES.read_text(encoding="ascii").splitlines()[1:]]
    if _IPV6_ROUTES.exists():
        interfaces += [line.split()[-1] for line in _IPV6_ROUTES.read_text(encoding="ascii").splitlines()]
    return any(interface != "lo" for interface in interfaces)
