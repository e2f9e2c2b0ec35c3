"""Tenants: create, change, close."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import links, terms
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_name, fold
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.times import rfc3339, zone
from app.store import audit, groups, status_changes
from app.store import tenants as store

STANDARD, ENTERPRISE = "standard", "enterprise"
PLAN_LIMITS: dict[str, tuple[int | None, int]] = {STANDARD: (5, 100), ENTERPRISE: (None, 1000)}
MOST_KEYS, MOST_CALLS = 10_000_000, 1_000_000_000
LONGEST_OVERLAP = timedelta(days=90)
LIFETIMES = (60, 3600)
ID_BYTES = 10


def new_id(ctx: Context, prefix: str) -> str:
    """Make a public ID: the prefix and 80 random bits."""
    return f"{prefix}_{ctx.entropy(ID_BYTES).hex()}"


def found(connection: Connection, name_or_id: str) -> Row[Any]:
    """A tenant by ID or name; NotFound without it."""
    row = store.find(connection, name_or_id)
    if row is None:
        raise NotFound("tenant")
    return row


def shown(row: Row[Any]) -> dict[str, Any]:
    """A tenant as answers give it."""
    return {
        "id": row.id,
        "name": row.name,
        "plan": row.plan,
        "key_limit": row.key_limit,
        "rate_limit": row.rate_limit,
        "time_zone": row.time_zone,
        "api_access": row.api_access,
        "max_overlap": row.max_overlap_seconds,
        "token_lifetime": row.token_lifetime_seconds,
        "default_group": row.default_group_id,
        "created_at": rfc3339(row.created_at),
        "closed_at": rfc3339(row.closed_at),
        "version": row.version,
    }


def show(ctx: Context, name_or_id: str) -> dict[str, Any]:
    """One tenant by ID or name; NotFound without it."""
    return shown(ctx.database.read(lambda connection: found(connection, name_or_id)))


def page(ctx: Context, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Tenants by ID, closed ones included; `after` is the last ID of the page before."""
    return [shown(row) for row in ctx.database.read(lambda connection: store.page(connection, after, limit))]


def create(ctx: Context, actor: Actor, name: str, plan: str, now: datetime) -> tuple[dict[str, Any], str]:
    """Create a tenant and the link that sets up its first Global Admin.

    name      2 to 100 characters, unique
    plan      `standard` or `enterprise`
    returns   the tenant and the link's address, told once
    raises    Invalid, Conflict (tenant_exists)
    """
    with ctx.database.transaction() as connection:
        row = add(ctx, connection, actor, name, plan, now)
        return shown(row), links.issue(ctx, connection, actor, row.id, "setup", None, now)


def add(ctx: Context, connection: Connection, actor: Actor, name: str, plan: str, now: datetime) -> Row[Any]:
    """Create a tenant within a transaction that does more."""
    problems: list[Problem] = []
    name = clean_name(name, problems, longest=100)
    if plan not in PLAN_LIMITS:
        problems.append(Problem("plan", "unknown", "Must be standard or enterprise."))
    if problems:
        raise Invalid(*problems)
    if store.find(connection, name) is not None:
        raise Conflict("tenant_exists", "There is a tenant of that name.")
    key_limit, rate_limit = PLAN_LIMITS[plan]
    tenant_id = new_id(ctx, "ten")
    store.add(
        connection, id=tenant_id, name=name, plan=plan, key_limit=key_limit, rate_limit=rate_limit, created_at=now
    )
    audit.open_chain(connection, tenant_id, ctx.vault.audit_key)
    row = found(connection, tenant_id)
    for chain in (
        None,
        tenant_id,
    ):  # the deployment's chain knows every tenant, so a tenant's chain cannot vanish whole
        audit.record(
            connection,
            ctx.vault.audit_key,
            Event.TENANT_CREATED,
            actor,
            now,
            tenant_id=chain,
            object_kind="tenant",
            object_id=tenant_id,
            after=shown(row),
        )
    return row


def change(
    ctx: Context, actor: Actor, name_or_id: str, now: datetime, version: int | None = None, **members: Any
) -> dict[str, Any]:
    """Change what is given of a tenant.

    version    refuse with Conflict when the tenant has another one by now; None takes it as it is
    members    name, plan, key_limit, rate_limit, time_zone, api_access, max_overlap, token_lifetime, default_group;
               overlap and lifetime in seconds; a plan brings its own limits unless they are given too
    returns    the tenant
    raises     NotFound, Invalid listing every bad member, Conflict
    """
    with ctx.database.transaction() as connection:
        row = store.lock(connection, found(connection, name_or_id).id)
        if version is not None and version != row.version:
            raise terms.version_conflict("tenant")
        columns = _columns(connection, row, members)
        before, renamed = shown(row), columns.get("name", row.name)
        if renamed != row.name and store.find(connection, renamed) is not None:
            raise Conflict("tenant_exists", "There is a tenant of that name.")
        store.change(connection, row.id, row.version, **columns)
        _tell_lists(connection, row, now, works=columns.get("api_access", row.api_access))
        after = shown(found(connection, row.id))
        changed = {name for name in after if after[name] != before[name]}
        audit.record(
            connection,
            ctx.vault.audit_key,
            Event.TENANT_EDITED,
            actor,
            now,
            tenant_id=row.id,
            object_kind="tenant",
            object_id=row.id,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        return after


def close(ctx: Context, actor: Actor, name_or_id: str, now: datetime, version: int | None = None) -> dict[str, Any]:
    """Close a tenant: all its keys stop at once. Conflict when it is closed already, or no longer of this version."""
    with ctx.database.transaction() as connection:
        row = store.lock(connection, found(connection, name_or_id).id)
        if version is not None and version != row.version:
            raise terms.version_conflict("tenant")
        if row.closed_at is not None:
            raise Conflict("tenant_closed", "This tenant was closed before.")
        store.change(connection, row.id, row.version, closed_at=now)
        _tell_lists(connection, row, now, works=False)
        for chain in (None, row.id):
            audit.record(
                connection,
                ctx.vault.audit_key,
                Event.TENANT_CLOSED,
                actor,
                now,
                tenant_id=chain,
                object_kind="tenant",
                object_id=row.id,
            )
        return shown(found(connection, row.id))


def _tell_lists(connection: Connection, row: Row[Any], now: datetime, *, works: bool) -> None:
    if row.closed_at is None and row.api_access != works:
        (status_changes.resumed if works else status_changes.suspended)(connection, "tenant", row.id, now)


def _columns(connection: Connection, row: Row[Any], members: dict[str, Any]) -> dict[str, Any]:
    problems: list[Problem] = []
    columns: dict[str, Any] = {}
    plan = members.get("plan", row.plan)
    if plan not in PLAN_LIMITS:
        problems.append(Problem("plan", "unknown", "Must be standard or enterprise."))
    elif "plan" in members:
        columns["plan"] = plan
        columns["key_limit"], columns["rate_limit"] = PLAN_LIMITS[plan]
    if "name" in members:
        columns["name"] = clean_name(members["name"], problems, longest=100)
    if "api_access" in members:
        columns["api_access"] = members["api_access"]
    _number(columns, problems, members, "key_limit", 0, MOST_KEYS, none_allowed=True)
    _number(columns, problems, members, "rate_limit", 1, MOST_CALLS)
    _number(
        columns, problems, members, "max_overlap", 0, int(LONGEST_OVERLAP.total_seconds()), column="max_overlap_seconds"
    )
    _number(
        columns, problems, members, "token_lifetime", *LIFETIMES, column="token_lifetime_seconds", none_allowed=True
    )
    if "time_zone" in members:
        try:
            columns["time_zone"] = zone(members["time_zone"]).key
        except ValueError:
            problems.append(
                Problem("time_zone", "unknown", "Must be a time zone of the IANA database, such as Europe/Berlin.")
            )
    if "default_group" in members:
        columns["default_group_id"] = _default_group(connection, row.id, members["default_group"], problems)
    if problems:
        raise Invalid(*problems)
    return columns


def _number(
    columns: dict[str, Any],
    problems: list[Problem],
    members: dict[str, Any],
    name: str,
    least: int,
    most: int,
    *,
    column: str | None = None,
    none_allowed: bool = False,
) -> None:
    if name not in members:
        return
    value = members[name]
    if (value is None and none_allowed) or (value is not None and least <= value <= most):
        columns[column or name] = value
    else:
        problems.append(
            Problem(
                name, "range", f"Must be a whole number from {least} to {most}{' or none' if none_allowed else ''}."
            )
        )


def _default_group(connection: Connection, tenant_id: str, named: str | None, problems: list[Problem]) -> str | None:
    if not named:
        return None
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None or group.type != "tenant_api_key":
        problems.append(Problem("default_group", "unknown", "Must be a group of type Tenant API Key."))
        return None
    return str(group.id)
