"""How much of its key limit a tenant has used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.actions.tenants import found, shown
from app.context import Context
from app.store import keys


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """How many usable keys a tenant has, and how many it may have (None: any number)."""

    used: int
    limit: int | None

    def __str__(self) -> str:
        """Such as `2/10`, or `2` where there is no limit."""
        return f"{self.used}/{self.limit}" if self.limit is not None else str(self.used)


def key_usage(ctx: Context, name_or_id: str, now: datetime) -> KeyUsage:
    """Count a tenant's usable keys as its limit does; NotFound without the tenant."""

    def look(connection: Connection) -> KeyUsage:
        row = found(connection, name_or_id)
        return KeyUsage(keys.usable_count(connection, row.id, now), row.key_limit)

    return ctx.database.read(look)


def tenant_in_use(ctx: Context, name_or_id: str, now: datetime) -> dict[str, Any]:
    """One tenant by ID or name, with `keys_used`; NotFound without it."""

    def look(connection: Connection) -> dict[str, Any]:
        row = found(connection, name_or_id)
        return {**shown(row), "keys_used": keys.usable_count(connection, row.id, now)}

    return ctx.database.read(look)
