from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain import chain

KEY = b"k" * 32
values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())
rows = st.dictionaries(st.text(), values)


@given(rows)
def test_the_order_of_members_does_not_matter(row: dict[str, object]) -> None:
    turned = dict(reversed(row.items()))
    assert chain.canonical(row) == chain.canonical(turned)
    assert chain.link(KEY, chain.START, row) == chain.link(KEY, chain.START, turned)


@given(rows, rows)
def test_different_rows_have_different_links(one: dict[str, object], other: dict[str, object]) -> None:
    assume(chain.canonical(one) != chain.canonical(other))
    assert chain.link(KEY, chain.START, one) != chain.link(KEY, chain.START, other)


def test_a_link_depends_on_the_one_before_it_and_on_the_key() -> None:
    row = {"number": 1}
    link = chain.link(KEY, chain.START, row)
    assert len(link) == 32
    assert link != chain.link(KEY, link, row)
    assert link != chain.link(b"o" * 32, chain.START, row)


def test_a_seal_depends_on_everything_it_covers() -> None:
    sealed = chain.seal(KEY, "ten_1", 2, b"h" * 32)
    others = [
        chain.seal(b"o" * 32, "ten_1", 2, b"h" * 32),
        chain.seal(KEY, "ten_2", 2, b"h" * 32),
        chain.seal(KEY, "ten_1", 3, b"h" * 32),
        chain.seal(KEY, "ten_1", 2, b"i" * 32),
    ]
    assert sealed not in others
    assert len({sealed, *others}) == 5


def test_text_that_is_no_text_can_still_be_linked() -> None:
    assert chain.canonical({"a": '\ud800\n"'}) == b'{"a":"\\ud800\\n\\""}'
