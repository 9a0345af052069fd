"""All cases, in the order they are played."""
from __future__ import annotations
import cases_trees, cases_blocks, cases_walk, cases_watch
CASES = [*cases_trees.CASES, *cases_blocks.CASES, *cases_walk.CASES, *cases_watch.CASES]
