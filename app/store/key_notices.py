"""What about a tenant's keys cannot wait: each question walks along an index of what is rare, however many keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from app.domain.usage import NO_SECRET
from app.models import CallerSeen, Key, KeyUse, Secret, SecretUse, UsageDay


def _mine(tenant_id: str, kind: str) -> tuple[Any, ...]:
    return Key.tenant_id == tenant_id, Key.kind == kind, Key.revoked_at.is_(None)


def _usable(now: datetime) -> Any:
    return or_(Key.expires_at.is_(None), Key.expires_at > now)


def expired_but_called(
    connection: Connection, tenant_id: str, kind: str, since: datetime, now: datetime
) -> Row[Any] | None:
    """The key that expired within some days and was called last since; None without one."""
    # From the newest call on: the first of them whose key expired so lately is the answer.
    question: Any = (
        select(Key.key_id, Key.name, Key.expires_at, KeyUse.dead_call_at)
        .select_from(KeyUse)
        .join(Key, Key.key_id == KeyUse.key_id)
        .where(KeyUse.tenant_id == tenant_id, KeyUse.kind == kind, KeyUse.dead_call_at >= since)
        .where(Key.revoked_at.is_(None), Key.expires_at.between(since, now), KeyUse.dead_call_at >= Key.expires_at)
    )
    return _first(connection, question.order_by(KeyUse.dead_call_at.desc()))


def refused_since(connection: Connection, key_id: str, first: date) -> int:
    """How many calls with a right secret were answered 401 from a day on."""
    where = (UsageDay.key_id == key_id, UsageDay.day >= first, UsageDay.secret_number != NO_SECRET)
    return int(connection.execute(select(func.coalesce(func.sum(UsageDay.unauthorized), 0)).where(*where)).scalar_one())


def last_refused(connection: Connection, key_id: str) -> Row[Any] | None:
    """The caller with a right secret that was refused something and was seen last; None without one."""
    where = (CallerSeen.key_id == key_id, CallerSeen.secret_number != NO_SECRET, CallerSeen.refused > 0)
    question: Any = select(CallerSeen.address, CallerSeen.client, CallerSeen.last_at).where(*where)
    return connection.execute(question.order_by(CallerSeen.last_at.desc()).limit(1)).first()


def expiring(
    connection: Connection, tenant_id: str, kind: str, now: datetime, soon: datetime, most: int
) -> Sequence[Row[Any]]:
    """Keys that end between now and `soon`, the first one first."""
    question: Any = select(Key.key_id, Key.name, Key.expires_at).where(
        *_mine(tenant_id, kind), Key.expires_at > now, Key.expires_at <= soon
    )
    rows: Sequence[Row[Any]] = connection.execute(question.order_by(Key.expires_at, Key.key_id).limit(most)).all()
    return rows


def ending_overlap(connection: Connection, tenant_id: str, kind: str, now: datetime, soon: datetime) -> Row[Any] | None:
    """The key whose old secret stops first, by `soon`; None without one."""
    question: Any = (
        select(Key.key_id, Key.name, Secret.number, Secret.ends_at)
        .join(Key, Key.key_id == Secret.key_id)
        .where(Secret.ends_at > now, Secret.ends_at <= soon, *_mine(tenant_id, kind), _usable(now))
    )
    return _first(connection, question.order_by(Secret.ends_at, Key.key_id))


def in_browser(connection: Connection, tenant_id: str, kind: str, now: datetime) -> Row[Any] | None:
    """The key that a browser was seen to use last, with `origin`; None without one."""
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > now)
    question: Any = (
        select(Key.key_id, Key.name, SecretUse.origin, SecretUse.origin_at)
        .select_from(SecretUse)
        .join(Secret, Secret.number == SecretUse.secret_number)
        .join(Key, Key.key_id == SecretUse.key_id)
        .where(SecretUse.origin.is_not(None), works, *_mine(tenant_id, kind), _usable(now))
    )
    return _first(connection, question.order_by(SecretUse.origin_at.desc(), Key.key_id))


def _first(connection: Connection, question: Any) -> Row[Any] | None:
    found: Row[Any] | None = connection.execute(question.limit(1)).first()
    return found
