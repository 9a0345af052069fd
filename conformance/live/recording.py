"""What is recorded of a scenario: one capture per server, with all that convert has to know.

Exists so that scenarios need not know whether they are recorded: what lies in their folders when codex starts, and in
the homes of their servers, is read and noted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from capture.facts import EVENT, VERDICT_EVENT, CaseFacts
from capture.recorder import Header, Recorder
from capture.tcp_proxy import Address
from capture.tree import Entries, read_tree
from replay.placeholders import RECORDED_HOME

SHARED = "shared"  # the server that all scenarios use; further ones are named by their scenario
_OWN_FOLDERS = ("codex-home", "tmp", "codex.stdout", "codex.stderr")  # of the client, not of the project


@dataclass(frozen=True)
class Target:
    """Where the captures of a run go, and what is in all of them."""

    folder: Path
    client: str
    server: str
    codex: Path  # folder of the install
    shared_home: Path | None  # of the server that all scenarios share, if it was started here


class Recording:
    """The captures of one scenario."""

    def __init__(self, target: Target, scenario: str, facts: CaseFacts, root: Path) -> None:
        self._target, self._scenario, self._facts, self._root = target, scenario, facts, root
        self._recorders: dict[str, Recorder] = {}
        self._homes: dict[str, Entries] = {}
        self._noted: set[str] = set()

    def recorder(self, server: str, address: Address) -> Recorder | None:
        """The recorder of one server's side; None: that side is left out."""
        name = self._facts.case_name(self._scenario, server, server == SHARED)
        if not name:
            return None
        home = self._target.shared_home if server == SHARED else self._root / server / "home"
        self._target.folder.mkdir(parents=True, exist_ok=True)
        header = Header(f"ws://{address[0]}:{address[1]}", str(self._root), str(home) if home else None, self._target.client,
                        self._target.server, str(self._target.codex))
        recorder = Recorder(self._target.folder / f"{name}.jsonl", header)
        if home is not None:
            recorder.spell(str(home.with_name("tmp")), f"{RECORDED_HOME}/tmp")
        self._recorders[server] = recorder
        return recorder

    def note_server_home(self, server: str) -> None:
        """A server is about to start: what lies in its home now was put there for it."""
        home = self._root / server / "home"
        self._homes[server] = read_tree(home, (".",)) if home.is_dir() else {}

    def note_start(self) -> None:
        """codex is about to start: what lies in its folders now is what a case starts from, on servers new to it."""
        new = self._recorders.keys() - self._noted
        if not new:
            return
        made = [f"{step['path']}/.git" for step in self._facts.setup]
        files = read_tree(self._root, (".",), (*_OWN_FOLDERS, *self._homes, *made))
        if files.get("home", {}).get("kind") == "directory":
            del files["home"]  # every case has one
        for server in new:
            self._recorders[server].note(EVENT, **self._facts.event(files, self._homes.get(server, {})))
        self._noted |= new

    def finish(self, word: str, reason: str, process_ids: dict[str, str]) -> list[str]:
        """Closes the captures, and says how the scenario went; what went wrong with recording.

        `process_ids` are those of the processes that the facts name.  A server that the client never came to has no capture.
        """
        for recorder in self._recorders.values():
            recorder.note(VERDICT_EVENT, word=word, reason=reason, processes=process_ids)
            recorder.close()
            if not recorder.connections:
                recorder.path.unlink()
        met = [server for server, recorder in self._recorders.items() if recorder.connections]
        if len(met) == 1 and met[0] not in self._facts.names:  # one server only: the case is the scenario
            self._recorders[met[0]].path.rename(self._target.folder / f"{self._scenario}.jsonl")
        return [recorder.fault for recorder in self._recorders.values() if recorder.fault]
