"""Names: how long, what they may hold, how they are folded for search and order."""

from __future__ import annotations

import unicodedata

from app.domain.refusals import Problem

LONGEST_DESCRIPTION = 1000


def fold(text: str) -> str:
    """Fold case and accents away, so that search and order do not see them."""
    # Decomposed first: a ligature or sign such as ℡ hides capitals, and folding what was folded must change nothing.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def clean_name(
    text: str, problems: list[Problem], *, field: str = "name", shortest: int = 2, longest: int = 200
) -> str:
    """Trim a name and check it; what is wrong is added to `problems`.

    shortest, longest   in characters, after trimming
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not shortest <= len(name) <= longest:
        problems.append(Problem(field, "length", f"Must have {shortest} to {longest} characters."))
    if _unprintable(name):
        problems.append(Problem(field, "characters", "Must not hold control characters."))
    return name


def clean_description(text: str, problems: list[Problem]) -> str:
    """Trim a description and check it; line breaks are welcome."""
    description = unicodedata.normalize("NFC", text.strip().replace("\r\n", "\n"))
    if len(description) > LONGEST_DESCRIPTION:
        problems.append(Problem("description", "length", f"Must have at most {LONGEST_DESCRIPTION} characters."))
    if _unprintable(description.replace("\n", "").replace("\t", "")):
        problems.append(Problem("description", "characters", "Must not hold control characters."))
    return description


def _unprintable(text: str) -> bool:
    # Cc are controls (NUL among them), Cs lone surrogates, Zl and Zp line breaks; the bidirectional overrides could
    # make one name look like another.
    return any(
        unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
        for c in text
    )
