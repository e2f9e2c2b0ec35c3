"""A file in memory that holds windows by name: what the processes of one host count in together."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
import weakref
from hashlib import blake2b
from pathlib import Path

from app.domain import pace
from app.runtime.limiter.lock import HostLock

# The file begins with its form, its number of slots, and whether a larger file has taken its place.
FORM = 0x4B54_5031  # "KTP1"; the file's name carries the version too, so that two versions never share one
_FORM, _SLOTS, _MOVED, HEADER = 0, 1, 2, 64  # in words of 32 bits
# Then marks: the second in which something last happened to any name of that hash. See `HostCounters.recent`.
MARKS = 4096
# Then the slots: the name's tag in two words, its window, and a word that keeps tags aligned.
_WINDOW, SLOT = 2, pace.CELLS + 3
PROBES = 16  # a name is found in one of so many slots from where its tag points
_KNOWN = 65_536


class Full(Exception):
    """All slots in which a name may be found count calls of other names."""


class Table:
    """One file, mapped. Everything that reads or changes slots is called with `lock` held."""

    def __init__(self, file: Path) -> None:
        """Map a file that is there; OSError or ValueError when it cannot be, or is none of ours."""
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._closed = weakref.finalize(self, os.close, descriptor)
        try:
            self._map = mmap.mmap(descriptor, 0)
            self._bytes = memoryview(self._map)
            self.cells, self._tags = self._bytes.cast("I"), self._bytes.cast("Q")
            self.slots = self.cells[_SLOTS]
            if self.cells[_FORM] != FORM or len(self.cells) != words(self.slots):
                raise ValueError("another form")
        except (OSError, ValueError, TypeError, IndexError) as error:
            self._closed()
            raise ValueError(f"{file.name} holds no counters of this version") from error
        self.lock = HostLock(descriptor)
        self._known: dict[str, tuple[int, int]] = {}  # name: its tag, its slot

    def close(self) -> None:
        """Let go of the file."""
        for view in (self.cells, self._tags, self._bytes):
            view.release()
        self._map.close()
        self._closed()

    @property
    def moved(self) -> bool:
        """Whether another file has taken this one's place."""
        return self.cells[_MOVED] != 0

    def find(self, name: str) -> int | None:
        """Where a name's window is; None when it has none."""
        known = self._known.get(name)
        if known is not None and self._tags[known[1] // 2] == known[0]:
            return known[1] + _WINDOW
        tag = _tag(name)
        for slot in self._probed(tag):
            if self._tags[slot // 2] == tag:
                if len(self._known) >= _KNOWN:
                    self._known.clear()
                self._known[name] = tag, slot
                return slot + _WINDOW
        return None

    def claim(self, name: str, second: int, *, forgetful: bool) -> int:
        """Where a name's window is, in an idle slot when it has none.

        forgetful   whether the slot that was last used longest ago may be taken when none is idle
        raises      Full
        """
        return self.find(name) or self._take(_tag(name), second, forgetful=forgetful)

    def _take(self, tag: int, second: int, *, forgetful: bool) -> int:
        slot = min(self._probed(tag), key=lambda slot: self.cells[slot + _WINDOW])
        if not (forgetful or self._tags[slot // 2] == 0 or pace.idle(self.cells, slot + _WINDOW, second)):
            raise Full
        for cell in range(slot + _WINDOW, slot + _WINDOW + pace.CELLS):
            self.cells[cell] = 0
        self._tags[slot // 2] = tag  # last: whoever is killed before leaves an idle window
        return slot + _WINDOW

    def _probed(self, tag: int) -> list[int]:
        return [HEADER + MARKS + (tag + step) % self.slots * SLOT for step in range(PROBES)]

    def move(self, file: Path, slots: int, second: int) -> None:
        """Let a larger file take this one's place, with every window that still counts.

        raises   OSError when there is no room on the disk
        """
        draft = drawn(file, slots)
        try:
            larger = Table(draft)
            try:
                self._copy(larger, second)
            finally:
                larger.close()
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        self.cells[_MOVED] = 1

    def _copy(self, larger: Table, second: int) -> None:
        for slot in range(HEADER + MARKS, len(self.cells), SLOT):
            tag = self._tags[slot // 2]
            if tag and not pace.idle(self.cells, slot + _WINDOW, second):
                to = larger._take(tag, second, forgetful=False)
                larger.cells[to : to + pace.CELLS] = self.cells[slot + _WINDOW : slot + _WINDOW + pace.CELLS]


def words(slots: int) -> int:
    """The size of a file of so many slots, in words of 32 bits."""
    return HEADER + MARKS + slots * SLOT


def drawn(file: Path, slots: int) -> Path:
    """Write an empty file beside another one; OSError when the disk has no room: touching a mapped hole would kill."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as draft:
            draft.write(b"".join(word.to_bytes(4, sys.byteorder) for word in (FORM, slots)))
            draft.write(bytes((words(slots) - 2) * 4))
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _tag(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") or 1  # 0 is a slot nobody has had
