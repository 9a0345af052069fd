"""What a case says beyond what client and server said to each other.

Exists so that a recording stands for itself: a scenario states these facts, the live test writes them into the capture
as an event, and convert puts them into meta.json and files.json.  Nothing of it is code that must grow with a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EVENT = "case"
VERDICT_EVENT = "verdict"
# Members of meta.json that people write, by the name they have in the event.
WRITTEN = ("description", "setup", "output", "awaits", "pids", "serverHome")


@dataclass(frozen=True)
class CaseFacts:
    """What a scenario says about the case it becomes.

    Keys of `output` and `pids` are names of processes; which processes these were is said with the verdict.
    """

    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict)  # of the case, by server; "" leaves the server's side out
    setup: tuple[Mapping[str, Any], ...] = ()
    output: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    awaits: tuple[str, ...] = ()
    pids: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, Any] = field(default_factory=dict)  # beyond what convert sees in the messages

    def case_name(self, scenario: str, server: str, is_first: bool) -> str:
        """What the recording of one server's side is called."""
        return self.names.get(server, scenario if is_first else f"{scenario}_{server}")

    def event(self, files: Mapping[str, Any], server_home: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the event; what is empty is left out."""
        members = {"description": self.description, "files": dict(files), "serverHome": dict(server_home),
                   "setup": [dict(step) for step in self.setup],
                   "output": {name: dict(rule) for name, rule in self.output.items()}, "awaits": list(self.awaits),
                   "pids": dict(self.pids), "needs": dict(self.needs)}
        return {name: value for name, value in members.items() if value or name == "files"}
