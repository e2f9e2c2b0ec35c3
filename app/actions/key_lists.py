"""Lists of a tenant's keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions.keys import TENANT_KEY
from app.actions.shapes import key_objects
from app.context import Context
from app.store import keys as store


def page(ctx: Context, tenant_id: str, after: str | None, limit: int, now: datetime) -> list[dict[str, Any]]:
    """A tenant's keys by ID, revoked ones included; `after` is the last ID of the page before."""
    return ctx.database.read(
        lambda connection: key_objects(
            connection, list(store.page(connection, TENANT_KEY, after, limit, tenant_id)), now
        )
    )
