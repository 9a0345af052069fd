"""Shows that the suite sees a wrong server: breaks the replies of a real one in many ways, one at a time.

README.md says how it works.
"""
from __future__ import annotations

import argparse
import asyncio
import contextlib
import fnmatch
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from live.server_process import ServerError, ServerProcess
from mutations.all_mutations import ALL_MUTATIONS, all_controls
from mutations.mutation import Control, Mutation
from mutations.trial import NoSuchCase, Outcome, run_cases
from mutations.verdict import ControlVerdict, MutationVerdict, Verdicts

_PATIENCE_SECONDS = 300.0  # of a run whose mutation takes nothing away: only a server that hangs needs it

_JOBS_PER_PROCESSOR = 3

Subject = TypeVar("Subject", Mutation, Control)


class Bench:
    """Runs cases side by side.

    Those that only wait for what never comes need no processor and run all at once; of the others, which sleep as their
    sessions do, a few per processor.
    """

    def __init__(self, upstream: str, wait_seconds: float, jobs: int) -> None:
        self._upstream = upstream
        self._wait_seconds = wait_seconds
        self._slots = asyncio.Semaphore(jobs)

    async def mutation(self, mutation: Mutation) -> MutationVerdict:
        """Runs each case of a mutation, so that it is known which one saw it."""
        if mutation.waits:
            runs = [run_cases(self._upstream, [case], mutation.change, self._wait_seconds) for case in mutation.cases]
        else:
            runs = [self._in_turn(mutation, [case]) for case in mutation.cases]
        return MutationVerdict(mutation, list(await asyncio.gather(*runs)))

    async def control(self, control: Control) -> ControlVerdict:
        """Runs all cases of a control at once."""
        return ControlVerdict(control, await self._in_turn(control, control.cases))

    async def _in_turn(self, subject: Mutation | Control, cases: Sequence[str]) -> Outcome:
        async with self._slots:
            return await run_cases(self._upstream, cases, subject.change, _PATIENCE_SECONDS)


async def run_all(bench: Bench, server: str, controls: list[Control], mutations: list[Mutation]) -> Verdicts:
    """Everything at once; prints each verdict as soon as it is there, in the order of the list."""
    control_runs = [asyncio.create_task(bench.control(control)) for control in controls]
    strikes = [asyncio.create_task(bench.mutation(mutation)) for mutation in mutations]
    verdicts = Verdicts(server, [], [])
    for task in control_runs:
        verdicts.controls.append(await task)
        print("\n".join(verdicts.controls[-1].lines()), flush=True)
    for strike in strikes:
        verdicts.mutations.append(await strike)
        print("\n".join(verdicts.mutations[-1].lines()), flush=True)
    print(verdicts.summary)
    return verdicts


def of_version(subjects: Sequence[Subject], version: str | None) -> list[Subject]:
    """With the cases of this version only; those that have none are left out."""
    if version is None:
        return list(subjects)
    cut = [replace(each, cases=tuple(case for case in each.cases if case.startswith(f"{version}/"))) for each in subjects]
    return [each for each in cut if each.cases]


@contextlib.contextmanager
def server_at(arguments: argparse.Namespace) -> Iterator[str]:
    """The URL of the server whose replies are broken."""
    if arguments.upstream:
        yield arguments.upstream
        return
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        command = [str(Path(arguments.paned).resolve()), "serve", "--listen", "ws://127.0.0.1:0"]
        server = ServerProcess(command, Path(folder))
        try:
            host, port = server.address
            yield f"ws://{host}:{port}"
        finally:
            server.stop()


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--paned", metavar="PATH", help="starts PATH serve --listen ws://127.0.0.1:0")
    target.add_argument("--upstream", metavar="URL", help="a server that runs already")
    target.add_argument("--list", action="store_true", help="only tells what mutations and controls there are")
    parser.add_argument("--mutation", default="*", metavar="GLOB", help="only these mutations (and all controls)")
    parser.add_argument("--version", help="only on cases of this codex version")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the verdicts there, too")
    parser.add_argument("--wait", type=float, default=20.0, metavar="SECONDS",
                        help="how long the suite waits for what a mutation took away (default 20)")
    parser.add_argument("--jobs", type=int, default=_JOBS_PER_PROCESSOR * (os.cpu_count() or 1), metavar="N",
                        help="cases side by side (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Runs the chosen mutations and all controls; the exit code."""
    chosen = of_version([each for each in ALL_MUTATIONS if fnmatch.fnmatchcase(each.name, arguments.mutation)],
                        arguments.version)
    if not chosen:
        arguments.usage_error(f"no mutation {arguments.mutation!r} with cases of that version; --list tells what there is")
    controls = of_version(all_controls(chosen), arguments.version)
    if arguments.list:
        for each in (*controls, *chosen):
            print(f"{'control' if isinstance(each, Control) else 'mutation'} {each.name}: {each.description}\n"
                  f"    {' '.join(each.cases)}")
        return 0
    try:
        with server_at(arguments) as upstream:
            name = Path(arguments.paned).name if arguments.paned else upstream
            bench = Bench(upstream, arguments.wait, arguments.jobs)
            verdicts = asyncio.run(run_all(bench, name, controls, chosen))
    except (ServerError, NoSuchCase) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        verdicts.write(arguments.json)
    return 0 if verdicts.good else 1
