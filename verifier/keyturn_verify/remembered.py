"""Signatures that were checked before. Whether a token still counts is never remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.public_keys import PublicKey


def digest(token: str) -> bytes:
    """The name of a token here: nobody can make another one with the same."""
    return sha256(token.encode("utf-8", "replace")).digest()


class _Entry(NamedTuple):
    token: AccessToken
    key: PublicKey


class Remembered:
    """The tokens seen last, by their hash. Safe between threads without a lock: each step is one of the dictionary's.

    most   how many to keep
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def find(self, name: bytes, keys: Mapping[str, PublicKey]) -> AccessToken | None:
        """Find a token whose signature was right, under a key that is still the issuer's; `name` is its `digest`."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        try:
            if keys.get(entry.key.kid) is not entry.key:  # taken back, or replaced
                del self._entries[name]
                return None
            self._entries.move_to_end(name)
        except KeyError:  # another thread has just dropped it
            return None
        return entry.token

    def add(self, name: bytes, token: AccessToken, key: PublicKey) -> None:
        """Remember a token whose signature was right."""
        self._entries[name] = _Entry(token, key)
        while len(self._entries) > self._most:
            try:
                self._entries.popitem(last=False)
            except KeyError:
                return

    def drop(self, now: float) -> None:
        """Forget tokens whose time is over (seconds since 1970)."""
        for name, entry in list(self._entries.items()):
            if entry.token.expires_at <= now:
                self._entries.pop(name, None)

    def __len__(self) -> int:
        return len(self._entries)
