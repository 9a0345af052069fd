"""All cases, in the order they are played: first those that wait, so that the rest fills the time."""
from __future__ import annotations

from differential import (
    cases_blocks, cases_envelope, cases_environment, cases_files, cases_handshake, cases_http, cases_http_side,
    cases_process, cases_sandbox, cases_snapshot, cases_start, cases_terminal, cases_trees, cases_walk,
    cases_watch)
from differential.case import Case

CASES: list[Case] = [
    *cases_watch.CASES, *cases_process.CASES, *cases_terminal.CASES, *cases_start.CASES, *cases_snapshot.CASES,
    *cases_http.CASES, *cases_trees.CASES, *cases_blocks.CASES, *cases_files.CASES, *cases_walk.CASES,
    *cases_environment.CASES, *cases_sandbox.CASES, *cases_envelope.CASES, *cases_handshake.CASES,
    *cases_http_side.CASES]
