"""Proof of propagation: which verifiers there are, what each holds, how far a revocation has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.context import Context
from app.domain.propagation import Known, progress
from app.domain.refusals import NotFound
from app.domain.status import LIST_BITS
from app.domain.times import rfc3339
from app.store import keys, propagations, status_lists
from app.store import verifiers as store

TENANT_KEY = "tenant_api_key"
MOST_OF_A_KEY = 50


def status_list(ctx: Context, key_id: str, *, replaced: bool = False) -> dict[str, Any]:
    """The version of the list that tells of a key's end, as a member of an answer: read once the change is durable.

    replaced   whether it is not the newest secret that ended, but the one before
    """
    places = ctx.database.read(lambda connection: status_lists.places_of(connection, key_id))
    if not places:
        return {}
    number = places[1 if replaced and len(places) > 1 else 0] >> LIST_BITS
    standing = status_lists.standing(ctx.database, number)
    version = (standing.version if standing is not None else None) or 0
    return {"status_list": {"uri": f"{ctx.settings.status_uri}{number}", "version": version}}


def verifiers(ctx: Context, tenant_id: str | None, now: datetime) -> list[dict[str, Any]]:
    """Every verifier that sees a tenant's tokens, by name; None is the operator, who is told all addresses."""
    rows = ctx.database.read(lambda connection: store.shown(connection, tenant_id))
    return [_verifier(ctx, row, now, told=tenant_id is None or row.tenant_id == tenant_id) for row in rows]


def _verifier(ctx: Context, row: Row[Any], now: datetime, *, told: bool) -> dict[str, Any]:
    silent = row.seen_at < now - ctx.verifiers.patience
    current = row.held_version is not None and row.held_version >= row.current_version
    return {
        "client_id": row.key_id,
        "name": row.name,
        "tenant": row.tenant_id,
        "instance": row.instance if told else None,
        "address": (row.address or None) if told else None,
        "client": row.client or None,
        "status_list": f"{ctx.settings.status_uri}{row.list_number}",
        "version": row.held_version,
        "current_version": row.current_version,
        "state": "silent" if silent else "current" if current else "behind",
        "first_seen_at": rfc3339(row.first_at),
        "seen_at": rfc3339(row.seen_at),
        "age_seconds": max(0, int((now - row.seen_at).total_seconds())),
    }


def of_key(
    ctx: Context, tenant_id: str | None, key_id: str, now: datetime, *, limit: int = MOST_OF_A_KEY
) -> list[dict[str, Any]]:
    """How far each revocation of a key's has come, newest first; NotFound without the key, deleted ones included."""

    def look(connection: Connection) -> list[dict[str, Any]]:
        if keys.find(connection, tenant_id, TENANT_KEY, key_id, deleted=True) is None:
            raise NotFound("API key")
        rows = propagations.of_key(connection, key_id, limit)
        known = propagations.known(connection, rows, ctx.verifiers.patience, propagations.parts(connection, rows))
        return [_shown(ctx, row, known[row.number], now) for row in rows]

    return ctx.database.read(look)


def latest(ctx: Context, tenant_id: str, key_id: str, now: datetime) -> dict[str, Any] | None:
    """How far the newest revocation of a key's has come; None when nothing was taken back. NotFound without the key."""
    return next(iter(of_key(ctx, tenant_id, key_id, now, limit=1)), None)


def _shown(ctx: Context, row: Row[Any], known: Sequence[Known], now: datetime) -> dict[str, Any]:
    found = progress(known, row.at, (row.ended_at or now) - ctx.verifiers.patience)
    return {
        "event": row.event,
        "at": rfc3339(row.at),
        "status_list": {"uri": f"{ctx.settings.status_uri}{row.list_number}", "version": row.version},
        "verifiers": found.verifiers,
        "enforced": found.enforced,
        "silent": found.silent,
        "complete": found.complete and row.ended_at is not None,
        "last_after_seconds": found.last_after.total_seconds() if found.last_after is not None else None,
        "summary": found.summary,
        "ended_at": rfc3339(row.ended_at),
    }
