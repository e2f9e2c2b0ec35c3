"""Rows of SQLite remembered for as long as nobody commits, in this process or another."""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Dialect

from app.store.prepared import Prepared

HEADER = 96  # the header of the wal-index, twice: format, change counter, frames, salts, checksums
FORMAT = (3_007_000).to_bytes(4, sys.byteorder)
MOST_ROWS = 4096
Row = Sequence[Any] | None
Rows = dict[Hashable, Row]
Place = tuple[int, int]
_UNKNOWN = object()


@dataclass(slots=True)
class _Shared:
    file: int
    header: mmap.mmap | None
    users: int = 0


class Remembered:
    """What was answered since the last commit.

    A commit changes the header of the wal-index, which all processes share in memory, before it is answered, and the
    header never comes back to what it was (https://www.sqlite.org/walformat.html, 2.1). To look at it takes 0.3 µs.
    Whether anything changed could also be asked, but the locks for that are most of what a row costs.
    """

    def __init__(self, file: Path) -> None:
        self._file = Path(f"{file}-shm")
        self._moving = threading.Lock()
        self._place: Place | None = None
        self._header: mmap.mmap | None = None
        self._state: tuple[bytes, Rows] = (b"", {})

    def connected(self) -> None:
        """Look where the header is, as soon as a thread has a connection: while it is open the header stays there.

        What was remembered before is forgotten: with no connection open in between, the index was made anew, and the
        header of an empty log is always the same.
        """
        with self._moving:
            self._move(_place(self._file))
            self._state = (b"", {})

    def first(self, question: Prepared, cursor: Any, dialect: Dialect, parameters: Mapping[str, Any]) -> Row:
        """The first row, or None, as `Prepared.first` finds it; not to be changed by who gets it.

        cursor   of a connection that this thread holds, and has told of by `connected`
        """
        rows, what = self._rows(), (question, *parameters.values())
        row: Row | object = rows.get(what, _UNKNOWN)
        if row is _UNKNOWN:
            # Found out after the header was read: if somebody commits meanwhile, it is forgotten with these rows.
            row = rows[what] = question.first(cursor, dialect, parameters)
        return cast("Row", row)

    def _rows(self) -> Rows:
        index = self._header
        if index is None:
            return {}
        seen, rows = self._state
        header = index[:HEADER]
        if header != seen:
            rows = {}
            self._state = (header, rows)
        elif len(rows) >= MOST_ROWS:
            rows.clear()
        return rows

    def close(self) -> None:
        """Look no longer, after the last connection was closed."""
        with self._moving:
            self._move(None)
            self._state = (b"", {})

    def _move(self, place: Place | None) -> None:
        if place == self._place:
            return
        left, self._place, self._header = self._place, None, None
        if left is not None:
            _close(left)
        if place is not None:
            with suppress(OSError):  # no file may be opened any more: nothing is remembered
                self._header, self._place = _open(self._file, place), place


# Closing any file of a database takes from a process all locks that SQLite has there (fcntl(2)): what one user has
# opened serves all of them, and the last one closes it.
_shared: dict[Place, _Shared] = {}
_opening = threading.Lock()


def _place(file: Path) -> Place | None:
    with suppress(OSError):
        found = file.stat()
        return (found.st_dev, found.st_ino)
    return None


def _open(file: Path, place: Place) -> mmap.mmap | None:
    """The header, or None when it cannot be looked at or is of a format not known here: SQLite is asked every time."""
    with _opening:
        shared = _shared.get(place)
        if shared is None:
            opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            shared = _shared[place] = _Shared(opened, _mapped(opened))
        shared.users += 1
        known = shared.header is not None and shared.header[: len(FORMAT)] == FORMAT
        return shared.header if known else None


def _mapped(opened: int) -> mmap.mmap | None:
    with suppress(OSError, ValueError):  # no memory left, or a file that is shorter
        return mmap.mmap(opened, HEADER, mmap.MAP_SHARED, mmap.PROT_READ)
    return None


def _close(place: Place) -> None:
    with _opening:
        shared = _shared[place]
        shared.users -= 1
        if not shared.users:
            del _shared[place]
            if shared.header is not None:
                shared.header.close()
            os.close(shared.file)
