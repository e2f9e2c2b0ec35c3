"""Attempts to sign in with e-mail addresses that nobody has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.models import Stranger

_UPSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def not_before(connection: Connection, fingerprint: bytes) -> datetime | None:
    """When the next attempt counts; None before the first failure."""
    question = select(Stranger.not_before).where(Stranger.fingerprint == fingerprint)
    found: datetime | None = connection.execute(question).scalar_one_or_none()
    return found


def count(connection: Connection, fingerprint: bytes, now: datetime, forgotten: datetime) -> int:
    """Count a failure, beginning anew where the last one lies before `forgotten`; how many there are now."""
    new = _UPSERT[connection.dialect.name](Stranger).values(fingerprint=fingerprint, failures=1, not_before=now)
    failures = case((Stranger.not_before <= forgotten, 1), else_=Stranger.failures + 1)
    counted = new.on_conflict_do_update(index_elements=["fingerprint"], set_={"failures": failures})
    number: int = connection.execute(counted.returning(Stranger.failures)).scalar_one()
    return number


def wait(connection: Connection, fingerprint: bytes, until: datetime) -> None:
    """Let the next attempt count from an instant on."""
    connection.execute(update(Stranger).where(Stranger.fingerprint == fingerprint).values(not_before=until))


def forget(connection: Connection, forgotten: datetime) -> None:
    """Remove addresses whose last failure lies before an instant."""
    connection.execute(delete(Stranger).where(Stranger.not_before <= forgotten))
