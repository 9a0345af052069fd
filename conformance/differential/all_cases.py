"""All cases, in the order they are played: first those that wait, so that the rest fills the time."""
from __future__ import annotations

import cases_blocks
import cases_envelope
import cases_environment
import cases_files
import cases_handshake
import cases_http
import cases_http_side
import cases_process
import cases_sandbox
import cases_snapshot
import cases_start
import cases_terminal
import cases_trees
import cases_walk
import cases_watch
from case import Case

CASES: list[Case] = [
    *cases_watch.CASES, *cases_process.CASES, *cases_terminal.CASES, *cases_start.CASES, *cases_snapshot.CASES,
    *cases_http.CASES, *cases_trees.CASES, *cases_blocks.CASES, *cases_files.CASES, *cases_walk.CASES,
    *cases_environment.CASES, *cases_sandbox.CASES, *cases_envelope.CASES, *cases_handshake.CASES,
    *cases_http_side.CASES]
