"""The groups that keys may have, for forms that offer them."""

from __future__ import annotations

from typing import Any

from app.actions.terms import TENANT_KEY_TYPE
from app.context import Context
from app.domain import scopes
from app.store import groups


def offered(ctx: Context, tenant_id: str, limit: int) -> list[dict[str, Any]]:
    """A tenant's and the built-in groups for keys, by name: `id`, `name`, `description`, `scopes`, `built_in`.

    Nobody counts the keys of each, which of a hundred thousand keys would take longer than the page may.
    """
    rows = ctx.database.read(lambda connection: groups.page(connection, tenant_id, None, limit))
    return [
        {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "scopes": sorted(scopes.unpack(row.scopes)),
            "built_in": row.built_in is not None,
        }
        for row in rows
        if row.type == TENANT_KEY_TYPE
    ]
