"""Plays many cases against one server, some side by side, and says what came of each.

Exists so that a whole suite takes seconds although its programs sleep; the order of the results does not depend on it.
"""
from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from replay import fixture
from replay.case import Case
from replay.failure import describe
from replay.folder import load_case
from replay.meta import BadCase
from replay.needs import Skipped, check_needs
from replay.offers import Offers
from replay.placeholders import RECORDED_HOME, RECORDED_MCP
from replay.player import Player
from replay.reach import Unusable
from replay.target import Target
from replay.transcript import Mismatch, NotOffered
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP, CaseResult


@dataclass(frozen=True)
class Outcome:
    """What came of the case in one folder; `details` are lines that explain a failure."""

    folder: Path
    result: CaseResult
    details: str = ""


@dataclass(frozen=True)
class Suite:
    """How to play."""

    target: Target
    jobs: int
    idle_seconds: float
    shown_messages: int
    denied: frozenset[str]  # deviations that are not accepted, whatever the cases allow

    async def play(self, folders: Sequence[Path]) -> AsyncIterator[Outcome]:
        """The outcomes in the order of the folders."""
        places = asyncio.Semaphore(self.jobs)

        async def take_turn(folder: Path) -> Outcome:
            async with places:
                return await self._play_folder(folder)

        tasks = [asyncio.create_task(take_turn(folder)) for folder in folders]
        for task in tasks:
            yield await task

    async def _play_folder(self, folder: Path) -> Outcome:
        start = time.monotonic()
        try:
            case = load_case(folder, self.denied)
        except BadCase as error:
            return Outcome(folder, CaseResult(f"codex {folder.parent.name}", folder.name, FAIL, 0.0, f"bad case: {error}"))
        try:
            async with self.target.server_for(case) as (offers, home):
                return await self._play_case(case, offers, home, start)
        except Unusable as error:
            return Outcome(folder, CaseResult(case.meta.client, folder.name, FAIL, 0.0, f"no server of its own: {error}"))

    async def _play_case(self, case: Case, offers: Offers, home: Path | None, start: float) -> Outcome:
        """`home` is the server's, if it is ours."""
        folder = Path(tempfile.mkdtemp(prefix="case-", dir=self.target.root))
        root = folder / "run"
        root.mkdir()
        player = Player(case, offers.url, str(root), self.idle_seconds)
        verdict, reason, details = PASS, "", ""
        try:
            await asyncio.to_thread(fixture.build, case, root)
            if home is not None:
                player.progress.places.add(RECORDED_HOME, str(home))
            elif case.meta.server_home:
                raise Skipped("the home of this server is not known")
            await check_needs(case, offers, str(root))
            with fixture.mcp_server(case) as mcp_origin:
                if mcp_origin:
                    player.progress.places.add(RECORDED_MCP, mcp_origin)
                await player.play()
        except Skipped as skipped:
            verdict, reason = SKIP, str(skipped)
        except NotOffered as lacking:
            verdict, reason = NOT_OFFERED, str(lacking)
            if lacking.method:
                player.progress.accounts.note(lacking.method, NOT_OFFERED)
        except Mismatch as mismatch:
            verdict, reason = FAIL, f"frame {mismatch.frame}: {mismatch}".splitlines()[0]
            details = describe(case, mismatch, player.progress.transcript, self.shown_messages)
        except Exception as error:  # pylint: disable=broad-except  # one broken case must not end the others
            verdict, reason, details = FAIL, f"the suite could not go on: {error!r}", traceback.format_exc()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        used = sorted(player.progress.comparer.used)
        if verdict == PASS and used:
            verdict, reason = DEVIATES, _needed(used)
        return Outcome(case.folder, CaseResult(
            client=case.meta.client, case=case.folder.name, verdict=verdict, seconds=round(time.monotonic() - start, 3),
            reason=reason, methods=player.progress.accounts.methods(), deviations=sorted({name for name, _ in used})), details)


def _needed(used: list[tuple[str, str]]) -> str:
    """The deviations and where: `created-at (fs/getMetadata)`."""
    methods: dict[str, list[str]] = {}
    for name, method in used:
        methods.setdefault(name, []).append(method)
    return ", ".join(f"{name} ({', '.join(where)})" for name, where in methods.items())
