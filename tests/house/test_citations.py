"""Whatever the product says that it does because an RFC says so, a test holds it to."""

from __future__ import annotations

import pytest

from tests.house.citations import cited, covered, sources
from tests.house.repository import texts
from tests.house.test_assertions import ASSERTIONS, numbers_carried

PRODUCT = ("app", "verifier", "docs/deviations.md")
HOUSE = "tests/house"


def test_every_section_that_the_product_names_has_a_test_that_names_it() -> None:
    ours = (text for path, text in texts("tests", suffix=".py") if not path.is_relative_to(HOUSE))
    known = covered(ours, ASSERTIONS, numbers_carried())
    untested = {citation: str(path) for path, text in texts(*PRODUCT) for citation in cited(text) - known}
    assert untested == {}


def test_the_product_names_what_it_follows() -> None:
    named = set().union(*(cited(text) for _, text in texts(*PRODUCT)))
    assert named >= {"RFC 6749 §5.2", "RFC 6749 §3.3", "RFC 6750 §3", "RFC 7009 §2.2", "RFC 7662 §2.2", "RFC 8707 §2"}


def test_a_section_without_a_test_is_noticed() -> None:
    assertions = {"T-6749-01": {"source": "5.1"}, "T-6749-02": {"source": "5.2"}}
    known = covered(["# RFC 7009 §2.1"], assertions, {"T-6749-01"})
    assert cited("RFC 6749 §5.1, RFC 6749 §5.2, RFC 7009 §2.1, RFC 7009 §2.2") - known == {
        "RFC 6749 §5.2",
        "RFC 7009 §2.2",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("as RFC 6749 §5.2.", {"RFC 6749 §5.2"}),
        ("(RFC 6749 §4.1.2.1):", {"RFC 6749 §4.1.2.1"}),
        ("RFC 6749 §3.2 and Appendix B", {"RFC 6749 §3.2", "RFC 6749 Appendix B"}),
        ("RFC 9110 §15.5.2, RFC 7617 §2", {"RFC 9110 §15.5.2", "RFC 7617 §2"}),
        ("RFC 8725 §3.1, §3.8 and RFC 9068 §4", {"RFC 8725 §3.1", "RFC 8725 §3.8", "RFC 9068 §4"}),
        ("an RFC 7638 thumbprint, PRODUCT.md §7", set()),
    ],
)
def test_the_sections_of_a_text_are_found(text: str, found: set[str]) -> None:
    assert cited(text) == found


@pytest.mark.parametrize(
    ("number", "source", "found"),
    [
        ("T-6749-03", "3.3, 5.2; 6750 §4", ["RFC 6749 §3.3", "RFC 6749 §5.2", "RFC 6750 §4"]),
        ("T-6749-04", "3.2; RFC 9110 §15.5.6", ["RFC 6749 §3.2", "RFC 9110 §15.5.6"]),
        ("T-6749-05", "5.2 'two, words' (a note); 2.1-16 §7", ["RFC 6749 §5.2"]),
        ("T-6749-06", "2.3.1, App. B (UTF-8)", ["RFC 6749 §2.3.1", "RFC 6749 Appendix B"]),
        ("T-8725-01", "3.1, 3.2; bis 3.14, 3.15", ["RFC 8725 §3.1", "RFC 8725 §3.2"]),
        ("T-JOSE-01", "7515 §3.1, §7.1; 7519 §4", ["RFC 7515 §3.1", "RFC 7515 §7.1", "RFC 7519 §4"]),
        ("T-JOSE-02", "RFC 9110 §13, 9111", ["RFC 9110 §13"]),
        ("T-7662-01", "4", ["RFC 7662 §4"]),
        ("T-8414-01", "as named", []),
    ],
)
def test_the_sections_of_a_source_are_found(number: str, source: str, found: list[str]) -> None:
    assert list(sources(number, source)) == found
