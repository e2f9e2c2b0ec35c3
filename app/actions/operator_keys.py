"""Operator keys: for the deployment's own affairs at the management API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions import deployment_keys, terms
from app.actions.key_steps import KeyWithSecret
from app.actions.records import record
from app.context import Context
from app.domain.events import Actor, Event
from app.store import keys as store

KIND, GROUP = "operator", "grp_operator"


def page(ctx: Context, after: str | None, limit: int, now: datetime) -> list[dict[str, Any]]:
    """Every operator key by ID, revoked ones included; `after` is the last ID of the page before."""
    return deployment_keys.page(ctx, KIND, after, limit, now)


def create(ctx: Context, actor: Actor, now: datetime, *, name: str) -> KeyWithSecret:
    """Create an operator key with its first secret; Invalid for a bad name."""
    with ctx.database.transaction() as connection:
        return deployment_keys.create(
            ctx,
            connection,
            actor,
            now,
            Event.OPERATOR_KEY_CREATED,
            [],
            kind=KIND,
            group_id=GROUP,
            name=name,
        )


def revoke(ctx: Context, actor: Actor, key_id: str, now: datetime) -> dict[str, Any]:
    """Revoke an operator key for good; NotFound, or Conflict (key_revoked) when it was before."""
    with ctx.database.transaction() as connection:
        row = deployment_keys.found(connection, KIND, key_id)
        if not store.revoke(connection, [key_id], now):
            raise terms.key_revoked()
        told = {"name": row.name}
        record(KIND, ctx, connection, Event.OPERATOR_KEY_REVOKED, actor, None, key_id, now, before=told)
        return deployment_keys.shown(ctx, connection, deployment_keys.found(connection, KIND, key_id), now)
