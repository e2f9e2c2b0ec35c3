"""The pace of calls: how many were admitted in a window of 60 s that moves by the second, and whether one more may be.

Every second has a bucket and the oldest counts in full: 61 of them cover any 60 s wherever in a second these begin.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

WINDOW_SECONDS = 60
BUCKETS = WINDOW_SECONDS + 1
# One window's cells: the second it stands at, the calls of the seconds before that still count, those of this second,
# the oldest second that counts any, and the buckets, each at its second modulo their number.
HEAD, BEFORE, NOW, OLDEST, RING = range(5)
CELLS = RING + BUCKETS


class Allowance(StrEnum):
    """What a call is paid from; also its name in `RateLimit`."""

    TENANT = "tenant"
    REVOKE = "revoke"
    ADMIN = "admin"


class Pace(NamedTuple):
    """How an allowance stands.

    limit       calls in 60 s
    remaining   how many of them are left
    reset       whole seconds, 1 to 61, until more are free than now
    admitted    whether the call in question is within the limit
    """

    limit: int
    remaining: int
    reset: int
    admitted: bool


class Spent(NamedTuple):
    """Which allowance a call was paid from, and how that stands after it."""

    allowance: Allowance
    pace: Pace


class Cells(Protocol):
    """Unsigned 32-bit integers in a row: a list, an array, or a piece of a file in memory."""

    def __getitem__(self, index: int, /) -> int:
        """One of them."""

    def __setitem__(self, index: int, value: int, /) -> None:
        """Change one of them."""


def spend(cells: Cells, at: int, second: int, limit: int) -> Pace:
    """Admit one call, if there is room for it in the window that ends with this second.

    cells, at   where the window's cells begin; all zero is a window that has seen nothing
    second      of the clock; one that has been seen already never comes back
    limit       calls in 60 s, at least 1
    returns     how the window stands after it; a call that is not admitted changes nothing
    """
    if cells[at] != second:  # HEAD
        second = advance(cells, at, second)
    now = cells[at + NOW]
    used = now + cells[at + BEFORE]
    if used >= limit:
        return Pace(limit, 0, _wait(cells, at, second, used - limit + 1), admitted=False)
    cells[at + NOW] = now + 1
    return Pace(limit, limit - used - 1, cells[at + OLDEST] + BUCKETS - second, True)  # noqa: FBT003 - keywords cost time


def take(cells: Cells, at: int, second: int, limit: int, most: int) -> tuple[int, int, Pace]:
    """Admit several calls of one second at once, as many as there is room for.

    most      calls, at least 1
    returns   the second they count in, how many they are, and how the window stands after them
    """
    second = advance(cells, at, second)
    taken = min(most, max(0, limit - cells[at + NOW] - cells[at + BEFORE]))
    if not taken:
        return second, 0, look(cells, at, second, limit)
    cells[at + NOW] += taken
    left = limit - cells[at + NOW] - cells[at + BEFORE]
    return second, taken, Pace(limit, left, cells[at + OLDEST] + BUCKETS - second, admitted=True)


def give_back(cells: Cells, at: int, second: int, taken_in: int, calls: int) -> None:
    """Take back calls that were admitted in a second and not made.

    second     of the clock now
    taken_in   the second that `take` named; one that has left the window needs nothing
    """
    head = advance(cells, at, second)
    if taken_in == head:
        cells[at + NOW] -= min(calls, cells[at + NOW])
    elif head - WINDOW_SECONDS <= taken_in < head:
        bucket = at + RING + taken_in % BUCKETS
        calls = min(calls, cells[bucket], cells[at + BEFORE])
        cells[at + BEFORE] -= calls
        cells[bucket] -= calls


def look(cells: Cells, at: int, second: int, limit: int) -> Pace:
    """Say how `spend` would find the window, without spending."""
    second = advance(cells, at, second)
    used = cells[at + BEFORE] + cells[at + NOW]
    if used >= limit:
        return Pace(limit, 0, _wait(cells, at, second, used - limit + 1), admitted=False)
    return Pace(limit, limit - used, cells[at + OLDEST] + BUCKETS - second, admitted=True)


def count(cells: Cells, at: int, second: int) -> None:
    """Count a call that somebody else has admitted."""
    advance(cells, at, second)
    cells[at + NOW] += 1


def advance(cells: Cells, at: int, second: int) -> int:
    """Bring a window to a second; the second it then stands at.

    A clock that was put back by up to a minute is waited for. By more than that, all that counts is carried to the new
    second: no call is forgotten, and nobody waits longer than the window is.

    Whoever is killed in here leaves a window that counts too many rather than too few, and the next second heals it.
    """
    head = cells[at]
    if second == head or 0 < head - second <= WINDOW_SECONDS:
        return head
    carried = 0
    if second < head:
        carried = cells[at + BEFORE] + cells[at + NOW]
        first = second - WINDOW_SECONDS
    else:
        cells[at + RING + head % BUCKETS] = cells[at + NOW]
        first = max(head + 1, second - WINDOW_SECONDS)
    for passed in range(first, second + 1):
        cells[at + RING + passed % BUCKETS] = 0
    before, oldest = 0, second
    for past in range(second - 1, second - BUCKETS, -1):
        calls = cells[at + RING + past % BUCKETS]
        if calls:
            before, oldest = before + calls, past
    cells[at + BEFORE], cells[at + OLDEST] = before, oldest
    cells[at] = second
    cells[at + NOW] = carried
    return second


def idle(cells: Cells, at: int, second: int) -> bool:
    """Whether a window counts nothing any more, so that its cells may serve another."""
    return cells[at] + WINDOW_SECONDS < second


def _wait(cells: Cells, at: int, second: int, surplus: int) -> int:
    # Whole seconds until that many calls have left the window.
    for past in range(second - WINDOW_SECONDS, second):
        surplus -= cells[at + RING + past % BUCKETS]
        if surplus <= 0:
            return past + BUCKETS - second
    return BUCKETS
