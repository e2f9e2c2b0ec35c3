"""When a key counts as expiring soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.expiry import EXPIRING_SOON, expiration_state

NOW, INSTANT = datetime(2026, 11, 21, 12, tzinfo=UTC), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (None, "valid"),
        (NOW + EXPIRING_SOON + INSTANT, "valid"),
        (NOW + EXPIRING_SOON, "expiring_soon"),
        (NOW + INSTANT, "expiring_soon"),
        (NOW, "expired"),
        (NOW - EXPIRING_SOON, "expired"),
    ],
)
def test_an_end_within_fourteen_days_is_soon(end: datetime | None, state: str) -> None:
    assert expiration_state(end, NOW) == state
