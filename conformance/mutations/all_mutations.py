"""Every mutation, and the control without a change on every case they use."""
from __future__ import annotations

from mutations import in_events, in_files, in_reads, in_replies
from mutations.controls import CONTROLS, PassedOn
from mutations.mutation import Control, Mutation

ALL_MUTATIONS: tuple[Mutation, ...] = (
    *in_replies.MUTATIONS, *in_events.MUTATIONS, *in_reads.MUTATIONS, *in_files.MUTATIONS)


def all_controls(mutations: list[Mutation]) -> list[Control]:
    """The controls; the first shows that every case of these mutations is green without them."""
    cases = sorted({case for mutation in mutations for case in mutation.cases})
    return [Control("nothing", "the proxy passes everything on", PassedOn, tuple(cases)), *CONTROLS]
