"""Passwords: hashed with Argon2id, set through a one-time link or by their owner."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import VerificationError

# RFC 9106 §4, the second recommended option. Tests of other things take less, or they would do little else.
PARAMETERS = profiles.RFC_9106_LOW_MEMORY


def hasher() -> PasswordHasher:
    """The hasher with these parameters."""
    return PasswordHasher.from_parameters(PARAMETERS)


@lru_cache(maxsize=2)
def _nobodys(_memory_cost: int) -> str:
    # What an unknown address is compared with, so that it costs as much as a wrong password.
    return hasher().hash("nobody has this password")


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; costs the same without any."""
    try:
        hasher().verify(stored or _nobodys(PARAMETERS.memory_cost), password)
    except VerificationError:
        return False
    return stored is not None
