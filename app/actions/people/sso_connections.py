"""A tenant's connections to OpenID providers: list, add, change, try, remove; and whether they are the only way in."""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.people import sso_terms
from app.actions.people.sessions import Signed
from app.actions.people.sso_terms import Given
from app.actions.records import record
from app.actions.tenants import new_id
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from app.domain.single_sign_on import ProviderError
from app.domain.times import rfc3339
from app.store import single_sign_on as store
from app.store import tenants

MOST = 20

_record = partial(record, "sso_connection")


def shown(row: Row[Any]) -> dict[str, Any]:
    """A connection as pages show it; never its secret."""
    return {
        "id": row.id,
        "name": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "domains": row.domains.split(),
        "trust_addresses": row.trust_addresses,
        "new_role": row.new_role,
        "members": row.members,
        "created_at": rfc3339(row.created_at),
        "version": row.version,
    }


def every(ctx: Context, tenant_id: str) -> list[dict[str, Any]]:
    """A tenant's connections by name."""
    return [shown(row) for row in ctx.database.read(lambda connection: store.connections(connection, tenant_id))]


def show(ctx: Context, tenant_id: str, sso_id: str) -> dict[str, Any]:
    """One connection; NotFound when there is none or it is another tenant's."""
    return shown(ctx.database.read(lambda connection: _found(connection, tenant_id, sso_id)))


def proposal(ctx: Context, tenant_id: str) -> str:
    """The ID of a connection to be, with our mark: its callback address has to be known to the provider first."""
    sso_id = new_id(ctx, "sso")
    return f"{sso_id}.{_mark(ctx, tenant_id, sso_id)}"


def proposed(ctx: Context, tenant_id: str, text: str) -> str | None:
    """The ID that `proposal` made for this tenant; None for anything else."""
    # With an ID of their choice somebody could take over a callback address that another's provider still knows.
    sso_id, _, mark = text.partition(".")
    right = hmac.compare_digest(mark.encode(), _mark(ctx, tenant_id, sso_id).encode())
    return sso_id if right else None


def add(ctx: Context, actor: Actor, tenant_id: str, now: datetime, *, proposed_id: str, given: Given) -> dict[str, Any]:
    """Add a connection. The provider is not asked yet.

    proposed_id   what `proposal` made
    raises        Invalid, Conflict (too_many_connections, connection_exists, tenant_closed), Forbidden
    """
    problems: list[Problem] = []
    columns = sso_terms.columns(ctx, given, problems)
    sso_id = proposed(ctx, tenant_id, proposed_id)
    secret = sso_terms.clean_secret(given.secret, problems)
    if sso_id is None:
        problems.append(Problem("name", "stale", "This form is out of date. Reload the page and try again."))
    if problems or sso_id is None:
        raise Invalid(*problems)
    with ctx.database.transaction() as connection:
        terms.refuse_closed(tenants.lock(connection, tenant_id))
        sso_terms.refuse_role(connection, actor, columns["new_role"])
        if len(store.connections(connection, tenant_id)) >= MOST:
            raise Conflict("too_many_connections", f"A tenant has at most {MOST} connections.")
        if store.find(connection, sso_id, tenant_id) is not None:
            raise Conflict("connection_exists", "This connection was added already.")
        sealed = ctx.vault.seal(secret.encode(), sso_terms.place(sso_id))
        store.add(
            connection, id=sso_id, tenant_id=tenant_id, secret_sealed=sealed, created_at=now, version=1, **columns
        )
        made = shown(_found(connection, tenant_id, sso_id))
        _record(ctx, connection, Event.SSO_CONNECTION_CREATED, actor, tenant_id, sso_id, now, after=_told(made))
        return made


def edit(
    ctx: Context, actor: Actor, tenant_id: str, sso_id: str, now: datetime, *, version: int | None, given: Given
) -> dict[str, Any]:
    """Change a connection; an empty secret leaves the one there is. Another issuer forgets whom the old one knew.

    raises   NotFound, Invalid, Conflict (version_conflict), Forbidden
    """
    problems: list[Problem] = []
    columns = sso_terms.columns(ctx, given, problems)
    with ctx.database.transaction() as connection:
        tenants.lock(connection, tenant_id)
        row = _found(connection, tenant_id, sso_id)
        if version is not None and version != row.version:
            raise terms.version_conflict("connection")
        # A secret goes where it was meant to go, and not to whatever address is typed over it.
        if given.secret or columns.get("issuer") != row.issuer:
            columns["secret_sealed"] = _sealed(ctx, sso_id, given.secret, problems)
        if problems:
            raise Invalid(*problems)
        if columns["new_role"] != row.new_role:
            sso_terms.refuse_role(connection, actor, columns["new_role"])
        if columns["issuer"] != row.issuer:
            store.forget_links(connection, sso_id)
        store.change(connection, sso_id, **columns)
        before, after = shown(row), shown(_found(connection, tenant_id, sso_id))
        changed = [name for name, value in _told(after).items() if before[name] != value]
        _record(
            ctx,
            connection,
            Event.SSO_CONNECTION_EDITED,
            actor,
            tenant_id,
            sso_id,
            now,
            before={name: before[name] for name in changed},
            after={**{name: after[name] for name in changed}, **({"secret": "changed"} if given.secret else {})},
        )
        return after


def remove(ctx: Context, signed: Signed, actor: Actor, sso_id: str, now: datetime) -> dict[str, Any]:
    """Remove a connection: whoever came by it is signed out, and has to come another way.

    raises   NotFound; Conflict (own_connection) when one's own session came by it, (last_connection) when the
             tenant demands single sign-on and there is no other
    """
    tenant_id = signed.row.tenant_id
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        row = _found(connection, tenant_id, sso_id)
        if signed.row.sso_connection_id == sso_id:
            raise Conflict("own_connection", "You are signed in by this connection.", ("Sign in another way first.",))
        if tenant.sso_required_at is not None and len(store.connections(connection, tenant_id)) == 1:
            raise Conflict("last_connection", "Members can sign in by this connection alone.")
        store.remove(connection, sso_id)
        _record(ctx, connection, Event.SSO_CONNECTION_REMOVED, actor, tenant_id, sso_id, now, before=_told(shown(row)))
        return shown(row)


def tried(ctx: Context, tenant_id: str, sso_id: str, now: datetime) -> dict[str, Any]:
    """Ask a provider to describe itself, as it will be asked at a sign-in; the client secret is not tried.

    returns   `problem`, a few words or None; `keys`, how many it signs with; `names_itself` (RFC 9207)
    """
    row = ctx.database.read(lambda connection: _found(connection, tenant_id, sso_id))
    loopback = sso_terms.loopback(ctx)
    try:
        found = ctx.providers.find(sso_terms.client(ctx, row), row.issuer, now, loopback=loopback, fresh=True)
    except ProviderError as error:
        return {"problem": str(error), "keys": 0, "names_itself": False}
    return {"problem": None, "keys": len(found.keys), "names_itself": found.names_itself}


def is_required(ctx: Context, tenant_id: str) -> bool:
    """Whether a tenant lets people in by single sign-on alone."""
    return ctx.database.read(lambda connection: tenants.find(connection, tenant_id)).sso_required_at is not None  # type: ignore[union-attr]


def require(ctx: Context, signed: Signed, actor: Actor, now: datetime, *, required: bool) -> int:
    """Demand single sign-on of every member, or take any way in; how many sessions ended.

    raises   Forbidden (own_session) when one's own session began another way: nobody locks themselves out
    """
    if required and signed.row.sso_connection_id is None:
        raise Forbidden("own_session", "Sign in by single sign-on first: your own session began with a password.")
    return demand(ctx, actor, signed.row.tenant_id, now, required=required)


def demand(ctx: Context, actor: Actor, tenant_id: str, now: datetime, *, required: bool) -> int:
    """As `require`, by somebody who needs no session here; Conflict (no_connection) when there is no way left."""
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        if required and not store.connections(connection, tenant_id):
            raise Conflict("no_connection", "There is no connection to sign in by.", ("Add one first.",))
        if (tenant.sso_required_at is not None) == required:
            return 0
        store.require(connection, tenant_id, now if required else None)
        ended = store.end_other_sessions(connection, tenant_id) if required else 0
        event = Event.SSO_REQUIRED if required else Event.SSO_NOT_REQUIRED
        record("tenant", ctx, connection, event, actor, tenant_id, tenant_id, now)
        return ended


def _found(connection: Connection, tenant_id: str, sso_id: str) -> Row[Any]:
    row = store.find(connection, sso_id, tenant_id)
    if row is None:
        raise NotFound("connection")
    return row


def _sealed(ctx: Context, sso_id: str, secret: str, problems: list[Problem]) -> bytes:
    return ctx.vault.seal(sso_terms.clean_secret(secret, problems).encode(), sso_terms.place(sso_id))


def _mark(ctx: Context, tenant_id: str, sso_id: str) -> str:
    return hmac.digest(ctx.vault.derive("sso-proposal"), f"{tenant_id} {sso_id}".encode(), "sha256").hex()[:32]


def _told(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("name", "issuer", "client_id", "domains", "trust_addresses", "new_role")}
