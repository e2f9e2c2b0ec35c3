"""Answers remembered for callers that repeat a request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from app.models import IdempotentAnswer


def find(connection: Connection, caller: str, idempotency_key: str, now: datetime) -> Row[Any] | None:
    """What this caller was answered to the same Idempotency-Key; forgets what is too old."""
    connection.execute(delete(IdempotentAnswer).where(IdempotentAnswer.kept_until < now))
    where = (IdempotentAnswer.caller == caller, IdempotentAnswer.idempotency_key == idempotency_key)
    return connection.execute(select(*IdempotentAnswer.__table__.c).where(*where)).first()


def add(connection: Connection, **columns: Any) -> None:
    """Remember an answer, in the transaction of what it tells of."""
    connection.execute(insert(IdempotentAnswer).values(**columns))
