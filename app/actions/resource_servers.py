"""Resource servers: keys that may introspect the tokens of one audience."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.actions import deployment_keys, tenants, terms
from app.actions.key_steps import KeyWithSecret
from app.actions.records import record
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.refusals import NotFound, Problem
from app.store import keys as store

KIND, GROUP = "resource_server", "grp_rs"
LONGEST_AUDIENCE = 2000


def page(ctx: Context, after: str | None, limit: int, now: datetime) -> list[dict[str, Any]]:
    """Every resource server, by ID; `after` is the last ID of the page before."""
    return deployment_keys.page(ctx, KIND, after, limit, now)


def show(ctx: Context, key_id: str, now: datetime) -> dict[str, Any]:
    """One resource server; NotFound without it."""
    return deployment_keys.show(ctx, KIND, key_id, now)


def create(
    ctx: Context, actor: Actor, now: datetime, *, name: str, audience: str | None = None, tenant: str | None = None
) -> KeyWithSecret:
    """Create a resource server with its first secret. It counts in no key limit.

    audience   an absolute URI; None is the deployment's default, whatever that is at the time
    tenant     ID or name of the only tenant whose tokens it sees; None sees every tenant's
    raises     Invalid, NotFound (the tenant)
    """
    problems: list[Problem] = []
    if audience is not None:
        _check_audience(ctx, audience, problems)
    with ctx.database.transaction() as connection:
        tenant_id = tenants.found(connection, tenant).id if tenant is not None else None
        return deployment_keys.create(
            ctx,
            connection,
            actor,
            now,
            Event.RESOURCE_SERVER_CREATED,
            problems,
            kind=KIND,
            group_id=GROUP,
            name=name,
            audience=audience,
            tenant_id=tenant_id,
        )


def delete(ctx: Context, actor: Actor, key_id: str, now: datetime, version: int | None = None) -> None:
    """Delete a resource server: its secret stops at once. NotFound, or Conflict when its version is another one."""
    with ctx.database.transaction() as connection:
        row = deployment_keys.found(connection, KIND, key_id)
        if version is not None and version != row.version:
            raise terms.version_conflict("resource server")
        if not store.delete(connection, [key_id], now):
            raise NotFound(deployment_keys.NAMES[KIND])
        told = {"name": row.name, "audience": row.audience, "tenant": row.tenant_id}
        record(KIND, ctx, connection, Event.RESOURCE_SERVER_DELETED, actor, None, key_id, now, before=told)


def _check_audience(ctx: Context, audience: str, problems: list[Problem]) -> None:
    try:
        parts = urlsplit(audience)
    except ValueError:
        parts = urlsplit("")
    # RFC 8707 §2: an absolute URI, without fragment.
    readable = (
        audience.isascii() and audience.isprintable() and " " not in audience and len(audience) <= LONGEST_AUDIENCE
    )
    if not readable or not parts.scheme or not (parts.netloc or parts.path) or "#" in audience:
        problems.append(Problem("audience", "format", "Must be an absolute URI without fragment."))
    elif audience.rstrip("/") in {ctx.settings.base, ctx.settings.admin_audience}:
        problems.append(Problem("audience", "reserved", "Must be neither the issuer nor its management API."))
