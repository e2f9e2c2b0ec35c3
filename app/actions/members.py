"""Members of a tenant: invite, change, remove, let back in. The log knows them by ID alone."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import links, member_terms, terms
from app.actions.records import record
from app.actions.tenants import new_id
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_name
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.scopes import Role
from app.domain.times import rfc3339
from app.store import members as store
from app.store import status_changes, tenants

_record = partial(record, "member")


def page(ctx: Context, tenant_id: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    """A tenant's members by ID; `after` is the last ID of the page before."""
    return [shown(row) for row in ctx.database.read(lambda connection: store.page(connection, tenant_id, after, limit))]


def show(ctx: Context, tenant_id: str | None, member: str) -> dict[str, Any]:
    """One member by ID or e-mail address; without a tenant by ID alone. NotFound without one."""
    return shown(ctx.database.read(lambda connection: _found(connection, tenant_id, member)))


def shown(row: Row[Any]) -> dict[str, Any]:
    """A member as answers give it."""
    return {
        "id": row.id,
        "tenant": row.tenant_id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "operator": row.operator,
        "active": row.active,
        "created_at": rfc3339(row.created_at),
        "version": row.version,
    }


def told(member: dict[str, Any]) -> dict[str, Any]:
    """The part of a member that the audit log may name."""
    return {name: member[name] for name in ("role", "active", "operator")}


def create(
    ctx: Context, actor: Actor, tenant_id: str, now: datetime, *, email: str, name: str, role: str
) -> dict[str, Any]:
    """Add a member; their way in is a link of its own.

    email    unique within the tenant, whatever its case
    role     one of `scopes.Role`; never one that holds more than the actor
    raises   Invalid, Forbidden, Conflict (member_exists, tenant_closed)
    """
    with ctx.database.transaction() as connection:
        return add(ctx, connection, actor, tenant_id, now, email=email, name=name, role=role)


def add(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    tenant_id: str,
    now: datetime,
    *,
    email: str,
    name: str,
    role: str,
) -> dict[str, Any]:
    """Do what `create` does inside a transaction that does more; raises the same."""
    problems: list[Problem] = []
    email, name = (
        member_terms.clean_email(email, problems),
        clean_name(name, problems, shortest=1, longest=member_terms.LONGEST_NAME),
    )
    wanted = member_terms.read_role(role, problems)
    if problems or wanted is None:
        raise Invalid(*problems)
    terms.refuse_closed(tenants.lock(connection, tenant_id))
    member_terms.refuse_role(connection, actor, wanted)
    if store.find(connection, tenant_id, email) is not None:
        raise Conflict("member_exists", "There is a member with that e-mail address.")
    member_id = new_id(ctx, "mem")
    store.add(
        connection,
        id=member_id,
        tenant_id=tenant_id,
        email=email,
        email_folded=email.casefold(),
        name=name,
        role=wanted,
        created_at=now,
    )
    made = shown(_found(connection, tenant_id, member_id))
    _record(ctx, connection, Event.MEMBER_CREATED, actor, tenant_id, member_id, now, after=told(made))
    return made


def edit(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    member: str,
    now: datetime,
    *,
    version: int | None = None,
    name: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    operator: bool | None = None,
) -> dict[str, Any]:
    """Change what is given of a member. Keys that act as them follow at their next use.

    version    the version the caller saw; None takes the member as they are
    operator   whether they manage the deployment's signing keys too; only the operator says so
    raises     NotFound, Conflict (version_conflict, last_global_admin), Forbidden, Invalid
    """
    problems: list[Problem] = []
    columns: dict[str, Any] = {"active": active, "operator": operator}
    if name is not None:
        columns["name"] = clean_name(name, problems, shortest=1, longest=member_terms.LONGEST_NAME)
    wanted = member_terms.read_role(role, problems) if role is not None else None
    if problems:
        raise Invalid(*problems)
    with ctx.database.transaction() as connection:
        row = _touchable(connection, actor, tenant_id, member, version)
        if wanted is not None and wanted != row.role:
            member_terms.refuse_role(connection, actor, wanted)
            columns["role"] = wanted
        if operator is not None and operator != row.operator:
            member_terms.refuse_operator(actor)
        columns = {column: value for column, value in columns.items() if value is not None}
        member_terms.keep_a_global_admin(
            connection, row, columns.get("role", row.role), active=columns.get("active", row.active)
        )
        store.change(connection, row.id, row.version, **columns)
        _tell_lists(connection, row, now, active=columns.get("active", row.active))
        if "role" in columns:  # of keys that act as them
            status_changes.ask_again_about_creator(connection, row.id, now)
        before, after = shown(row), shown(_found(connection, tenant_id, row.id))
        changed = {column: value for column, value in told(after).items() if value != before[column]}
        old = {column: before[column] for column in changed}
        _record(ctx, connection, Event.MEMBER_EDITED, actor, tenant_id, row.id, now, before=old, after=changed)
        return after


def remove(
    ctx: Context, actor: Actor, tenant_id: str, member: str, now: datetime, *, version: int | None = None
) -> None:
    """Remove a member and forget their e-mail address. Keys that act as them stop.

    raises   NotFound, Conflict (version_conflict, last_global_admin), Forbidden
    """
    with ctx.database.transaction() as connection:
        row = _touchable(connection, actor, tenant_id, member, version)
        member_terms.keep_a_global_admin(connection, row, row.role, active=False)
        # The address may be invited again, so it must not stay taken by somebody who is gone.
        store.change(
            connection, row.id, row.version, removed_at=now, active=False, operator=False, email="", email_folded=row.id
        )
        _tell_lists(connection, row, now, active=False)
        _record(ctx, connection, Event.MEMBER_REMOVED, actor, tenant_id, row.id, now, before=told(shown(row)))


def reset(ctx: Context, actor: Actor, tenant_id: str | None, member: str, now: datetime) -> str:
    """Make a link that lets somebody who is locked out back in, once.

    tenant_id   None finds the member by ID in whatever tenant (the operator)
    returns     the link's address, told once
    raises      NotFound, Conflict (member_inactive), Forbidden
    """
    with ctx.database.transaction() as connection:
        found = _found(connection, tenant_id, member)
        row = _touchable(connection, actor, found.tenant_id, found.id, None)
        member_terms.refuse_role(connection, actor, Role(row.role))  # whoever has the link is that member
        if not row.active:
            raise Conflict("member_inactive", "This member is not active.")
        _record(ctx, connection, Event.MEMBER_RESET, actor, row.tenant_id, row.id, now)
        return links.issue(ctx, connection, actor, row.tenant_id, "reset", row.id, now)


def _tell_lists(connection: Connection, row: Row[Any], now: datetime, *, active: bool) -> None:
    if active != row.active:
        (status_changes.resumed if active else status_changes.suspended)(connection, "member", row.id, now)


def _found(connection: Connection, tenant_id: str | None, member: str) -> Row[Any]:
    row = store.find(connection, tenant_id, member)
    if row is None:
        raise NotFound("member")
    return row


def _touchable(connection: Connection, actor: Actor, tenant_id: str, member: str, version: int | None) -> Row[Any]:
    tenants.lock(connection, tenant_id)  # two Global Admins cannot demote each other at once
    row = _found(connection, tenant_id, member)
    if version is not None and version != row.version:
        raise terms.version_conflict("member")
    if row.role == Role.GLOBAL_ADMIN:
        member_terms.refuse_role(connection, actor, Role.GLOBAL_ADMIN)
    return row
