"""What came of every method of a case.

Exists for the tables: a case passes or fails as a whole, but people ask which methods work.
"""
from __future__ import annotations

from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS

_BY_WEIGHT = (PASS, DEVIATES, NOT_OFFERED, FAIL)


class Accounts:
    """Requests and notifications by name; the worst that came of one counts."""

    def __init__(self) -> None:
        self._methods: dict[str, str] = {}

    def note(self, method: str, verdict: str) -> None:
        """One message of this method was judged."""
        known = self._methods.get(method, PASS)
        self._methods[method] = max(known, verdict, key=_BY_WEIGHT.index)

    def methods(self) -> dict[str, str]:
        """Method -> verdict, by name."""
        return dict(sorted(self._methods.items()))
