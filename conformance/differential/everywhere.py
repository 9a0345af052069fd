"""Deviations that show in every message, so that no case has to name them.

Each is taken out of paned's message before the comparison, and only in exactly this form; a run of all
cases in which one of them never met is a fault.
"""
from __future__ import annotations

from collections import Counter
from typing import Any

RULES = ("jsonrpc-member", "error-data", "created-at")
_DATA = {"path": str, "limit": int, "hint": str}


class Everywhere:
    """Applies the rules and counts."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()

    def strip(self, message: Any) -> Any:
        """One message of paned, before it is normalised."""
        if message.get("jsonrpc") == "2.0":
            self.met["jsonrpc-member"] += 1
            del message["jsonrpc"]
        error, result = message.get("error"), message.get("result")
        if isinstance(error, dict) and _is_data(error.get("data")):
            self.met["error-data"] += 1
            del error["data"]
        if isinstance(result, dict) and type(result.get("createdAtMs")) is int and result["createdAtMs"] > 0:
            self.met["created-at"] += 1
            result["createdAtMs"] = 0
        return message


def _is_data(data: Any) -> bool:
    return isinstance(data, dict) and bool(data) and all(
        name in _DATA and type(value) is _DATA[name] for name, value in data.items())
