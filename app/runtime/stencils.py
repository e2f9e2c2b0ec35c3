"""Remembers which entries a mark of a group or tenant means: there may be a million, and they stay the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.domain.status import LIST_SIZE
from app.domain.status_list import empty, put

MOST_KEPT = 256  # 256 KB each at most, and far less for all but very large tenants
MANY = 4096
_ALL = (1 << (2 * LIST_SIZE)) - 1
_FILLED = {value: _ALL // 3 * value for value in range(4)}
Stencil = tuple[int, ...] | int


class Stencils:
    """For each mark the places it means: one by one, or as a mask when they are many."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Stencil] = {}

    def write(self, bits: bytearray, number: int, mark: Any, places: Callable[[], Iterable[int]]) -> None:
        """Write a mark's value into every entry it means.

        bits     the whole list, changed in place
        number   the list's
        mark     its `kind`, `object_id` and `since` name it, its `value` is written
        places   asked when this mark is met for the first time
        """
        name = (number, mark.kind, mark.object_id, mark.since)
        stencil = self._kept.pop(name, None)
        if stencil is None:
            stencil = _cut(places(), number * LIST_SIZE)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]  # the one not used for longest
        self._kept[name] = stencil
        if isinstance(stencil, tuple):
            for index in stencil:
                put(bits, index, mark.value)
            return
        whole = int.from_bytes(bits, "little")
        bits[:] = (whole ^ ((whole ^ _FILLED[mark.value]) & stencil)).to_bytes(len(bits), "little")


def _cut(places: Iterable[int], first: int) -> Stencil:
    indexes = tuple(place - first for place in places)
    if len(indexes) < MANY:
        return indexes
    bits = empty()
    for index in indexes:
        put(bits, index, 3)
    return int.from_bytes(bits, "little")
