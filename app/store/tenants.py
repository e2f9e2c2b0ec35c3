"""Tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from app.domain.refusals import NotFound
from app.models import Tenant

COLUMNS = tuple(Tenant.__table__.c)


def find(connection: Connection, name_or_id: str) -> Row[Any] | None:
    """A tenant by ID or name; an ID wins."""
    rows = connection.execute(select(*COLUMNS).where(or_(Tenant.id == name_or_id, Tenant.name == name_or_id))).all()
    return min(rows, key=lambda row: row.id != name_or_id, default=None)


def lock(connection: Connection, tenant_id: str) -> Row[Any]:
    """Read a tenant and let nobody else change it, or count its keys, until the transaction ends; NotFound."""
    row = connection.execute(select(*COLUMNS).where(Tenant.id == tenant_id).with_for_update()).first()
    if row is None:
        raise NotFound("tenant")
    return row


def session_idle(connection: Connection, tenant_id: str) -> timedelta:
    """How long a session of a tenant's member lasts without a page."""
    seconds = connection.execute(select(Tenant.session_idle_seconds).where(Tenant.id == tenant_id)).scalar_one()
    return timedelta(seconds=seconds)


def page(connection: Connection, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Tenants by ID; `after` is the last one of the page before."""
    question = select(*COLUMNS).order_by(Tenant.id).limit(limit)
    return connection.execute(question.where(Tenant.id > after) if after is not None else question).all()


def add(connection: Connection, **columns: Any) -> None:
    """Insert a tenant."""
    connection.execute(insert(Tenant).values(**columns))


def change(connection: Connection, tenant_id: str, version: int, **columns: Any) -> bool:
    """Change a tenant if it still has this version; whether it had."""
    done = connection.execute(
        update(Tenant).where(Tenant.id == tenant_id, Tenant.version == version).values(**columns, version=version + 1)
    )
    return done.rowcount == 1


def count_listed(connection: Connection, tenant_id: str, by: int) -> None:
    """Keep the number of keys its list shows."""
    connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(listed_keys=Tenant.listed_keys + by))
