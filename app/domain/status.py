"""Where a secret stands in the status lists: which list, which index (Token Status List §13.3)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import lru_cache

LIST_BITS = 20
LIST_SIZE = 1 << LIST_BITS
_HALF_BITS = LIST_BITS // 2
_HALF_MASK = (1 << _HALF_BITS) - 1
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """An entry: list number and index within it."""

    list_number: int
    index: int

    @property
    def reference(self) -> int:
        """One number for both, as the database keeps it."""
        return (self.list_number << LIST_BITS) | self.index


def reference(list_number: int, index: int) -> int | None:
    """The number the database knows an entry by, or None when no list can have it."""
    if not (0 <= index < LIST_SIZE and 0 <= list_number < (1 << 40)):
        return None
    return StatusPlace(list_number, index).reference


def place(number: int, key: bytes) -> StatusPlace:
    """Give the n-th secret an entry that does not tell when it was made.

    number    the secret's row number, never reused
    key       32 bytes derived from the master key
    returns   within a list every index is taken exactly once: a Feistel network is a permutation
    """
    list_number, within = divmod(number, LIST_SIZE)
    left, right = within >> _HALF_BITS, within & _HALF_MASK
    for turn in range(_ROUNDS):
        left, right = right, left ^ _scattered(key, list_number, turn, right)
    return StatusPlace(list_number, (left << _HALF_BITS) | right)


@lru_cache(maxsize=2 * _ROUNDS << _HALF_BITS)  # a list asks for 4096 of them, again and again
def _scattered(key: bytes, list_number: int, turn: int, half: int) -> int:
    digest = hmac.digest(key, b"%d:%d:%d" % (list_number, turn, half), "sha256")
    return int.from_bytes(digest[:4]) & _HALF_MASK
