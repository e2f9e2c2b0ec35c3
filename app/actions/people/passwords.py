"""Passwords: hashed with Argon2id, set through a one-time link or by their owner."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError


@lru_cache(maxsize=1)
def hasher() -> PasswordHasher:
    """The hasher with its library's parameters (RFC 9106 §4, the second recommended option)."""
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys() -> str:
    # What an unknown address is compared with, so that it costs as much as a wrong password.
    return hasher().hash("nobody has this password")


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; costs the same without any."""
    try:
        hasher().verify(stored or _nobodys(), password)
    except VerificationError:
        return False
    return stored is not None
