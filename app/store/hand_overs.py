"""Secrets on their way to the page that shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from app.models import HandOver


def leave(connection: Connection, key_id: str, session_id: str, **columns: Any) -> None:
    """Leave a sealed secret in place of one left for the same browser and key before."""
    connection.execute(delete(HandOver).where(*_one(key_id, session_id)))
    connection.execute(insert(HandOver).values(key_id=key_id, session_id=session_id, **columns))


def find(connection: Connection, key_id: str, session_id: str) -> Row[Any] | None:
    """What was left for this browser and key, taken or not."""
    return connection.execute(select(*HandOver.__table__.c).where(*_one(key_id, session_id))).first()


def take(connection: Connection, key_id: str, session_id: str, now: datetime) -> bool:
    """Use a hand-over up; whether it was still there."""
    there = (*_one(key_id, session_id), HandOver.sealed.is_not(None), HandOver.ends_at > now)
    return connection.execute(update(HandOver).where(*there).values(sealed=None, shown_at=now)).rowcount == 1


def forget_ended(connection: Connection, before: datetime) -> None:
    """Remove what nobody came for."""
    connection.execute(delete(HandOver).where(HandOver.ends_at < before, HandOver.sealed.is_not(None)))


def _one(key_id: str, session_id: str) -> tuple[Any, ...]:
    return HandOver.key_id == key_id, HandOver.session_id == session_id
