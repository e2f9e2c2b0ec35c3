"""The deployment's catalogue of product scopes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.deployment import check_scope_name
from app.actions.records import record
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_description
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.times import rfc3339
from app.store import deployment, facts
from app.store import groups as store

_NAMED_GROUPS = 10

_record = partial(record, "scope")


def scopes(ctx: Context) -> list[dict[str, Any]]:
    """Every product scope, by name."""
    return [shown(row) for row in ctx.database.read(store.catalogue)]


def names(ctx: Context) -> frozenset[str]:
    """The names of every product scope."""
    return ctx.database.read(facts.product_scopes)


def shown(row: Row[Any]) -> dict[str, Any]:
    """A scope as answers give it."""
    return {"name": row.name, "description": row.description, "created_at": rfc3339(row.created_at)}


def create(ctx: Context, actor: Actor, name: str, description: str, now: datetime) -> dict[str, Any]:
    """Add a scope; the built-in groups that hold every scope, or every one that reads, hold it at once.

    raises   Invalid, Conflict (scope_exists)
    """
    problems: list[Problem] = []
    check_scope_name(name, problems)
    description = clean_description(description, problems)
    if problems:
        raise Invalid(*problems)
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        if store.find_scope(connection, name) is not None:
            raise Conflict("scope_exists", "There is a scope of that name.")
        store.insert_scope(connection, name, description, now)
        store.refresh_built_in(connection, now)
        _record(ctx, connection, Event.SCOPE_CREATED, actor, None, name, now, after={"description": description})
        return shown(_found(connection, name))


def edit(ctx: Context, actor: Actor, name: str, description: str, now: datetime) -> dict[str, Any]:
    """Describe a scope anew; its name never changes. Raises NotFound, Invalid."""
    problems: list[Problem] = []
    description = clean_description(description, problems)
    if problems:
        raise Invalid(*problems)
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        before = _found(connection, name)
        store.describe_scope(connection, name, description)
        _record(
            ctx,
            connection,
            Event.SCOPE_EDITED,
            actor,
            None,
            name,
            now,
            before={"description": before.description},
            after={"description": description},
        )
        return shown(_found(connection, name))


def delete(ctx: Context, actor: Actor, name: str, now: datetime) -> None:
    """Take a scope out of the catalogue and the built-in groups.

    raises   NotFound, Conflict (scope_in_use) naming groups that hold it
    """
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        before = _found(connection, name)
        # Deleting first waits for groups that are just being given the scope; what is read after that is the last word.
        store.remove_scope(connection, name, now)
        holding = store.using_scope(connection, name)
        if holding:
            named = tuple(f"{row.name} of tenant {row.tenant_id}" for row in holding[:_NAMED_GROUPS])
            raise Conflict("scope_in_use", f"{len(holding)} authorization groups hold this scope.", named)
        _record(
            ctx, connection, Event.SCOPE_DELETED, actor, None, name, now, before={"description": before.description}
        )


def _found(connection: Connection, name: str) -> Row[Any]:
    row = store.find_scope(connection, name)
    if row is None:
        raise NotFound("scope")
    return row
