from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import LONGEST_DESCRIPTION, clean_description, clean_name, fold
from app.domain.refusals import Problem


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Müller", "muller"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("ﬁle", "file"), ("℡", "tel"), ("İ", "i")],
)
def test_case_and_accents_are_folded_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_what_was_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_however_a_name_was_composed_it_folds_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


def test_a_name_is_trimmed_and_composed() -> None:
    problems: list[Problem] = []
    assert clean_name("  Mu\u0308ller  ", problems) == "Müller"
    assert problems == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("a", "length"),
        ("  a  ", "length"),
        ("a" * 201, "length"),
        ("a\0b", "characters"),
        ("a\nb", "characters"),
        ("a\ud800", "characters"),
        ("abc\u202edef", "characters"),
        ("ab\u2028cd", "characters"),
    ],
)
def test_what_cannot_be_a_name_is_told(text: str, code: str) -> None:
    problems: list[Problem] = []
    clean_name(text, problems, field="title")
    assert [(p.field, p.code) for p in problems] == [("title", code)]


@pytest.mark.parametrize("text", ["ab", "a" * 200, "<script>", "名前", "👩‍👩‍👧", "' OR 1=1 --"])
def test_other_names_are_welcome(text: str) -> None:
    problems: list[Problem] = []
    assert clean_name(text, problems) == text
    assert problems == []


def test_a_name_can_be_both_too_long_and_unprintable() -> None:
    problems: list[Problem] = []
    clean_name("\x01" * 300, problems)
    assert {p.code for p in problems} == {"length", "characters"}


def test_a_description_may_have_lines_and_tabs() -> None:
    problems: list[Problem] = []
    assert clean_description(" one\r\ntwo\tthree ", problems) == "one\ntwo\tthree"
    assert problems == []


@pytest.mark.parametrize(
    ("text", "code"), [("a" * (LONGEST_DESCRIPTION + 1), "length"), ("a\0", "characters"), ("a\rb", "characters")]
)
def test_what_cannot_be_a_description_is_told(text: str, code: str) -> None:
    problems: list[Problem] = []
    clean_description(text, problems)
    assert [(p.field, p.code) for p in problems] == [("description", code)]
