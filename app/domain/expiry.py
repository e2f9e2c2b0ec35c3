"""When a key counts as expiring soon: the one rule for lists, flags and the header at the doors."""

from __future__ import annotations

from datetime import datetime, timedelta

EXPIRING_SOON = timedelta(days=14)


def expiration_state(expires_at: datetime | None, now: datetime) -> str:
    """Say how far off the end of a key is.

    expires_at   the first instant at which it no longer works, or None for never
    returns      `valid`, `expiring_soon` (within EXPIRING_SOON) or `expired`
    """
    if expires_at is None or expires_at - now > EXPIRING_SOON:
        return "valid"
    return "expired" if now >= expires_at else "expiring_soon"
