"""What is asked about many keys that somebody has chosen, without reading all of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.models import Group, Key, KeyUse


def _theirs(tenant_id: str, key_ids: Sequence[str]) -> tuple[Any, ...]:
    return (Key.key_id.in_(key_ids), Key.tenant_id == tenant_id, Key.kind == "tenant_api_key", Key.deleted_at.is_(None))


def there(connection: Connection, tenant_id: str, key_ids: Sequence[str]) -> dict[str, str]:
    """The names of those of some keys that a tenant has, by their IDs."""
    question = select(Key.key_id, Key.name).where(*_theirs(tenant_id, key_ids))
    return {row.key_id: row.name for row in connection.execute(question)}


def names(connection: Connection, tenant_id: str, key_ids: Sequence[str]) -> dict[str, str]:
    """The names of some keys of a tenant by their IDs, deleted ones too."""
    question = select(Key.key_id, Key.name).where(Key.key_id.in_(key_ids), Key.tenant_id == tenant_id)
    return {row.key_id: row.name for row in connection.execute(question)}


def used_since(connection: Connection, tenant_id: str, key_ids: Sequence[str], since: datetime) -> tuple[int, Any]:
    """How many live ones of some keys were used since an instant, and the one used last: `name`, `last_used_at`."""
    where = (*_theirs(tenant_id, key_ids), Key.revoked_at.is_(None), KeyUse.last_used_at >= since)
    used = select(Key.name, KeyUse.last_used_at).join(KeyUse, KeyUse.key_id == Key.key_id).where(*where)
    latest = connection.execute(used.order_by(KeyUse.last_used_at.desc()).limit(1)).first()
    return connection.execute(select(func.count()).select_from(used.subquery())).scalar_one(), latest


def by_group(connection: Connection, tenant_id: str, key_ids: Sequence[str]) -> list[Row[Any]]:
    """The groups that live ones of some keys have: `id`, `name`, `scopes`, `number` of keys."""
    where = (*_theirs(tenant_id, key_ids), Key.revoked_at.is_(None))
    question = (
        select(Group.id, Group.name, Group.scopes, func.count().label("number"))
        .select_from(Key)
        .join(Group, Group.id == Key.group_id)
        .where(*where)
        .group_by(Group.id, Group.name, Group.scopes)
    )
    return list(connection.execute(question))
