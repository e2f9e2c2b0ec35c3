"""What is known of a key's use when somebody is about to change or end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.key_steps import found
from app.actions.shapes import key_object
from app.context import Context
from app.domain import networks, scopes
from app.domain.clients import OTHERS
from app.domain.names import fold
from app.domain.scopes import Role
from app.domain.times import rfc3339, zone
from app.domain.usage import NO_SECRET
from app.store import facts, groups, key_notices, members, tenants
from app.store import usage as store

LATELY = timedelta(hours=24)
MOST_CALLERS, MOST_BLOCKED = 100, 5


def recent(ctx: Context, tenant_id: str, key_id: str, now: datetime) -> dict[str, Any]:
    """How much a key was used lately: `calls` since yesterday began, `addresses` seen in the last 24 hours.

    Calls are counted by days of the tenant's time zone, so that these are the calls of the last 24 hours and of what
    came before them yesterday. NotFound without the key.
    """

    def look(connection: Connection) -> dict[str, Any]:
        found(connection, tenant_id, key_id)
        today = now.astimezone(zone(_tenant(connection, tenant_id).time_zone)).date()
        rows = store.days(connection, key_id, today - timedelta(days=1), today)
        calls = sum(row.ok + row.unauthorized + row.forbidden + row.limited + row.other for row in rows)
        seen = _lately(connection, key_id, now)
        return {"calls": calls, "addresses": len({row.address for row in seen})}

    return ctx.database.read(look)


def since_expiry(ctx: Context, tenant_id: str, key_id: str, now: datetime) -> dict[str, Any] | None:
    """What was refused since a key expired: `calls`, `last_at`, `ip`, `client` of the last; None when nothing was."""

    def look(connection: Connection) -> dict[str, Any] | None:
        row = found(connection, tenant_id, key_id)
        if row.expires_at is None or row.expires_at > now:
            return None
        day = row.expires_at.astimezone(zone(_tenant(connection, tenant_id).time_zone)).date()
        calls, last = key_notices.refused_since(connection, key_id, day), key_notices.last_refused(connection, key_id)
        if not calls or last is None:
            return None
        return {"calls": calls, "last_at": rfc3339(last.last_at), "ip": last.address or None, "client": last.client}

    return ctx.database.read(look)


def since_revocation(ctx: Context, tenant_id: str, key_id: str) -> dict[str, Any] | None:
    """What was refused since a key was revoked: `at`, `calls`, `ip` of the last caller; None when nothing was."""

    def look(connection: Connection) -> dict[str, Any] | None:
        row, refused = found(connection, tenant_id, key_id), store.refused_since_revocation(connection, key_id)
        last = key_notices.last_refused(connection, key_id)
        if row.revoked_at is None or not refused.calls or last is None:
            return None
        return {"at": rfc3339(row.revoked_at), "calls": int(refused.calls), "ip": last.address or None}

    return ctx.database.read(look)


def revoked_at(ctx: Context, tenant_id: str, key_id: str) -> datetime | None:
    """When a key was revoked; None for one that was not, NotFound without it."""
    at: datetime | None = ctx.database.read(lambda connection: found(connection, tenant_id, key_id).revoked_at)
    return at


def edit_impact(
    ctx: Context, tenant_id: str, key_id: str, now: datetime, *, group: str | None, ip_allowlist: tuple[str, ...]
) -> dict[str, Any]:
    """What an edit would change for those who use the key; it is a warning and forbids nothing.

    group          ID or name of the group it is to have; None keeps it
    ip_allowlist   the lines it is to have
    returns        `gains` and `loses` (scopes), `blocked` (callers of the last 24 hours that would be refused)
    raises         NotFound
    """

    def look(connection: Connection) -> dict[str, Any]:
        row = found(connection, tenant_id, key_id)
        had = frozenset(key_object(connection, row, now)["scopes"])
        will = _scopes(connection, row, group) if group is not None else had
        return {
            "gains": sorted(will - had),
            "loses": sorted(had - will),
            "blocked": _blocked(_lately(connection, key_id, now), ip_allowlist),
        }

    return ctx.database.read(look)


def _tenant(connection: Connection, tenant_id: str) -> Row[Any]:
    tenant = tenants.find(connection, tenant_id)
    assert tenant is not None  # noqa: S101 - its key was found just before
    return tenant


def _lately(connection: Connection, key_id: str, now: datetime) -> list[Row[Any]]:
    rows = store.callers(connection, key_id, MOST_CALLERS, since=now - LATELY)
    return [row for row in rows if row.secret_number != NO_SECRET and row.client != OTHERS]


def _scopes(connection: Connection, row: Row[Any], named: str) -> frozenset[str]:
    group = groups.find(connection, row.tenant_id, named, fold(named))
    if group is None:
        return frozenset()
    if group.built_in != scopes.SAME_AS_CREATOR:
        return scopes.unpack(group.scopes)
    creator = members.by_id(connection, row.created_by_member) if row.created_by_member is not None else None
    if creator is None:
        return frozenset()
    return scopes.of_role(Role(creator.role), facts.product_scopes(connection), row.key_managers)


def _blocked(seen: Sequence[Row[Any]], lines: tuple[str, ...]) -> list[dict[str, Any]]:
    kept, problems = networks.parse_list(list(lines))
    if problems or not kept:
        return []
    allowed = networks.networks("\n".join(kept))
    out: dict[str, dict[str, Any]] = {}
    for row in seen:
        if row.address and not networks.within(networks.parse_address(row.address), allowed):
            out.setdefault(row.address, {"ip": row.address, "last_at": rfc3339(row.last_at)})
    return list(out.values())[:MOST_BLOCKED]
