"""Marks of many entries: written the same whether they are few or a mask, and asked for once."""

from __future__ import annotations

import random
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.status import LIST_SIZE
from app.domain.status_list import empty, put
from app.runtime.stencils import MANY, MOST_KEPT, Stencils
from tests.world import START


def mark(value: int, **more: Any) -> Any:
    return SimpleNamespace(**{"kind": "tenant", "object_id": "ten_1", "since": START, "value": value, **more})


@pytest.mark.parametrize("count", [0, 3, MANY - 1, MANY, 50_000])
@pytest.mark.parametrize("number", [0, 3])
def test_a_mark_is_written_over_what_was_there_and_nowhere_else(count: int, number: int) -> None:
    chance = random.Random(count)
    places = chance.sample(range(LIST_SIZE), count)
    bits, expected = empty(), empty()
    for index in chance.sample(range(LIST_SIZE), 10_000):
        put(bits, index, 3)
        put(expected, index, 3)
    for index in places:
        put(expected, index, 2)
    Stencils().write(bits, number, mark(2), lambda: [number * LIST_SIZE + index for index in places])
    assert bits == expected


def test_who_is_meant_is_asked_once_for_each_mark_and_not_for_ever() -> None:
    stencils, asked = Stencils(), []

    def places() -> list[int]:
        asked.append(None)
        return [1]

    for _ in range(3):
        stencils.write(empty(), 0, mark(3), places)
    assert len(asked) == 1
    stencils.write(empty(), 0, mark(3, since=START + timedelta(seconds=1)), places)
    assert len(asked) == 2
    for number in range(MOST_KEPT):
        stencils.write(empty(), 0, mark(3, object_id=f"ten_{number + 2}"), places)
    stencils.write(empty(), 0, mark(3), places)
    assert len(asked) == 2 + MOST_KEPT + 1
