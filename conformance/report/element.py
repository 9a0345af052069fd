"""HTML out of elements, in which every text is escaped unless it is an element itself.

Exists so that escaping is not a thing to remember: a plain string cannot become markup.
"""
from __future__ import annotations

import html

from report.words import printable


class Markup(str):
    """A text that is HTML already."""


def element(tag: str, *content: str, **attributes: str | None) -> Markup:
    """`<tag …>content</tag>`; an attribute that is None is left out, `class_` is spelled class."""
    shown = "".join(f' {name.rstrip("_").replace("_", "-")}="{html.escape(printable(value))}"'
                    for name, value in attributes.items() if value is not None)
    return Markup(f"<{tag}{shown}>{join(content)}</{tag}>")


def join(content: tuple[str, ...] | list[str]) -> Markup:
    """One after another, escaped where need be."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(printable(part)) for part in content))
