"""Counts that the processes of one host share, in a file of the data directory."""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from app.clock import Clock
from app.domain import pace
from app.domain.pace import WINDOW_SECONDS, Pace
from app.domain.refusals import Unavailable
from app.runtime.limiter.table import HEADER, MARKS, Full, Table, drawn

FIRST_SLOTS, MOST_SLOTS, GROWTH = 4096, 262_144, 4
T = TypeVar("T")


class HostCounters:
    """Windows by name. The clock is read with the lock held, so that no call counts into a second that has passed."""

    def __init__(self, file: Path, clock: Clock, *, forgetful: bool = False, slots: int = FIRST_SLOTS) -> None:
        """Nothing is opened before it is needed.

        forgetful   give up the oldest window for a new one rather than grow
        """
        self._file, self.clock, self._forgetful, self._slots = file, clock, forgetful, slots
        self._table: Table | None = None
        self._opening = threading.Lock()
        _OPEN.add(self)

    def spend(self, name: str, limit: int) -> Pace:
        """Admit one call if there is room; raises Unavailable when the file cannot be used."""
        table = self._table or self._opened()
        with table.lock:
            if not table.moved:
                second = int(self.clock().timestamp())
                at = table.find(name)
                if at is not None:
                    return pace.spend(table.cells, at, second, limit)
        return self._with(name, lambda cells, at, second: pace.spend(cells, at, second, limit))

    def take(self, name: str, limit: int, most: int) -> tuple[int, int, Pace]:
        """Admit several calls at once, as `pace.take` says; raises Unavailable when the file cannot be used."""
        return self._with(name, lambda cells, at, second: pace.take(cells, at, second, limit, most))

    def give_back(self, name: str, taken_in: int, calls: int) -> None:
        """Take back calls of a second that were taken and not made."""
        self._with(name, lambda cells, at, second: pace.give_back(cells, at, second, taken_in, calls))

    def count(self, name: str) -> None:
        """Count a call that was admitted elsewhere."""
        self._with(name, pace.count)

    def look(self, name: str, limit: int) -> Pace | None:
        """How an allowance stands; None for a name nothing is known of."""
        while True:
            table = self._table or self._opened()
            with table.lock:
                if not table.moved:
                    at = table.find(name)
                    second = int(self.clock().timestamp())
                    return None if at is None else pace.look(table.cells, at, second, limit)
            self._reopen(table)

    def mark(self, name: str) -> None:
        """Remember that something happened to a name now."""
        table = self._table or self._opened()
        with table.lock:
            table.cells[_mark(name)] = int(self.clock().timestamp())

    def recent(self, name: str, second: int) -> bool:
        """Whether a name was marked in the minute before a second; names may share marks. Costs next to nothing."""
        table = self._table or self._opened()
        return table.cells[_mark(name)] + WINDOW_SECONDS >= second

    def close(self) -> None:
        """Let go of the file."""
        with self._opening:
            if self._table is not None:
                self._table.close()
            self._table = None

    def forked(self) -> None:
        """In a process that was forked off: open the file anew, since a lock belongs to whoever opened it."""
        self._table, self._opening = None, threading.Lock()

    def _with(self, name: str, change: Callable[..., T]) -> T:
        while True:
            table = self._table or self._opened()
            with table.lock:
                if not table.moved:
                    second = int(self.clock().timestamp())
                    try:
                        return change(table.cells, table.claim(name, second, forgetful=self._forgetful), second)
                    except Full:
                        self._grow(table, second)
            self._reopen(table)

    def _grow(self, table: Table, second: int) -> None:
        slots = table.slots * GROWTH
        while slots <= MOST_SLOTS:
            try:
                return table.move(self._file, slots, second)
            except Full:
                slots *= GROWTH
            except OSError as error:
                raise _unusable(error) from error
        raise Unavailable("More keys and tenants call at once than this host can count.")

    def _reopen(self, moved: Table) -> None:
        # The old one is not closed: another thread may be about to look at it. It goes with its last reader.
        with self._opening:
            if self._table is moved:
                self._table = None

    def _opened(self) -> Table:
        with self._opening:
            if self._table is None:
                try:
                    self._table = self._open()
                except OSError as error:
                    raise _unusable(error) from error
            return self._table

    def _open(self) -> Table:
        with suppress(FileNotFoundError, ValueError):
            return Table(self._file)
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._file.with_name(f"{self._file.name}.lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)  # of processes that find none, or a damaged one, the first makes one
            with suppress(FileNotFoundError, ValueError):
                return Table(self._file)
            drawn(self._file, self._slots).replace(self._file)
            return Table(self._file)


def _mark(name: str) -> int:
    return HEADER + crc32(name.encode()) % MARKS


def _unusable(error: OSError) -> Unavailable:
    return Unavailable(f"The data directory's counters cannot be used: {error.strerror}.")


_OPEN: weakref.WeakSet[HostCounters] = weakref.WeakSet()


def _forked() -> None:
    for counters in _OPEN:
        counters.forked()


os.register_at_fork(after_in_child=_forked)
