"""Members of tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from app.models import Member

COLUMNS = tuple(Member.__table__.c)


def by_id(connection: Connection, member_id: str) -> Row[Any] | None:
    """A member who has not been removed, of whatever tenant."""
    return connection.execute(select(*COLUMNS).where(Member.id == member_id, Member.removed_at.is_(None))).first()


def several(connection: Connection, member_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Members who have not been removed, by their IDs."""
    question = select(*COLUMNS).where(Member.id.in_(member_ids), Member.removed_at.is_(None))
    return {row.id: row for row in connection.execute(question)}


def find(connection: Connection, tenant_id: str | None, id_or_email: str) -> Row[Any] | None:
    """A member looked up through the tenant (None: every tenant, by ID only), by ID or e-mail address."""
    named = Member.id == id_or_email
    if tenant_id is not None:
        named = (Member.tenant_id == tenant_id) & or_(named, Member.email_folded == id_or_email.casefold())
    return connection.execute(select(*COLUMNS).where(named, Member.removed_at.is_(None))).first()


def page(connection: Connection, tenant_id: str, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """A tenant's members by ID; `after` is the last one of the page before."""
    question = (
        select(*COLUMNS)
        .where(Member.tenant_id == tenant_id, Member.removed_at.is_(None))
        .order_by(Member.id)
        .limit(limit)
    )
    return connection.execute(question.where(Member.id > after) if after is not None else question).all()


def add(connection: Connection, **columns: Any) -> None:
    """Insert a member."""
    connection.execute(insert(Member).values(**columns))


def change(connection: Connection, member_id: str, version: int, **columns: Any) -> bool:
    """Change a member if it still has this version; whether it had."""
    done = connection.execute(
        update(Member).where(Member.id == member_id, Member.version == version).values(**columns, version=version + 1)
    )
    return done.rowcount == 1


def other_global_admins(connection: Connection, tenant_id: str, member_id: str) -> int:
    """How many active Global Admins a tenant has besides this one."""
    where = (
        Member.tenant_id == tenant_id,
        Member.id != member_id,
        Member.role == "global_admin",
        Member.active,
        Member.removed_at.is_(None),
    )
    return connection.execute(select(func.count()).select_from(Member).where(*where)).scalar_one()


def names(connection: Connection, tenant_id: str, member_ids: Sequence[str]) -> dict[str, str]:
    """The names of some members of a tenant by their IDs, removed ones too."""
    question = select(Member.id, Member.name).where(Member.tenant_id == tenant_id, Member.id.in_(member_ids))
    return {row.id: row.name for row in connection.execute(question)}
