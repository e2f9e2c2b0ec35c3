"""Evidence of use, read: when a key and its secrets were last used, how often, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.domain.usage import NO_SECRET, NOBODY
from app.models import CallerSeen, KeyUse, Secret, SecretUse, UsageDay

OUTCOMES = ("ok", "unauthorized", "forbidden", "limited", "other", "checks")


def of_keys(connection: Connection, key_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """When some keys were last used; every key has a row from the start."""
    question = select(*KeyUse.__table__.c).where(KeyUse.key_id.in_(key_ids))
    return {row.key_id: row for row in connection.execute(question)}


def of_secrets(connection: Connection, key_ids: Sequence[str]) -> dict[int, Row[Any]]:
    """What the secrets of some keys were used for, by their numbers; one never used has no row."""
    question = select(*SecretUse.__table__.c).where(SecretUse.key_id.in_(key_ids))
    return {row.secret_number: row for row in connection.execute(question)}


def secrets(connection: Connection, key_id: str) -> Sequence[Row[Any]]:
    """Every secret a key ever had, newest first, with what it was used for; without fingerprints."""
    columns = (Secret.number, Secret.tail, Secret.created_at, Secret.ends_at)
    used = [found for found in SecretUse.__table__.c if found.name not in {"key_id", "secret_number"}]
    question = select(*columns, *used).outerjoin(SecretUse, SecretUse.secret_number == Secret.number)
    return connection.execute(question.where(Secret.key_id == key_id).order_by(Secret.number.desc())).all()


def days(connection: Connection, key_id: str, first: date, last: date) -> Sequence[Row[Any]]:
    """The counts of a key by day and secret, both days included."""
    question = select(*UsageDay.__table__.c).where(UsageDay.key_id == key_id, UsageDay.day.between(first, last))
    return connection.execute(question.order_by(UsageDay.day, UsageDay.secret_number)).all()


def callers(
    connection: Connection, key_id: str, limit: int, *, secret: int | None = None, since: datetime | None = None
) -> Sequence[Row[Any]]:
    """Who calls with a key, seen last first.

    secret   only with this one
    since    only those seen at this instant or later
    """
    question = select(*CallerSeen.__table__.c).where(CallerSeen.key_id == key_id)
    if secret is not None:
        question = question.where(CallerSeen.secret_number == secret)
    if since is not None:
        question = question.where(CallerSeen.last_at >= since)
    order = (CallerSeen.last_at.desc(), CallerSeen.address, CallerSeen.client, CallerSeen.secret_number)
    return connection.execute(question.order_by(*order).limit(limit)).all()


def addresses(connection: Connection, key_id: str) -> Sequence[Row[Any]]:
    """Where a key was called from with a right secret, each address with the first time (`at`), the first one first."""
    at = func.min(CallerSeen.first_at).label("at")
    known = (CallerSeen.key_id == key_id, CallerSeen.secret_number != NO_SECRET, CallerSeen.address != NOBODY)
    question: Any = select(CallerSeen.address, at).where(*known).group_by(CallerSeen.address)
    rows: Sequence[Row[Any]] = connection.execute(question.order_by(at, CallerSeen.address)).all()
    return rows


def refused_since_revocation(connection: Connection, key_id: str) -> Row[Any]:
    """How many calls a revoked key was refused (`calls`), and how many callers made them (`callers`)."""
    revoked = CallerSeen.revoked_calls
    question: Any = select(func.coalesce(func.sum(revoked), 0).label("calls"), func.count().label("callers"))
    row: Row[Any] = connection.execute(question.where(CallerSeen.key_id == key_id, revoked > 0)).one()
    return row
