"""Rotation: a new secret for the same key, and the overlap in which the old one still works."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.actions import propagation, terms
from app.actions.key_steps import KeyWithSecret, add_secret, change, expected, finish, seen_version
from app.actions.once import Once
from app.actions.terms import KEEP, Keep
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict
from app.domain.times import rfc3339
from app.store import keys as store
from app.store import status_changes, tenants


def rotate(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    key_id: str,
    now: datetime,
    *,
    version: int | None = None,
    overlap: timedelta = timedelta(0),
    reason: str | None = None,
    expires_at: str | Keep | None = KEEP,
    once: Once | None = None,
) -> KeyWithSecret:
    """Give a key a new secret. The old one stops now, or when the overlap ends; one still ending from before stops now.

    overlap      at most the tenant's maximum; none after a suspected leak
    reason       `scheduled`, `leak`, `staff_change`, `other` or None
    expires_at   a new end, None for never, or KEEP
    raises       NotFound, Conflict (version_conflict, key_revoked, key_expired, key_limit_reached), Forbidden, Invalid
    """
    seen = seen_version(ctx, tenant_id, key_id, version)
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        if once is not None and (repeated := once.repeated(connection, now)) is not None:
            return KeyWithSecret(repeated, None)
        row = expected(connection, tenant_id, key_id, seen)
        terms.refuse_stronger(connection, actor, row)
        end = terms.rotated_expiry(connection, tenant, row, expires_at, now)
        terms.check_overlap(tenant, overlap, reason)
        change(connection, [row], now, expires_at=end)
        store.move_overlap(connection, key_id, now, now)
        store.end_secrets(connection, key_id, now, now + overlap)
        issued = add_secret(ctx, connection, key_id, now)
        if not overlap:
            status_changes.follow(connection, [key_id], tenant_id, Event.KEY_ROTATED, now)
        details = {"reason": reason, "old_secret_ends_at": rfc3339(now + overlap)}
        told = (ctx, connection, Event.KEY_ROTATED, actor, tenant_id, key_id, now)
        made = finish(*told, issued=issued, before=row, once=once, details=details)
    return replace(made, key=made.key | propagation.status_list(ctx, key_id, replaced=True))


def end_overlap(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    key_id: str,
    now: datetime,
    *,
    extend_to: datetime | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """End the overlap of a rotation now, or move its end.

    extend_to   a later or earlier end, at most the tenant's maximum after the rotation; None ends it now
    version     the version the caller saw; None takes the key as it is
    raises      NotFound, Conflict (version_conflict, no_overlap, key_revoked), Invalid
    """
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        row = expected(connection, tenant_id, key_id, version)
        secrets = store.live_secrets(connection, [key_id], now)[key_id]
        if len(secrets) < 2:  # noqa: PLR2004 - an overlap is two secrets that work
            raise Conflict("no_overlap", "No rotation of this key is in progress.")
        end = now
        if extend_to is not None:
            end = terms.extended_overlap(tenant, secrets[0].created_at, extend_to, now)
        store.move_overlap(connection, key_id, now, end)
        change(connection, [row], now)
        event = Event.KEY_OVERLAP_ENDED if extend_to is None else Event.KEY_OVERLAP_EXTENDED
        if extend_to is None:
            status_changes.follow(connection, [key_id], tenant_id, event, now)
        details = {"old_secret_ends_at": rfc3339(end)}
        key = finish(ctx, connection, event, actor, tenant_id, key_id, now, before=row, details=details).key
    return key | propagation.status_list(ctx, key_id, replaced=True)
