"""Tenants: create, change, close."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import links, tenant_terms, terms
from app.actions.records import record
from app.actions.tenant_terms import PLAN_LIMITS
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_name
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.times import rfc3339
from app.store import audit, status_changes
from app.store import tenants as store

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
        "key_managers": row.key_managers,
        "max_lifetime_days": row.max_lifetime_days,
        "expiring_soon_days": row.expiring_soon_days,
        "confirmation_days": row.confirmation_days,
        "require_ip_allowlist": row.require_ip_allowlist,
        "session_idle": row.session_idle_seconds,
        "session_lifetime": row.session_lifetime_seconds,
        "reauth_after": row.reauth_seconds,
        "require_mfa": row.require_mfa,
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
        record("tenant", ctx, connection, Event.TENANT_CREATED, actor, chain, tenant_id, now, after=shown(row))
    return row


def change(
    ctx: Context, actor: Actor, name_or_id: str, now: datetime, version: int | None = None, **members: Any
) -> dict[str, Any]:
    """Change what is given of a tenant.

    version    refuse with Conflict when the tenant has another one by now; None takes it as it is
    members    as `shown` gives them; a plan brings its own limits unless they are given too
    returns    the tenant
    raises     NotFound, Invalid listing every bad member, Conflict, Forbidden (key_managers, but for Global Admins)
    """
    with ctx.database.transaction() as connection:
        row = store.lock(connection, found(connection, name_or_id).id)
        if version is not None and version != row.version:
            raise terms.version_conflict("tenant")
        columns = tenant_terms.columns(connection, row, members)
        tenant_terms.refuse_key_managers(connection, actor, row, columns)
        before, renamed = shown(row), columns.get("name", row.name)
        if renamed != row.name and store.find(connection, renamed) is not None:
            raise Conflict("tenant_exists", "There is a tenant of that name.")
        store.change(connection, row.id, row.version, **columns)
        _tell_lists(connection, row, now, works=columns.get("api_access", row.api_access))
        after = shown(found(connection, row.id))
        changed = {name for name in after if after[name] != before[name]}
        record(
            "tenant",
            ctx,
            connection,
            Event.TENANT_EDITED,
            actor,
            row.id,
            row.id,
            now,
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
            record("tenant", ctx, connection, Event.TENANT_CLOSED, actor, chain, row.id, now)
        return shown(found(connection, row.id))


def _tell_lists(connection: Connection, row: Row[Any], now: datetime, *, works: bool) -> None:
    if row.closed_at is None and row.api_access != works:
        (status_changes.resumed if works else status_changes.suspended)(connection, "tenant", row.id, now)
