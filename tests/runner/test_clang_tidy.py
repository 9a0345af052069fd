"""That a file is looked at again when anything has changed that its verdict depends on, and only then."""
from __future__ import annotations

import json
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from runner import clang_tidy

_OBJECT = "server/a.dir/a.cpp.o"


class Keys(unittest.TestCase):
    """The key of one file of a build that is made here."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree("first")

    def tree(self, name: str) -> None:
        """A checkout with a source, a header of its own, and one that only the precompiled header includes."""
        self.root = self.folder / name
        self.build = self.root / "build" / "release"
        (self.root / "server").mkdir(parents=True)
        self.build.mkdir(parents=True)
        for path in ("server/a.cpp", "server/a.h", "server/all.h"):
            (self.root / path).write_text(path, encoding="utf-8")

    def key(self, options: str = "-O2 -DNDEBUG", version: str = "14", configuration: str = "Checks") -> str | None:
        """Computed from what ninja would say."""
        source = str(self.root / "server/a.cpp")
        command = (f"ccache g++ -I{self.root} {options} -include {self.build}/cmake_pch.hxx -o {_OBJECT} -c {source}")
        (self.build / "compile_commands.json").write_text(json.dumps([{"file": source, "command": command}]), encoding="utf-8")
        made = {_OBJECT: ["../../server/a.cpp", "../../server/a.h", f"{self.build}/cmake_pch.hxx"],
                "cmake_pch.hxx.gch": ["../../server/all.h"]}
        with mock.patch.object(clang_tidy, "ROOT", self.root), \
                mock.patch.object(clang_tidy.Sources, "_read_dependencies", lambda _: made):
            return clang_tidy.key_of(clang_tidy.Sources(self.build), source, version, configuration)

    def test_what_changes_it(self) -> None:
        """The file, a header, one behind the precompiled header, options, configuration, version."""
        before = self.key()
        self.assertEqual(before, self.key())
        for path in ("server/a.cpp", "server/a.h", "server/all.h"):
            whole = self.root / path
            text = whole.read_text(encoding="utf-8")
            whole.write_text("changed", encoding="utf-8")
            self.assertNotEqual(before, self.key(), path)
            whole.write_text(text, encoding="utf-8")
        self.assertNotEqual(before, self.key(options="-DOTHER"))
        self.assertNotEqual(before, self.key(version="15"))
        self.assertNotEqual(before, self.key(configuration="Other"))
        self.assertEqual(before, self.key())

    def test_checkouts_share_it(self) -> None:
        """What a checkout is called is no part of it."""
        first = self.key()
        self.tree("second")
        self.assertEqual(first, self.key())

    def test_assertions_are_seen(self) -> None:
        """clang-tidy is to know what the code asserts, and not to lean on a precompiled header."""
        self.key()
        with mock.patch.object(clang_tidy, "ROOT", self.root), \
                mock.patch.object(clang_tidy.Sources, "_read_dependencies", lambda _: {}):
            sources = clang_tidy.Sources(self.build)
            source = str(self.root / "server/a.cpp")
            self.assertEqual(sources.arguments(source), ["-Wreserved-identifier", f"-I{self.root}"])
            self.assertIsNone(clang_tidy.key_of(sources, source, "", ""))  # nothing is known: it is looked at


if __name__ == "__main__":
    unittest.main()
