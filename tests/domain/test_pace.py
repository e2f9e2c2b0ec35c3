from __future__ import annotations

from array import array
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import pace
from app.domain.pace import BUCKETS, CELLS, HEAD, NOW, WINDOW_SECONDS, Pace

START = 1_795_262_400


def window() -> array[int]:
    return array("I", bytes(4 * CELLS))


def admitted(arrivals: Iterable[float], limit: int) -> list[float]:
    """Of calls at these instants, those that a fresh window lets in."""
    cells = window()
    return [at for at in arrivals if pace.spend(cells, 0, int(at), limit).admitted]


def most_in_any_window(instants: list[float]) -> int:
    """The most calls that any 60 s hold, their ends included; the fullest begin at a call."""
    return max((sum(1 for other in instants if at <= other <= at + WINDOW_SECONDS) for at in instants), default=0)


@given(
    pauses=st.lists(st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 90)), max_size=120),
    limit=st.integers(1, 12),
)
def test_no_sixty_seconds_hold_more_than_the_limit(pauses: list[float], limit: int) -> None:
    at, arrivals = START + 0.25, []
    for pause in pauses:
        at += pause
        arrivals.append(at)
    assert most_in_any_window(admitted(arrivals, limit)) <= limit


@given(pauses=st.lists(st.integers(0, 70), max_size=80), limit=st.integers(1, 9))
def test_a_call_is_refused_only_when_the_last_sixty_one_seconds_are_full(pauses: list[int], limit: int) -> None:
    cells, at, let_in = window(), START, []
    for pause in pauses:
        at += pause
        used = sum(1 for second in let_in if at - second < BUCKETS)
        found = pace.spend(cells, 0, at, limit)
        assert found.admitted == (used < limit)
        assert found.remaining == max(0, limit - used - 1)
        if found.admitted:
            let_in.append(at)


@given(pauses=st.lists(st.integers(0, 30), max_size=60), limit=st.integers(1, 9), lowered=st.integers(1, 9))
def test_who_waits_as_long_as_told_is_let_in_and_not_a_second_earlier(
    pauses: list[int], limit: int, lowered: int
) -> None:
    cells, at = window(), START
    for pause in pauses:
        at += pause
        pace.spend(cells, 0, at, limit)
    found = pace.look(cells, 0, at, lowered)
    if not found.admitted:
        assert 1 <= found.reset <= BUCKETS
        copy = array("I", cells)
        assert not pace.look(copy, 0, at + found.reset - 1, lowered).admitted
        assert pace.spend(cells, 0, at + found.reset, lowered).admitted


def test_a_window_tells_how_it_stands() -> None:
    cells = window()
    assert pace.spend(cells, 0, START, 3) == Pace(3, 2, 61, admitted=True)
    assert pace.spend(cells, 0, START + 10, 3) == Pace(3, 1, 51, admitted=True)
    assert pace.spend(cells, 0, START + 20, 3) == Pace(3, 0, 41, admitted=True)
    assert pace.spend(cells, 0, START + 20, 3) == Pace(3, 0, 41, admitted=False)
    assert pace.spend(cells, 0, START + 60, 3) == Pace(3, 0, 1, admitted=False)
    assert pace.spend(cells, 0, START + 61, 3) == Pace(3, 0, 10, admitted=True)


def test_the_edges_of_a_window_admit_no_more_than_its_middle() -> None:
    """Two fixed windows of a minute would let 200 in here."""
    late = [START + 59.9] * 100
    assert len(admitted(late + [START + 60.1] * 100 + [START + 119.8] * 100, 100)) == 100
    assert len(admitted([*late, START + 119.99, START + 120.0], 100)) == 101


def test_a_new_limit_counts_at_the_next_call() -> None:
    cells = window()
    for _ in range(5):
        assert pace.spend(cells, 0, START, 5).admitted
    assert pace.spend(cells, 0, START, 6).admitted
    assert not pace.spend(cells, 0, START, 6).admitted
    lowered = pace.spend(cells, 0, START + 1, 2)
    assert (lowered.admitted, lowered.remaining, lowered.reset) == (False, 0, 60)


def test_looking_spends_nothing() -> None:
    cells = window()
    pace.spend(cells, 0, START, 2)
    assert [pace.look(cells, 0, START, 2) for _ in range(3)] == [Pace(2, 1, 61, admitted=True)] * 3


def test_what_somebody_else_admitted_counts() -> None:
    cells = window()
    for _ in range(3):
        pace.count(cells, 0, START)
    assert pace.look(cells, 0, START, 2) == Pace(2, 0, 61, admitted=False)


@pytest.mark.parametrize("back", [1, 30, 60])
def test_a_clock_put_back_a_little_frees_nothing(back: int) -> None:
    cells = window()
    assert pace.spend(cells, 0, START, 1).admitted
    assert not pace.spend(cells, 0, START - back, 1).admitted
    assert not pace.spend(cells, 0, START + 60, 1).admitted
    assert pace.spend(cells, 0, START + 61, 1).admitted


@pytest.mark.parametrize("back", [61, 3600, 10**8])
def test_a_clock_put_back_far_frees_nothing_and_holds_nobody_for_longer_than_a_window(back: int) -> None:
    cells, at = window(), START - back
    for second in (START - 5, START):
        assert pace.spend(cells, 0, second, 2).admitted
    assert pace.spend(cells, 0, at, 2) == Pace(2, 0, 61, admitted=False)
    assert not pace.spend(cells, 0, at + 60, 2).admitted
    assert pace.spend(cells, 0, at + 61, 2) == Pace(2, 1, 61, admitted=True)


class Interrupted(Exception):
    pass


class Mortal:
    """Cells of a process that is killed before it writes for the nth time."""

    def __init__(self, cells: array[int], writes: int) -> None:
        self.cells, self.left = cells, writes

    def __getitem__(self, index: int) -> int:
        return self.cells[index]

    def __setitem__(self, index: int, value: int) -> None:
        if not self.left:
            raise Interrupted
        self.left -= 1
        self.cells[index] = value


@given(
    pauses=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    writes=st.integers(0, 70),
    victim=st.integers(0, 39),
    limit=st.integers(1, 6),
)
def test_a_process_killed_in_the_middle_lets_nobody_in_beyond_the_limit(
    pauses: list[int], writes: int, victim: int, limit: int
) -> None:
    cells, at, let_in = window(), START, []
    for number, pause in enumerate(pauses):
        at += pause
        try:
            found = pace.spend(Mortal(cells, writes if number == victim else 1000), 0, at, limit)
        except Interrupted:
            continue
        if found.admitted:
            let_in.append(float(at))
    assert most_in_any_window(let_in) <= limit
    assert pace.spend(cells, 0, at + 2 * BUCKETS, limit) == Pace(limit, limit - 1, 61, admitted=True)


def test_a_window_that_counts_nothing_is_idle() -> None:
    cells = window()
    pace.spend(cells, 0, START, 1)
    assert (cells[HEAD], cells[NOW]) == (START, 1)
    assert not pace.idle(cells, 0, START + 60)
    assert pace.idle(cells, 0, START + 61)
