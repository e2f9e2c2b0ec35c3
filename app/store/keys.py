"""Keys and their secrets: find, change, count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, tuple_, update

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


def change(connection: Connection, versions: Mapping[str, int], **columns: Any) -> int:
    """Change live keys that still have the versions named with their IDs; how many had and were."""
    # By their IDs first, which have an index.
    seen = (Key.key_id.in_(versions), tuple_(Key.key_id, Key.version).in_(versions.items()))
    changed = update(Key).where(*seen, Key.revoked_at.is_(None)).values(**columns, version=Key.version + 1)
    return connection.execute(changed).rowcount


def hold(connection: Connection, tenant_id: str, kind: str, key_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Keys looked up through their owner, by their IDs; nobody else changes them until the transaction ends."""
    mine = (Key.key_id.in_(key_ids), Key.tenant_id == tenant_id, Key.kind == kind, Key.deleted_at.is_(None))
    # In one order, so that none waits for another in a circle, and read only then: whoever held them may have changed
    # them. Secrets and tokens that refer to a key are added meanwhile.
    question: Any = select(Key.key_id).where(*mine).order_by(Key.key_id)
    held = connection.execute(question.with_for_update(key_share=True)).scalars().all()
    return several(connection, held)


def revoke(connection: Connection, key_ids: Sequence[str], now: datetime) -> int:
    """Revoke live keys; how many of them had not been revoked before."""
    where = (Key.key_id.in_(key_ids), Key.revoked_at.is_(None))
    done = connection.execute(update(Key).where(*where).values(revoked_at=now, version=Key.version + 1)).rowcount
    status_changes.keys_changed(connection, key_ids, now)
    return done


def delete(connection: Connection, key_ids: Sequence[str], now: datetime) -> int:
    """Take keys out of every list, revoking those that live; how many had not been deleted before."""
    where = (Key.key_id.in_(key_ids), Key.deleted_at.is_(None))
    values = {"deleted_at": now, "revoked_at": func.coalesce(Key.revoked_at, now), "version": Key.version + 1}
    done = connection.execute(update(Key).where(*where).values(**values)).rowcount
    status_changes.keys_changed(connection, key_ids, now)
    return done


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
    status_changes.keys_changed(connection, [key_id], now)
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > at)
    connection.execute(update(Secret).where(Secret.key_id == key_id, works).values(ends_at=at))


def move_overlap(connection: Connection, key_id: str, now: datetime, end: datetime) -> None:
    """Move the end of the secret that is running out; the current one stays."""
    status_changes.keys_changed(connection, [key_id], now)
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
