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
from pathlib import Path

from live.server_process import ServerError, ServerProcess
from mutations.all_mutations import ALL_MUTATIONS, all_controls
from mutations.mutation import Control, Mutation
from mutations.trial import NoSuchCase, Outcome, run_cases
from mutations.verdict import ControlVerdict, MutationVerdict, Verdicts

_PATIENCE_SECONDS = 300.0  # of a run whose mutation takes nothing away: only a server that hangs needs it

_JOBS_PER_PROCESSOR = 3


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


async def run_all(server: str, upstream: str, mutations: list[Mutation], wait_seconds: float, jobs: int) -> Verdicts:
    """Everything at once; prints each verdict as soon as it is there, in the order of the list."""
    bench = Bench(upstream, wait_seconds, jobs)
    controls = [asyncio.create_task(bench.control(control)) for control in all_controls(mutations)]
    strikes = [asyncio.create_task(bench.mutation(mutation)) for mutation in mutations]
    verdicts = Verdicts(server, [], [])
    for task in controls:
        verdicts.controls.append(await task)
        print("\n".join(verdicts.controls[-1].lines()), flush=True)
    for strike in strikes:
        verdicts.mutations.append(await strike)
        print("\n".join(verdicts.mutations[-1].lines()), flush=True)
    print(verdicts.summary)
    return verdicts


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
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the verdicts there, too")
    parser.add_argument("--wait", type=float, default=20.0, metavar="SECONDS",
                        help="how long the suite waits for what a mutation took away (default 20)")
    parser.add_argument("--jobs", type=int, default=_JOBS_PER_PROCESSOR * (os.cpu_count() or 1), metavar="N",
                        help="cases side by side (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Runs the chosen mutations and all controls; the exit code."""
    chosen = [mutation for mutation in ALL_MUTATIONS if fnmatch.fnmatchcase(mutation.name, arguments.mutation)]
    if not chosen:
        print(f"no mutation is called {arguments.mutation}; --list tells their names", file=sys.stderr)
        return 1
    if arguments.list:
        for each in (*all_controls(chosen), *chosen):
            print(f"{'control' if isinstance(each, Control) else 'mutation'} {each.name}: {each.description}\n"
                  f"    {' '.join(each.cases)}")
        return 0
    try:
        with server_at(arguments) as upstream:
            name = Path(arguments.paned).name if arguments.paned else upstream
            verdicts = asyncio.run(run_all(name, upstream, chosen, arguments.wait, arguments.jobs))
    except (ServerError, NoSuchCase) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        verdicts.write(arguments.json)
    return 0 if verdicts.good else 1
