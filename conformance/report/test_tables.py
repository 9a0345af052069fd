"""What the cells of the tables say: merging, which verdict speaks for several, orders, and files that are no results."""
from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from report import current, deviation_list, order, run, words
from report.inputs import Inputs, load_inputs, server_label
from report.results import DEVIATES, FAIL, NOT_OFFERED, PASS, SKIP, BadResults, CaseResult, Results
from report.tables import Counts, Report, ServerTables, build


def case(name: str, verdict: str = PASS, client: str = "codex 0.169.0", reason: str = "",
         deviations: tuple[str, ...] = (), **methods: str) -> CaseResult:
    """One case; `process_read="pass"` is the method process/read."""
    return CaseResult(client, name, verdict, 1.0, reason,
                      {method.replace("_", "/"): word for method, word in methods.items()}, list(deviations))


def results(*cases: CaseResult, server: str = "s", suite: str = "replay", version: str = "1") -> Results:
    """One run."""
    return Results(suite, {"name": server, "url": "ws://h:1", "version": version}, "2026-11-21T14:00:00Z", 1.0, list(cases))


def report_of(*runs: Results) -> Report:
    """The tables of some runs."""
    return build(Inputs(list(runs)), {"known": "what it means"})


def one_server(*runs: Results) -> ServerTables:
    """The tables of the only server."""
    (server,) = report_of(*runs).servers
    return server


class Cells(unittest.TestCase):
    """One method, one client."""

    def verdict_of(self, *verdicts: str) -> str:
        server = one_server(results(*(case(str(number), process_read=verdict) for number, verdict in enumerate(verdicts))))
        cell = server.methods[0].cells[0]
        assert cell
        return cell.counts.verdict

    def test_which_verdict_speaks(self) -> None:
        for verdicts, expected in (
                ([PASS, PASS], PASS), ([PASS, DEVIATES], DEVIATES), ([DEVIATES, FAIL, PASS], FAIL),
                ([PASS, NOT_OFFERED], PASS), ([NOT_OFFERED], NOT_OFFERED), ([NOT_OFFERED, FAIL], FAIL)):
            with self.subTest(verdicts):
                self.assertEqual(expected, self.verdict_of(*verdicts))

    def test_numbers_leave_out_what_was_not_played(self) -> None:
        counts = Counts.of([PASS, PASS, DEVIATES, FAIL, SKIP, NOT_OFFERED])
        self.assertEqual("3/4", words.fraction(counts))
        self.assertEqual("6 cases: 2 passed, 1 deviates, 1 failed, 1 skipped, 1 not offered", words.sentence(counts))
        self.assertEqual("", words.fraction(Counts.of([SKIP, NOT_OFFERED])))

    def test_a_method_of_no_case_is_blank(self) -> None:
        server = one_server(results(case("a", process_read=PASS), case("b", client="go uri", process_write=PASS)))
        self.assertEqual([[True, False], [False, True]], [[cell is not None for cell in row.cells] for row in server.methods])

    def test_deviations_are_of_the_cases_in_which_the_method_deviates(self) -> None:
        server = one_server(results(
            case("a", DEVIATES, deviations=("known",), process_read=DEVIATES, process_start=PASS),
            case("b", DEVIATES, deviations=("other",), process_start=DEVIATES, process_read=PASS),
            case("c", FAIL, deviations=("other",), process_start=FAIL)))
        start, read = (row.cells[0] for row in server.methods)
        assert start and read
        self.assertEqual((["other"], ["c"], FAIL), (start.deviations, start.failed, start.counts.verdict))
        self.assertEqual((["known"], []), (read.deviations, read.failed))
        self.assertEqual([("known", 1, "what it means", ["process/read"]), ("other", 2, "", ["process/start"])],
                         [(row.id, row.cases, row.meaning, row.methods) for row in server.deviations])


    def test_a_case_may_say_which_method_needed_what(self) -> None:
        result = CaseResult("c", "a", DEVIATES, 1.0, methods={"process/read": DEVIATES, "process/start": DEVIATES},
                            deviations=["known", "other"], deviating={"process/read": ["known"], "process/start": ["other"]})
        server = one_server(results(result))
        self.assertEqual([["other"], ["known"]], [cell.deviations for row in server.methods for cell in row.cells if cell])
        self.assertEqual([["process/read"], ["process/start"]], [deviation.methods for deviation in server.deviations])


class Merging(unittest.TestCase):
    """Several files."""

    def test_files_of_one_server_are_one_table(self) -> None:
        server = one_server(results(case("a", process_read=PASS)), results(case("b", process_read=PASS)),
                            results(case("a", client="go uri"), suite="go-bridge"))
        self.assertEqual(["codex 0.169.0", "go uri"], server.clients)
        self.assertEqual([("replay", [2, None]), ("go-bridge", [None, 1])],
                         [(row.suite, [counts and counts.total for counts in row.counts]) for row in server.suites])
        self.assertEqual((0, 3), (server.repeated, len(server.runs)))

    def test_a_failure_is_not_mended_by_a_second_run(self) -> None:
        for first, second in ((FAIL, PASS), (PASS, FAIL)):
            server = one_server(results(case("a", first)), results(case("a", second)))
            self.assertEqual((1, 1, 1), (server.total.failed, server.total.total, server.repeated))

    def test_what_was_found_out_counts_before_what_was_not(self) -> None:
        self.assertEqual(1, one_server(results(case("a", SKIP)), results(case("a", PASS))).total.passed)

    def test_the_same_case_of_another_suite_or_client_is_another_case(self) -> None:
        server = one_server(results(case("a")), results(case("a"), suite="live"), results(case("a", client="codex 0.120.0")))
        self.assertEqual((3, 0), (server.total.total, server.repeated))

    def test_servers(self) -> None:
        report = report_of(results(case("a"), server="codex", version="0.169.0"), results(case("a"), server="zeta"),
                           results(case("a"), server="codex", version="0.20.0"), results(case("b"), server="paned"))
        self.assertEqual(["paned 1", "zeta 1", "codex 0.20.0", "codex 0.169.0"], [server.server for server in report.servers])
        (comparison,) = report.comparisons
        self.assertEqual([server.server for server in report.servers], [server for server, _ in comparison.rows])

    def test_names_of_servers(self) -> None:
        for server, expected in (({"name": "a", "version": "1", "url": "u"}, "a 1"), ({"name": "a 1.0", "version": "2.0"}, "a 1.0"),
                                 ({"name": "", "version": "1", "url": "ws://u"}, "ws://u"), ({}, "unknown server")):
            self.assertEqual(expected, server_label(server))

    def test_cases_with_the_same_reason_are_one_remark(self) -> None:
        server = one_server(results(case("b", FAIL, reason="r"), case("a", FAIL, reason="r"), case("c", FAIL, reason="s"),
                                    case("d", SKIP, reason="r"), case("e", NOT_OFFERED, reason="r")))
        self.assertEqual([(["a", "b"], "r"), (["c"], "s")], [(remark.cases, remark.reason) for remark in server.failed])
        self.assertEqual([["d"], ["e"]], [remark.cases for remark in server.skipped + server.not_offered])

    def test_nothing(self) -> None:
        for form, draw in run.FORMATS.items():
            with self.subTest(form):
                self.assertTrue(draw(report_of()))
        self.assertIn("no results", run.FORMATS["text"](report_of()))
        self.assertEqual(0, one_server(results()).total.total)


class Order(unittest.TestCase):
    """Rows and columns."""

    def test_methods(self) -> None:
        mixed = ["paned/screen", "fs/walk", "environment/info", "process/zap", "process/read", "initialize", "fs/readFile",
                 "process/output", "process/start", "http/request", "capabilities/discoverV2"]
        self.assertEqual(["initialize", "process/start", "process/read", "process/zap", "process/output", "fs/readFile",
                          "fs/walk", "http/request", "environment/info", "capabilities/discoverV2", "paned/screen"],
                         order.in_protocol_order(mixed))

    def test_clients(self) -> None:
        self.assertEqual(["codex 0.99.0", "codex 0.120.0", "go plain", "go uri", "a 1", "zed"],
                         order.clients_in_order(["zed", "go uri", "a 1", "codex 0.120.0", "go plain", "codex 0.99.0"]))

    def test_letters(self) -> None:
        many = one_server(results(case("a", DEVIATES, deviations=tuple(f"{number:02}" for number in range(28)))))
        self.assertEqual(["a", "z", "aa", "ab"], [words.letters(many.deviations)[name] for name in ("00", "25", "26", "27")])


class Files(unittest.TestCase):
    """What is read, and what is said of a file that cannot be."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, content: Any) -> Path:
        path = self.folder / "r.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def test_what_was_written_is_read(self) -> None:
        written = results(case("a", DEVIATES, deviations=("x",), process_read=DEVIATES))
        written.write(self.folder / "sub" / "r.json")
        self.assertEqual([written], load_inputs([self.folder / "sub" / "r.json"]).results)

    def test_bad_files(self) -> None:
        good = {"client": "c", "case": "a", "verdict": "pass", "seconds": 1}
        frame = {"format": 1, "suite": "replay", "server": {}, "started": "", "seconds": 1, "cases": []}
        mutation = {"name": "n", "description": "d", "applied": 1, "verdict": "caught"}
        for content, expected in (
                ("{", "not JSON"), ("[]", "no result file"), ({"format": 1}, "no result file"), ("", "not JSON"),
                ({**frame, "format": 2}, "format 2, this program reads 1"),
                ({"format": 1, "suite": "replay"}, "no results"),
                ({**frame, "cases": [{**good, "verdict": "fine"}]}, "unknown verdicts ['fine']"),
                ({**frame, "cases": [{**good, "methods": {"m": "skip"}}]}, "case a of c: unknown verdicts of methods ['skip']"),
                ({**frame, "cases": [{**good, "methods": {"m": "fail"}}]}, "a method fails, but the verdict is pass"),
                ({**frame, "cases": [{"client": "c"}]}, "no results"),
                ({**frame, "surprise": 1}, "no results"),
                ({"format": 1, "suite": "mutations"}, "'controls' is missing"),
                ({"format": 1, "suite": "mutations", "server": "s", "controls": [], "mutations": [{**mutation, "verdict": "?"}]},
                 "unknown verdicts ['?']"),
                ({"format": 1, "suite": "cross", "server": {}, "clients": [{"client": "c"}]}, "'passed' is missing"),
                ({"format": 1, "suite": "steps", "made": {}, "steps": [{"name": "n"}]}, "no results of suite 'steps'")):
            with self.subTest(content), self.assertRaisesRegex(BadResults, "r.json: .*") as caught:
                load_inputs([self.file(content)])
            self.assertIn(expected, str(caught.exception))
        with self.assertRaisesRegex(BadResults, "none.json: No such file"):
            load_inputs([self.folder / "none.json"])

    def report(self, *options: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        parser.set_defaults(usage_error=parser.error)
        run.configure(parser)
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = run.main(parser.parse_args(list(options)))
            except SystemExit as end:
                status = int(end.code or 0)
        out.seek(0)
        return status, out.read(), err.getvalue()

    def test_the_command(self) -> None:
        results(case("a")).write(self.folder / "a.json")
        status, out, err = self.report(str(self.folder / "a.json"))
        self.assertEqual((0, ""), (status, err))
        self.assertIn("s 1: 1 case: 1 passed, 0 failed", out)
        for name, beginning in (("r.html", "<!doctype html>"), ("r.md", "# "), ("r.json", "{"), ("r", "Conformance report\n")):
            self.assertEqual(0, self.report(str(self.folder / "a.json"), "--out", str(self.folder / name))[0])
            self.assertTrue((self.folder / name).read_text(encoding="utf-8").startswith(beginning), name)
        self.assertEqual(1, json.loads((self.folder / "r.json").read_text())["servers"][0]["total"]["passed"])
        self.assertTrue(self.report(str(self.folder / "a.json"), "--format", "markdown")[1].startswith("# "))

    def test_the_command_refuses(self) -> None:
        for options, status, text in (
                ((), 2, "name the result files"), ((str(self.file("{")),), 1, "not JSON"),
                (("--current", str(self.folder)), 2, "--paned PATH"),
                (("--current", str(self.folder), "--paned", "/nowhere"), 2, "--paned PATH")):
            with self.subTest(options):
                came = self.report(*options)
                self.assertEqual(status, came[0])
                self.assertIn(text, came[2])
        results(case("a")).write(self.folder / "a.json")
        came = self.report(str(self.folder / "a.json"), "--out", str(self.folder / "a.json" / "b"))
        self.assertEqual(1, came[0])
        self.assertIn("cannot write", came[2])

    def test_meanings(self) -> None:
        table = self.folder / "README.md"
        table.write_text("# x\n\n| id | what |\n| --- | --- |\n| `a-b` | says `x` | why | who |\n| other | row |\n")
        self.assertEqual({"a-b": "says x"}, deviation_list.meanings(table))
        self.assertEqual({}, deviation_list.meanings(self.folder / "none"))


class Steps(unittest.TestCase):
    """A step of a report made anew: what it says when there are no results."""

    def execute(self, code: str, *more: str) -> tuple[str, str, Inputs]:
        inputs = Inputs()
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "r.json"
            output.write_text("stale")
            step = current.execute(current.Command("n", [*(more or (sys.executable,)), "-c", code, str(output)], output, "named 1.0"), inputs,
                                   {folder: "FOLDER"})
            self.assertNotIn(folder, step.command + step.reason)
        return step.outcome, step.reason, inputs

    def test_results_are_taken_in_also_of_failures(self) -> None:
        content = json.dumps({"format": 1, "suite": "replay", "server": {"name": "s"}, "started": "", "seconds": 1, "cases": []})
        outcome, reason, inputs = self.execute(f"import sys; open(sys.argv[1], 'w').write({content!r}); sys.exit(1)")
        self.assertEqual(("ran", "", ["named 1.0"]), (outcome, reason, [found.server["name"] for found in inputs.results]))

    def test_reasons(self) -> None:
        for code, expected in (
                ("import sys; print('SKIP: no go here'); sys.exit(77)", "no go here"),
                ("import sys; print('a'); print('b'); sys.exit(2)", "exit status 2: b"),
                ("pass", "exit status 0: FOLDER/r.json: No such file or directory"),
                ("import sys; sys.exit(3)", "exit status 3: it said nothing"),
                ("import os; os.kill(os.getpid(), 9)", "exit status -9: it said nothing"),
                ("import sys; open(sys.argv[1], 'w').write('{'); sys.exit(1)", "exit status 1: FOLDER/r.json: not JSON")):
            with self.subTest(code):
                outcome, reason, inputs = self.execute(code)
                self.assertEqual(("not run", 0), (outcome, len(inputs.results)))
                self.assertTrue(reason.startswith(expected), reason)
        self.assertEqual("cannot be started: No such file or directory", self.execute("", "/nowhere")[1])


if __name__ == "__main__":
    unittest.main()
