"""The four formats of one small report, held to files in golden/; and that nothing of a result file becomes markup.

After a wanted change: `python3 -B -m report.test_formats write` in conformance/, and look at the difference.
"""
from __future__ import annotations

import re
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path

from report import page
from report.inputs import Control, Inputs, Mutation, MutationRun, Step, StepRun, load_inputs
from report.results import VERDICTS, CaseResult, Results
from report.run import FORMATS
from report.tables import Report, build

GOLDEN = Path(__file__).parent / "golden"
MEANINGS = {"walk-names": "fs/walk lists names that are not UTF-8"}
ENDINGS = {"text": "txt", "json": "json", "markdown": "md", "html": "html"}
NASTY = "<script>alert(1)</script> \"'&amp; | `x` [a](b) *b*\n\x1b[2J\u202e"
VOID = {"meta", "wbr"}


def golden_report() -> Report:
    """Of all the inputs in golden/."""
    return build(load_inputs([GOLDEN / f"{name}.json" for name in ("replay", "go-bridge", "mutations", "cross", "steps")]),
                 MEANINGS)


def drawn(form: str) -> str:
    """In one format; a page without its style, which says nothing."""
    text = FORMATS[form](golden_report())
    return re.sub(r"<style>.*</style>", "<style></style>", text, flags=re.DOTALL).replace("</tr>", "</tr>\n")


def nasty_report() -> Report:
    """Every text that a file can bring is hostile."""
    case = {"client": NASTY, "case": NASTY, "seconds": 1.0, "reason": NASTY, "deviations": [NASTY]}
    results = Results(NASTY, {"name": NASTY, "url": NASTY, "version": NASTY}, NASTY, 1.0, [
        CaseResult(**{**case, "case": NASTY + verdict}, verdict=verdict,
                   methods={NASTY: "deviates" if verdict == "skip" else verdict}) for verdict in VERDICTS])
    other = Results(NASTY + "2", {"name": "b"}, "", 1.0, results.cases)
    mutations = MutationRun(NASTY, [Control(NASTY, NASTY, "red", NASTY)], [Mutation(NASTY, NASTY, 1, "caught", [NASTY], NASTY)])
    steps = StepRun({NASTY: NASTY}, [Step(NASTY, NASTY, "not run", NASTY, 1.0)])
    return build(Inputs([results, other], [mutations], [], [steps]), {NASTY: NASTY})


class Tags(HTMLParser):
    """What a browser would take for markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


class GoldenFiles(unittest.TestCase):
    """Each format as it was looked at."""

    maxDiff = None

    def test_each_format(self) -> None:
        for form, ending in ENDINGS.items():
            with self.subTest(form):
                self.assertEqual((GOLDEN / f"report.{ending}").read_text(encoding="utf-8"), drawn(form))

    def test_text_fits_the_terminal(self) -> None:
        self.assertLessEqual(max(map(len, drawn("text").splitlines())), 120)


class Hostile(unittest.TestCase):
    """Texts of result files stay texts."""

    def test_page(self) -> None:
        tags = Tags(page.render(nasty_report()))
        self.assertEqual([], tags.open)
        self.assertNotIn("script", {tag for tag, _ in tags.seen})
        self.assertIn("<script>alert(1)</script>", "".join(tags.texts))
        self.assertLessEqual({name for _, attributes in tags.seen for name in attributes}, {
            "charset", "name", "content", "lang", "id", "class", "title", "scope", "colspan", "rowspan", "href", "style",
            "tabindex", "role", "open", "aria-label", "aria-labelledby", "aria-hidden"})

    def test_no_control_characters(self) -> None:
        for form in ("text", "markdown", "html"):
            with self.subTest(form):
                self.assertEqual([], re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", FORMATS[form](nasty_report())))

    def test_markdown(self) -> None:
        lines = FORMATS["markdown"](nasty_report()).splitlines()
        self.assertEqual([], [line for line in lines if re.search(r"(?<!\\)<(?!/?(details|summary)>)", line)])
        heads = [place for place, line in enumerate(lines) if set(line) == set("| -")]
        self.assertTrue(heads)
        for head in heads:
            rows = lines[head - 1:]
            width = len(re.findall(r"(?<!\\)\|", rows[0]))
            for row in rows[:next((end for end, row in enumerate(rows) if not row), len(rows))]:
                self.assertEqual(width, len(re.findall(r"(?<!\\)\|", row)), row)


class Page(unittest.TestCase):
    """What a reader without eyes, mouse or net needs."""

    def setUp(self) -> None:
        self.tags = Tags(page.render(golden_report())).seen

    def test_nothing_is_fetched(self) -> None:
        text = page.render(golden_report())
        self.assertEqual([], re.findall(r"url\(|@import|src=|https?://", text))
        self.assertEqual({"#"}, {(attributes["href"] or "")[:1] for tag, attributes in self.tags if tag == "a"})

    def test_links_lead_somewhere(self) -> None:
        names = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        self.assertEqual(len(names), len(set(names)))
        for _, attributes in self.tags:
            for target in (attributes.get("href", "#")[1:], attributes.get("aria-labelledby", "")):
                self.assertIn(target, ["", *names])

    def test_headings_have_a_scope(self) -> None:
        self.assertEqual([], [attributes for tag, attributes in self.tags if tag == "th" and "scope" not in attributes])

    def test_verdicts_are_words_too(self) -> None:
        self.assertIn('<span class="unseen">fail</span>', page.render(golden_report()))


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    for a_form, an_ending in ENDINGS.items():
        (GOLDEN / f"report.{an_ending}").write_text(drawn(a_form), encoding="utf-8")
