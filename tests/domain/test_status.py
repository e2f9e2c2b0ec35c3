from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.status import LIST_SIZE, StatusPlace, place, reference

KEY, OTHER = b"k" * 32, b"o" * 32


def test_within_a_list_every_index_is_taken_exactly_once() -> None:
    taken = bytearray(LIST_SIZE)
    for number in range(LIST_SIZE):
        taken[place(number, KEY).index] += 1
    assert taken == b"\1" * LIST_SIZE


@given(st.integers(0, 2**40))
def test_a_secret_belongs_to_the_list_of_its_million(number: int) -> None:
    found = place(number, KEY)
    assert found.list_number == number // LIST_SIZE
    assert 0 <= found.index < LIST_SIZE
    assert found == place(number, KEY)


@given(st.integers(0, LIST_SIZE - 2))
def test_neighbours_in_time_are_no_neighbours_in_the_list_more_often_than_by_chance(number: int) -> None:
    gaps = {abs(place(n, KEY).index - place(n + 1, KEY).index) for n in range(number, number + 8)}
    assert len(gaps) > 1


def test_another_key_or_another_list_scatters_differently() -> None:
    numbers = range(64)
    first = [place(n, KEY).index for n in numbers]
    assert first != [place(n, OTHER).index for n in numbers]
    assert first != [place(LIST_SIZE + n, KEY).index for n in numbers]


@given(st.integers(0, 2**40 - 1), st.integers(0, LIST_SIZE - 1))
def test_list_and_index_make_one_number_and_come_back_from_it(list_number: int, index: int) -> None:
    found = reference(list_number, index)
    assert found == StatusPlace(list_number, index).reference
    assert found is not None
    assert divmod(found, LIST_SIZE) == (list_number, index)
    assert found < 2**63


@given(st.integers(), st.integers())
def test_what_no_list_can_have_has_no_number(list_number: int, index: int) -> None:
    inside = 0 <= list_number < 2**40 and 0 <= index < LIST_SIZE
    assert (reference(list_number, index) is not None) == inside
