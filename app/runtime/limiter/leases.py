"""Takes calls of large limits by the handful, so that the processes of a host need not meet for each of them.

A handful counts as spent when it is taken, serves only the second it was taken in, and what is left of it is given back
when that second is over. So what is admitted never exceeds the limit; while the last thousandth of it lies in the hands
of one process, another may refuse a call that the limit would allow.
"""

from __future__ import annotations

import os
import threading
import weakref

from app.domain.pace import Pace
from app.runtime.limiter.host import HostCounters

PART, MOST, MOST_NAMES = 1000, 64, 10_000


class _Handful:
    __slots__ = ("left", "limit", "pace", "second")

    def __init__(self, second: int, limit: int, left: int, pace: Pace) -> None:
        self.second, self.limit, self.left, self.pace = second, limit, left, pace


class Leases:
    """Spends as `HostCounters` do."""

    def __init__(self, counters: HostCounters) -> None:
        self._counters = counters
        self.begin()
        _OPEN.add(self)

    def begin(self) -> None:
        """Hold nothing: in a process that was forked off the handfuls are the parent's."""
        self._lock, self._held = threading.Lock(), dict[str, _Handful]()

    def spend(self, name: str, limit: int) -> Pace:
        """Admit one call if there is room; raises Unavailable when this host cannot count."""
        most = limit // PART
        if most <= 1:
            return self._counters.spend(name, limit)
        with self._lock:
            held = self._held.get(name)
            second = int(self._counters.clock().timestamp())
            if held is not None and held.second == second and held.limit == limit and held.left:
                held.left -= 1
                return Pace(limit, held.pace.remaining + held.left, held.pace.reset, True)  # noqa: FBT003 - as in `pace`
            return self._anew(name, held, limit, min(most, MOST))

    def _anew(self, name: str, held: _Handful | None, limit: int, most: int) -> Pace:
        if held is not None and held.left:
            self._counters.give_back(name, held.second, held.left)
        if len(self._held) >= MOST_NAMES:  # what they hold counts as spent, for a minute
            self._held.clear()
        second, taken, found = self._counters.take(name, limit, most)
        self._held[name] = _Handful(second, limit, max(0, taken - 1), found)
        return found if taken <= 1 else found._replace(remaining=found.remaining + taken - 1)


_OPEN: weakref.WeakSet[Leases] = weakref.WeakSet()


def _forked() -> None:
    for leases in _OPEN:
        leases.begin()


os.register_at_fork(after_in_child=_forked)
