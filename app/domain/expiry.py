"""When a key counts as expiring soon: the one rule for lists, flags and the header at the doors."""

from __future__ import annotations

from datetime import datetime, timedelta

EXPIRING_SOON = timedelta(days=14)  # of keys without a tenant; a tenant has its own


def expiration_state(expires_at: datetime | None, now: datetime, soon: timedelta = EXPIRING_SOON) -> str:
    """Say how far off the end of a key is.

    expires_at   the first instant at which it no longer works, or None for never
    soon         from how long before its end it counts as expiring soon
    returns      `valid`, `expiring_soon` or `expired`
    """
    if expires_at is None or expires_at - now > soon:
        return "valid"
    return "expired" if now >= expires_at else "expiring_soon"


def soon(days: int | None) -> timedelta:
    """A tenant's window; the deployment's for keys without a tenant."""
    return EXPIRING_SOON if days is None else timedelta(days=days)
