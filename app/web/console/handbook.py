"""The pages of `docs/` that the console shows: one text for the repository, the wheel and the help pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

PACKAGE = Path(__file__).parents[2]
# In a wheel the pages lie within the package, in a working copy beside it.
FOLDER = PACKAGE / "_docs" if (PACKAGE / "_docs").is_dir() else PACKAGE.parent / "docs"
QUICK_STARTS = ("curl", "python", "javascript")
EXAMPLE, STAND_IN = "http://127.0.0.1:8000", "&lt;Keyturn's address&gt;"
PLACES = {
    "../troubleshooting.md": "/help/troubleshooting",
    "quick-starts/": "/help/quick-start",
    **{f"quick-starts/{name}.md": f"/help/quick-start#{name}" for name in QUICK_STARTS},
}
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


class Chapter(NamedTuple):
    """A page: its title, its second-level headings as (anchor, text), and what is below the title."""

    title: str
    contents: tuple[tuple[str, str], ...]
    body: str


def chapter(name: str, base: str) -> tuple[Chapter, Markup]:
    """A page of the handbook, with the addresses of this deployment in it.

    name   below `docs`, without `.md`
    base   the deployment's address
    """
    found = _read(name)
    body = found.body.replace(EXAMPLE, escape(base)).replace(STAND_IN, escape(base))
    return found, Markup(body)  # noqa: S704 - the pages are our own, and raw HTML in them is not taken over


def anchor(heading: str) -> str:
    """The anchor of a heading: an error's code as it stands, words in lower case with hyphens."""
    if _CODE.fullmatch(heading):
        return heading
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


@lru_cache(maxsize=8)
def _read(name: str) -> Chapter:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    title, rest = tokens[1].content, tokens[3:]
    contents = []
    for opened, inline in pairwise(rest):
        if opened.type == "heading_open":
            opened.attrSet("id", anchor(inline.content))
            if opened.tag == "h2":
                contents.append((anchor(inline.content), inline.content))
        elif inline.type == "fence":
            inline.attrSet("tabindex", "0")
    for token in rest:
        token.children = _linked(token.children) if token.children else token.children
    body = parser.renderer.render(rest, parser.options, {})
    return Chapter(title, tuple(contents), _scrolling(body))


def _linked(children: Sequence[Token]) -> list[Token]:
    # A page of the repository that the console does not have is named without a link.
    found, open_ones = [], []
    for token in children:
        if token.type == "link_open":
            place = str(token.attrGet("href"))
            known = PLACES.get(place) or (place if place.startswith(("#", "https://")) else None)
            open_ones.append(known)
            if known is None:
                continue
            token.attrSet("href", known)
        elif token.type == "link_close" and open_ones.pop() is None:
            continue
        found.append(token)
    return found


def _scrolling(body: str) -> str:
    body = body.replace("<pre>", '<pre class="kt-pre" tabindex="0">')
    return body.replace("<table>", '<div class="kt-scroll"><table class="kt-table">').replace(
        "</table>", "</table></div>"
    )
