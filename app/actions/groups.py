"""Authorization groups of a tenant: list, create, edit, delete. Built-in ones are looked at only."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import group_terms, terms
from app.actions.records import record
from app.actions.shapes import group_objects
from app.actions.tenants import new_id
from app.context import Context
from app.domain import scopes as vocabulary
from app.domain.events import Actor, Event
from app.domain.names import clean_description, clean_name, fold
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.store import groups as store
from app.store import status_changes, tenants

TYPES = (terms.TENANT_KEY_TYPE, "user")
LONGEST_NAME = 100
FOR_DELETED_KEYS = "grp_ro"  # a deleted key does nothing any more, but its row must name a group

_record = partial(record, "group")


def page(ctx: Context, tenant_id: str, after: tuple[str, str] | None, limit: int) -> list[dict[str, Any]]:
    """A tenant's groups and the built-in ones its keys may have, by name.

    after     folded name and ID of the last group of the page before
    limit     at most so many
    """
    return ctx.database.read(
        lambda connection: group_objects(connection, tenant_id, store.page(connection, tenant_id, after, limit))
    )


def show(ctx: Context, tenant_id: str, group: str) -> dict[str, Any]:
    """One group by ID or name; NotFound when it is not there or another tenant's."""
    return ctx.database.read(lambda connection: _object(connection, tenant_id, _found(connection, tenant_id, group)))


def create(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    now: datetime,
    *,
    name: str,
    scopes: list[str],
    description: str = "",
    type: str = terms.TENANT_KEY_TYPE,  # noqa: A002 - the member's name in requests and answers
) -> dict[str, Any]:
    """Create a group.

    scopes   product scopes, or management scopes of the tenant's own affairs; never more than the actor holds
    type     `tenant_api_key` or `user`
    raises   Invalid listing every bad member, Forbidden, Conflict (group_exists, tenant_closed)
    """
    problems: list[Problem] = []
    name, description = clean_name(name, problems, longest=LONGEST_NAME), clean_description(description, problems)
    if type not in TYPES:
        problems.append(Problem("type", "unknown", f"Must be one of {', '.join(TYPES)}."))
    with ctx.database.transaction() as connection:
        terms.refuse_closed(tenants.lock(connection, tenant_id))
        held = group_terms.checked_scopes(connection, scopes, problems)
        if problems:
            raise Invalid(*problems)
        terms.refuse_handing_out(actor, held)
        group_terms.refuse_taken(connection, tenant_id, name)
        group_id = new_id(ctx, "grp")
        store.add(
            connection,
            id=group_id,
            tenant_id=tenant_id,
            name=name,
            name_folded=fold(name),
            description=description,
            type=type,
            scopes=vocabulary.pack(held),
            created_at=now,
            updated_at=now,
        )
        made = _object(connection, tenant_id, store.by_id(connection, group_id))
        _record(ctx, connection, Event.GROUP_CREATED, actor, tenant_id, group_id, now, after=_told(made))
        return made


def edit(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    group: str,
    now: datetime,
    *,
    version: int | None = None,
    name: str | None = None,
    description: str | None = None,
    scopes: list[str] | None = None,
) -> dict[str, Any]:
    """Change what is given of a group. In force at the next use of each of its keys, for tokens issued before too.

    version   the version the caller saw; None takes the group as it is
    raises    NotFound, Conflict (version_conflict, group_built_in, group_exists), Forbidden, Invalid
    """
    problems: list[Problem] = []
    columns: dict[str, Any] = {}
    if name is not None:
        columns["name"] = clean_name(name, problems, longest=LONGEST_NAME)
        columns["name_folded"] = fold(columns["name"])
    if description is not None:
        columns["description"] = clean_description(description, problems)
    with ctx.database.transaction() as connection:
        row = _own(connection, tenant_id, group, version)
        if scopes is not None:
            # What the group holds already may stay; only what is added must be within the actor's reach.
            held = group_terms.checked_scopes(connection, scopes, problems)
            terms.refuse_handing_out(actor, held - vocabulary.unpack(row.scopes))
            columns["scopes"] = vocabulary.pack(held)
        if problems:
            raise Invalid(*problems)
        if columns.get("name_folded", row.name_folded) != row.name_folded:
            group_terms.refuse_taken(connection, tenant_id, columns["name"])
        before = _object(connection, tenant_id, row)
        store.change(connection, row.id, row.version, **columns, updated_at=now)
        if columns.get("scopes", row.scopes) != row.scopes:
            status_changes.ask_again_about_group(connection, row.id, now)
        after = _object(connection, tenant_id, store.by_id(connection, row.id))
        changed = {member: value for member, value in _told(after).items() if value != before[member]}
        _record(
            ctx,
            connection,
            Event.GROUP_EDITED,
            actor,
            tenant_id,
            row.id,
            now,
            before={member: before[member] for member in changed},
            after=changed,
        )
        return after


def delete(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    group: str,
    now: datetime,
    *,
    version: int | None = None,
    move_to: str | None = None,
) -> None:
    """Delete a group; its keys, and its place as the tenant's default, go to another one.

    move_to   ID or name of a group of the same type; None only when the group is not in use
    raises    NotFound, Conflict (version_conflict, group_built_in, group_in_use), Forbidden, Invalid
    """
    with ctx.database.transaction() as connection:
        row = _own(connection, tenant_id, group, version)
        tenant = tenants.lock(connection, tenant_id)
        before = _object(connection, tenant_id, row)
        is_default = tenant.default_group_id == row.id
        target = group_terms.target(connection, actor, tenant_id, row, move_to)
        if target is None and (before["keys"] or is_default):
            raise Conflict(
                "group_in_use",
                "The tenant's default group cannot go."
                if is_default
                else f"API keys that use this group: {before['keys']}.",
                ("Name another group to move them to.",),
            )
        if is_default and target is not None:
            _move_default(ctx, connection, actor, tenant, target.id, now)
        store.move_keys(connection, row.id, target.id if target is not None else FOR_DELETED_KEYS, now)
        store.remove(connection, row.id)
        moved = {"moved_to": target.id, "moved_keys": before["keys"]} if target is not None else {}
        _record(ctx, connection, Event.GROUP_DELETED, actor, tenant_id, row.id, now, before=_told(before), after=moved)


def _found(connection: Connection, tenant_id: str, group: str) -> Row[Any]:
    row = store.find(connection, tenant_id, group, fold(group))
    if row is None or (row.tenant_id is None and row.type != terms.TENANT_KEY_TYPE):
        raise NotFound("authorization group")
    return row


def _own(connection: Connection, tenant_id: str, group: str, version: int | None) -> Row[Any]:
    tenants.lock(connection, tenant_id)  # keys are given groups under the same lock, so none can take one that goes
    row = _found(connection, tenant_id, group)
    if row.built_in is not None:
        raise Conflict(
            "group_built_in",
            "A built-in group cannot be changed.",
            ("Make a group of your own with the scopes you want.",),
        )
    if version is not None and version != row.version:
        raise terms.version_conflict("group")
    return row


def _move_default(
    ctx: Context, connection: Connection, actor: Actor, tenant: Row[Any], target_id: str, now: datetime
) -> None:
    tenants.change(connection, tenant.id, tenant.version, default_group_id=target_id)
    record(
        "tenant",
        ctx,
        connection,
        Event.TENANT_EDITED,
        actor,
        tenant.id,
        tenant.id,
        now,
        before={"default_group": tenant.default_group_id},
        after={"default_group": target_id},
    )


def _object(connection: Connection, tenant_id: str, row: Row[Any]) -> dict[str, Any]:
    return group_objects(connection, tenant_id, [row])[0]


def _told(group: dict[str, Any]) -> dict[str, Any]:
    return {member: group[member] for member in ("name", "type", "description", "scopes")}
