"""Keys that serve the deployment and count in no tenant's limit: what resource servers and operator keys share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import keys
from app.actions.key_steps import KeyWithSecret, add_secret
from app.actions.records import record
from app.actions.shapes import key_object, key_objects
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_name, fold
from app.domain.refusals import Invalid, NotFound, Problem
from app.store import keys as store

NAMES = {"resource_server": "resource server", "operator": "operator key"}


def page(ctx: Context, kind: str, after: str | None, limit: int, now: datetime) -> list[dict[str, Any]]:
    """Keys of a kind by ID, revoked ones included; `after` is the last ID of the page before."""
    return ctx.database.read(
        lambda connection: [
            _effective(ctx, key)
            for key in key_objects(connection, list(store.page(connection, kind, after, limit)), now)
        ]
    )


def show(ctx: Context, kind: str, key_id: str, now: datetime) -> dict[str, Any]:
    """One key of a kind; NotFound without it."""
    return ctx.database.read(lambda connection: shown(ctx, connection, found(connection, kind, key_id), now))


def shown(ctx: Context, connection: Connection, row: Row[Any], now: datetime) -> dict[str, Any]:
    """A key as answers give it, with the audience it has now."""
    return _effective(ctx, key_object(connection, row, now))


def found(connection: Connection, kind: str, key_id: str) -> Row[Any]:
    """A key of a kind that has not been deleted; NotFound without it."""
    row = store.find(connection, None, kind, key_id)
    if row is None:
        raise NotFound(NAMES[kind])
    return row


def create(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    now: datetime,
    event: Event,
    problems: list[Problem],
    *,
    kind: str,
    group_id: str,
    name: str,
    audience: str | None = None,
    tenant_id: str | None = None,
) -> KeyWithSecret:
    """Create a key of a kind with its first secret; Invalid for a bad name or what was found wrong before."""
    name = clean_name(name, problems)
    if problems:
        raise Invalid(*problems)
    key_id = keys.add_key(
        ctx,
        connection,
        tenant_id=tenant_id,
        kind=kind,
        name=name,
        name_folded=fold(name),
        group_id=group_id,
        audience=audience,
        created_at=now,
        created_by=f"{actor.kind}:{actor.id}",
    )
    issued = add_secret(ctx, connection, key_id, now)
    made = shown(ctx, connection, found(connection, kind, key_id), now)
    told = {"name": name, "audience": audience, "tenant": tenant_id}
    record(kind, ctx, connection, event, actor, None, key_id, now, after=told)
    return KeyWithSecret(made, issued)


def _effective(ctx: Context, key: dict[str, Any]) -> dict[str, Any]:
    if "audience" not in key:
        return key
    return {**key, "audience": key["audience"] or ctx.settings.default_audience}
