"""Keys and their secrets: find, change, count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from app.domain.status import place
from app.models import Group, Key, KeyUse, Secret, Tenant
from app.store import status_changes

COLUMNS = (
    *Key.__table__.c,
    Group.name.label("group_name"),
    Group.scopes.label("group_scopes"),
    Group.built_in.label("group_built_in"),
    Tenant.name.label("tenant_name"),
    Tenant.api_access,
    Tenant.closed_at,
    Tenant.expiring_soon_days,
    Tenant.key_managers,
)


@cache  # with every key that is looked up
def _question() -> Any:
    return (
        select(*COLUMNS)
        .select_from(Key)
        .join(Group, Group.id == Key.group_id)
        .outerjoin(Tenant, Tenant.id == Key.tenant_id)
    )


def find(
    connection: Connection, tenant_id: str | None, kind: str, key_id: str, *, deleted: bool = False
) -> Row[Any] | None:
    """A key looked up through its owner; another owner's is not there.

    tenant_id   None looks at every tenant (the operator)
    kind        `tenant_api_key`, `resource_server` or `operator`
    deleted     whether deleted ones count as there
    """
    question = _question().where(Key.key_id == key_id, Key.kind == kind)
    if tenant_id is not None:
        question = question.where(Key.tenant_id == tenant_id)
    if not deleted:
        question = question.where(Key.deleted_at.is_(None))
    return connection.execute(question).first()


def page(connection: Connection, kind: str, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Keys of one kind that serve the deployment itself, by ID; `after` is the last one of the page before."""
    question = _question().where(Key.kind == kind, Key.deleted_at.is_(None)).order_by(Key.key_id).limit(limit)
    rows: Sequence[Row[Any]] = connection.execute(
        question.where(Key.key_id > after) if after is not None else question
    ).all()
    return rows


def several(connection: Connection, key_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Some keys by their IDs, whoever's they are."""
    return {row.key_id: row for row in connection.execute(_question().where(Key.key_id.in_(key_ids)))}


def add(connection: Connection, **columns: Any) -> None:
    """Insert a key, and the row that will tell of its use."""
    connection.execute(insert(Key).values(**columns))
    use = {"key_id": columns["key_id"], "tenant_id": columns["tenant_id"], "kind": columns["kind"]}
    connection.execute(insert(KeyUse).values(use))


def change(connection: Connection, key_id: str, version: int, **columns: Any) -> bool:
    """Change a live key if it still has this version; whether it had and was."""
    where = (Key.key_id == key_id, Key.version == version, Key.revoked_at.is_(None))
    return connection.execute(update(Key).where(*where).values(**columns, version=version + 1)).rowcount == 1


def revoke(connection: Connection, key_id: str, now: datetime) -> bool:
    """Revoke a live key; False when it was revoked before."""
    where = (Key.key_id == key_id, Key.revoked_at.is_(None))
    status_changes.key_changed(connection, key_id, now)
    return connection.execute(update(Key).where(*where).values(revoked_at=now, version=Key.version + 1)).rowcount == 1


def delete(connection: Connection, key_id: str, now: datetime) -> bool:
    """Take a key out of every list, revoking it if need be; False when it was deleted before."""
    where = (Key.key_id == key_id, Key.deleted_at.is_(None))
    status_changes.key_changed(connection, key_id, now)
    values = {"deleted_at": now, "revoked_at": func.coalesce(Key.revoked_at, now), "version": Key.version + 1}
    return connection.execute(update(Key).where(*where).values(**values)).rowcount == 1


def usable_count(connection: Connection, tenant_id: str, now: datetime) -> int:
    """How many keys of a tenant can authenticate now; its row must be locked for the answer to hold."""
    live = (Key.tenant_id == tenant_id, Key.kind == "tenant_api_key", Key.revoked_at.is_(None))
    # Two stretches of one index; asked for with OR, SQLite looks at every row of the table behind it.
    ends = (Key.expires_at.is_(None), Key.expires_at > now)
    counts = [select(func.count()).select_from(Key).where(*live, end).scalar_subquery() for end in ends]
    return int(connection.execute(select(counts[0] + counts[1])).scalar_one())


def audience_exists(connection: Connection, audience: str, tenant_id: str | None) -> bool:
    """Whether a live resource server that this tenant may address has an audience."""
    where = (
        Key.kind == "resource_server",
        Key.audience == audience,
        Key.revoked_at.is_(None),
        or_(Key.tenant_id.is_(None), Key.tenant_id == tenant_id),
    )
    return connection.execute(select(Key.key_id).where(*where).limit(1)).first() is not None


def add_secret(connection: Connection, status_key: bytes, **columns: Any) -> None:
    """Insert a secret and give it its own entry in the status lists."""
    number = connection.execute(insert(Secret).values(**columns).returning(Secret.number)).scalar_one()
    entry = place(number, status_key)
    connection.execute(update(Secret).where(Secret.number == number).values(status_reference=entry.reference))


def end_secrets(connection: Connection, key_id: str, now: datetime, at: datetime) -> None:
    """End every secret of a key that would work longer than this."""
    status_changes.key_changed(connection, key_id, now)
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > at)
    connection.execute(update(Secret).where(Secret.key_id == key_id, works).values(ends_at=at))


def move_overlap(connection: Connection, key_id: str, now: datetime, end: datetime) -> None:
    """Move the end of the secret that is running out; the current one stays."""
    status_changes.key_changed(connection, key_id, now)
    running_out = (Secret.key_id == key_id, Secret.ends_at.is_not(None), Secret.ends_at > now)
    connection.execute(update(Secret).where(*running_out).values(ends_at=end))


def live_secrets(connection: Connection, key_ids: Sequence[str], now: datetime) -> dict[str, list[Row[Any]]]:
    """The secrets of some keys that work now, newest first; without fingerprints."""
    columns = (Secret.key_id, Secret.number, Secret.tail, Secret.created_at, Secret.ends_at)
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > now)
    question: Any = select(*columns).where(Secret.key_id.in_(key_ids), works)
    rows = connection.execute(question.order_by(Secret.number.desc())).all()
    found: dict[str, list[Row[Any]]] = {key_id: [] for key_id in key_ids}
    for row in rows:
        found[row.key_id].append(row)
    return found
