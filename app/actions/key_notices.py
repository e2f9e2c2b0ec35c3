"""What the list of keys says before anything else: the few things that cannot wait, most severe first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.key_steps import TENANT_KEY
from app.context import Context
from app.domain.expiry import soon
from app.domain.times import zone
from app.store import key_notices as store
from app.store import tenants, usage

STILL, ENDING = timedelta(days=7), timedelta(hours=24)
MOST_EXPIRING = 100
Notice = dict[str, Any]
Question = Callable[[Connection, str, datetime], Notice | None]


def notices(ctx: Context, tenant_id: str, now: datetime, most: int = 2) -> list[Notice]:
    """What about a tenant's keys cannot wait, at most so many: each has `kind`, `key_id`, `name` and what it tells.

    kinds   `expired_called` (at, calls, ip), `expiring` (at, keys), `overlap` (at, used_at, ip), `browser` (origin)
    """

    def look(connection: Connection) -> list[Notice]:
        found: list[Notice] = []
        for ask in QUESTIONS:
            if len(found) < most and (notice := ask(connection, tenant_id, now)) is not None:
                found.append(notice)
        return found

    return ctx.database.read(look)


def expiring(ctx: Context, tenant_id: str, now: datetime) -> int:
    """How many of a tenant's keys end soon, counted up to MOST_EXPIRING."""
    return len(
        ctx.database.read(lambda connection: _ending(connection, tenant_id, now, _within(connection, tenant_id)))
    )


def _within(connection: Connection, tenant_id: str) -> timedelta:
    tenant = tenants.find(connection, tenant_id)
    return soon(tenant.expiring_soon_days if tenant is not None else None)


def _ending(connection: Connection, tenant_id: str, now: datetime, within: timedelta) -> Sequence[Row[Any]]:
    return store.expiring(connection, tenant_id, TENANT_KEY, now, now + within, MOST_EXPIRING)


def _expired_called(connection: Connection, tenant_id: str, now: datetime) -> Notice | None:
    row = store.expired_but_called(connection, tenant_id, TENANT_KEY, now - STILL, now)
    tenant = tenants.find(connection, tenant_id)
    if row is None or tenant is None:
        return None
    day = row.expires_at.astimezone(zone(tenant.time_zone)).date()
    caller = store.last_refused(connection, row.key_id)
    return {
        **_key("expired_called", row),
        "at": row.expires_at,
        "calls": store.refused_since(connection, row.key_id, day),
        "called_at": row.dead_call_at,
        "ip": (caller.address or None) if caller is not None else None,
    }


def _expiring(connection: Connection, tenant_id: str, now: datetime) -> Notice | None:
    within = _within(connection, tenant_id)
    rows = _ending(connection, tenant_id, now, within)
    if not rows:
        return None
    return {**_key("expiring", rows[0]), "at": rows[0].expires_at, "keys": len(rows), "days": within.days}


def _overlap(connection: Connection, tenant_id: str, now: datetime) -> Notice | None:
    row = store.ending_overlap(connection, tenant_id, TENANT_KEY, now, now + ENDING)
    if row is None:
        return None
    callers = usage.callers(connection, row.key_id, 1, secret=row.number)
    used = callers[0] if callers else None
    return {
        **_key("overlap", row),
        "at": row.ends_at,
        "used_at": used.last_at if used is not None else None,
        "ip": (used.address or None) if used is not None else None,
    }


def _browser(connection: Connection, tenant_id: str, now: datetime) -> Notice | None:
    row = store.in_browser(connection, tenant_id, TENANT_KEY, now)
    return None if row is None else {**_key("browser", row), "at": row.origin_at, "origin": row.origin}


def _key(kind: str, row: Any) -> Notice:
    return {"kind": kind, "key_id": row.key_id, "name": row.name}


# CONSOLE.md §3.4: most severe first.
QUESTIONS: tuple[Question, ...] = (_expired_called, _expiring, _overlap, _browser)
