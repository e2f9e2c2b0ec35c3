"""The rule that every section of an RFC which the product names has a test that names it too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SECTION = r"(?:§\w[\w.]*|Appendix \w)"
CITATION = re.compile(rf"RFC (\d+) ({SECTION}(?:(?:,| and) {SECTION})*)")
# In a source, a clause stands for the table's own RFC unless it begins with another number.
OTHER_RFC = re.compile(r"(?:RFC )?(\d{4,5})(?: |$)")
NO_RFC = re.compile(r"[\d.]+-\d+ |bis ")  # drafts
ASIDE = re.compile(r"\([^)]*\)|'[^']*'")
PLACE = re.compile(r"(?:§|App\. |Appendix )?([\d.]+\d|\d+|[A-Z])\b")


def cited(text: str) -> set[str]:
    """Every section that a text names, such as `RFC 6749 §5.2` or `RFC 6749 Appendix B`."""
    return {
        f"RFC {number} {section.rstrip('.')}"
        for number, sections in CITATION.findall(text)
        for section in re.findall(SECTION, sections)
    }


def sources(number: str, source: str) -> Iterator[str]:
    """Every section that the source of an assertion names.

    number   the assertion's, such as `T-6749-12`: its table's RFC is what a clause speaks of that names none
    source   such as `3.3, 5.2; 6750 §4`
    """
    for clause in ASIDE.sub("", source).split(";"):
        table = number.split("-")[1]
        for part in clause.split(","):
            place = part.strip()
            if NO_RFC.match(place):
                break
            if other := OTHER_RFC.match(place):
                table, place = other[1], place[other.end() :]
            if table.isdecimal() and (found := PLACE.match(place)):
                yield f"RFC {table} {'Appendix ' if found[1].isalpha() else '§'}{found[1]}"


def covered(texts: Iterable[str], assertions: Mapping[str, Mapping[str, Any]], carried: set[str]) -> set[str]:
    """Every section that a test names, by itself or through an assertion whose number it carries."""
    named = set().union(*map(cited, texts))
    return named.union(*(sources(n, a["source"]) for n, a in assertions.items() if n in carried))
