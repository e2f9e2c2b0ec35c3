"""The life of a key: create, edit, revoke, delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.actions import propagation, several_keys, terms
from app.actions.evidence import key_answer
from app.actions.key_steps import (
    TENANT_KEY,
    KeyWithSecret,
    add_secret,
    change,
    expected,
    finish,
    found,
    seen_version,
)
from app.actions.once import Once
from app.actions.several_keys import Changing, kept_by
from app.context import Context
from app.domain import credentials
from app.domain.events import Actor, Event
from app.domain.names import clean_description, clean_name, fold
from app.domain.networks import notices, parse_list
from app.domain.refusals import Invalid, Problem
from app.store import keys as store
from app.store import tenants


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key is to be. `group` and `expires_at` as written in the request; None leaves them out."""

    name: str
    description: str = ""
    group: str | None = None
    expires_at: str | None = None
    ip_allowlist: tuple[str, ...] = ()
    created_by_member: str | None = None


def create(
    ctx: Context, actor: Actor, tenant_id: str, new: NewKey, now: datetime, once: Once | None = None
) -> KeyWithSecret:
    """Create a key with its first secret.

    raises   Invalid listing every bad member, Forbidden, Conflict (key_limit_reached, tenant_closed,
             idempotency_key_reused)
    """
    problems: list[Problem] = []
    name, description = clean_name(new.name, problems), clean_description(new.description, problems)
    networks, bad_networks = parse_list(list(new.ip_allowlist))
    problems += bad_networks
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        if once is not None and (before := once.repeated(connection, now)) is not None:
            return KeyWithSecret(before, None)
        terms.refuse_closed(tenant)
        creator = new.created_by_member or (actor.id if actor.kind == "member" else None)
        group = terms.group_for(connection, actor, tenant, new.group, creator, problems)
        expires_at = terms.chosen_end(tenant, new.expires_at or None, now, problems)
        if not bad_networks:
            terms.check_allowlist(tenant, networks, problems)
        if problems or group is None:
            raise Invalid(*problems)
        terms.refuse_over_limit(connection, tenant, now)
        key_id = add_key(
            ctx,
            connection,
            tenant_id=tenant_id,
            kind=TENANT_KEY,
            name=name,
            name_folded=fold(name),
            description=description,
            description_folded=fold(description),
            group_id=group.id,
            networks="\n".join(networks),
            created_at=now,
            created_by=f"{actor.kind}:{actor.id}",
            created_by_member=creator,
            expires_at=expires_at,
        )
        tenants.count_listed(connection, tenant_id, 1)
        issued = add_secret(ctx, connection, key_id, now)
        made = finish(ctx, connection, Event.KEY_CREATED, actor, tenant_id, key_id, now, issued=issued, once=once)
        return replace(made, notices=tuple(notices(list(new.ip_allowlist))))


def add_key(ctx: Context, connection: Connection, **columns: Any) -> str:
    """Insert a key of any kind under a new ID, and give that."""
    key_id = credentials.new_key_id(ctx.settings.key_prefix, ctx.entropy)
    store.add(connection, key_id=key_id, **columns)
    return key_id


def edit(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    key_id: str,
    now: datetime,
    *,
    version: int | None = None,
    name: str | None = None,
    description: str | None = None,
    group: str | None = None,
    ip_allowlist: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Change what is given of a key. In force at its next use, for tokens issued before too.

    version   the version the caller saw; None takes the key as it is
    returns   the key object, and `notices` about its address list if there are any
    raises    NotFound, Conflict (version_conflict, key_revoked), Forbidden, Invalid
    """
    problems: list[Problem] = []
    seen = seen_version(ctx, tenant_id, key_id, version)
    columns: dict[str, Any] = {}
    if name is not None:
        columns["name"] = clean_name(name, problems)
        columns["name_folded"] = fold(columns["name"])
    if description is not None:
        columns["description"] = clean_description(description, problems)
        columns["description_folded"] = fold(columns["description"])
    if ip_allowlist is not None:
        networks, bad_networks = parse_list(list(ip_allowlist))
        problems += bad_networks
        columns["networks"] = "\n".join(networks)
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        row = expected(connection, tenant_id, key_id, seen)
        if group is not None:
            chosen = terms.group_for(connection, actor, tenant, group, row.created_by_member, problems)
            columns["group_id"] = chosen.id if chosen is not None else None
        if columns.get("networks", row.networks) != row.networks and not problems:
            # A key that never had a list keeps working without: only what is changed has to be right.
            terms.check_allowlist(tenant, columns["networks"].split(), problems)
        if problems:
            raise Invalid(*problems)
        change(connection, [row], now, **columns)
        made = finish(ctx, connection, Event.KEY_EDITED, actor, tenant_id, key_id, now, before=row)
        return replace(made, notices=tuple(notices(list(ip_allowlist or ())))).body()


def revoke(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    key_id: str,
    now: datetime,
    reason: str | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Revoke a key for good; NotFound, Invalid (the reason), or Conflict (key_revoked) when it was before."""
    terms.check_reason(reason)
    with ctx.database.transaction() as connection:
        changing = Changing(ctx, connection, actor, tenant_id, now, {"reason": reason})
        kept_by(several_keys.revoke(changing, [key_id], version))
        key = key_answer(connection, found(connection, tenant_id, key_id), now)
    return key | propagation.status_list(ctx, key_id)


def delete(ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, version: int | None = None) -> None:
    """Revoke a key if need be and take it out of every list; its audit events stay. NotFound when it is not there."""
    with ctx.database.transaction() as connection:
        tenants.lock(connection, tenant_id)
        kept_by(several_keys.delete(Changing(ctx, connection, actor, tenant_id, now, {}), [key_id], version))


def show(ctx: Context, tenant_id: str | None, key_id: str, now: datetime) -> dict[str, Any]:
    """One key, looked for in every tenant without one; NotFound when it is not there or another tenant's."""
    return ctx.database.read(lambda connection: key_answer(connection, found(connection, tenant_id, key_id), now))
