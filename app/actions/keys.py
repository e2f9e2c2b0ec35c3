"""The life of a key: create, edit, rotate, end an overlap, revoke, delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.once import Once
from app.actions.shapes import key_object
from app.actions.terms import KEEP, Keep
from app.context import Context
from app.domain import credentials
from app.domain.credentials import SECRET_LENGTH, Issued
from app.domain.events import Actor, Event
from app.domain.names import clean_description, clean_name, fold
from app.domain.networks import parse_list
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.times import rfc3339
from app.store import audit, keys as store, tenants

TENANT_KEY = "tenant_api_key"
_EVENT_MEMBERS = ("name", "description", "group", "ip_allowlist", "expires_at")


@dataclass(frozen=True, slots=True)
class KeyWithSecret:
    """A key and, in the one answer that may show it, its new secret."""

    key: dict[str, Any]
    issued: Issued | None

    def body(self) -> dict[str, Any]:
        """The answer: the key object, and `client_secret` the only time it can be had."""
        return self.key if self.issued is None else {**self.key, "client_secret": self.issued.text}


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key is to be. `group` and `expires_at` as written in the request; None leaves them out."""

    name: str
    description: str = ""
    group: str | None = None
    expires_at: str | None = None
    ip_allowlist: tuple[str, ...] = ()
    created_by_member: str | None = None


def create(ctx: Context, actor: Actor, tenant_id: str, new: NewKey, now: datetime, once: Once | None = None) -> KeyWithSecret:
    """Create a key with its first secret.

    raises   Invalid listing every bad member, Forbidden, Conflict (key_limit_reached, tenant_closed, idempotency_key_reused)
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
        expires_at = terms.future_expiry(new.expires_at, tenant.time_zone, now, problems) if new.expires_at else None
        if problems or group is None:
            raise Invalid(*problems)
        terms.refuse_over_limit(connection, tenant, now)
        key_id = add_key(
            ctx, connection, tenant_id=tenant_id, kind=TENANT_KEY, name=name, name_folded=fold(name), description=description,
            description_folded=fold(description), group_id=group.id, networks="\n".join(networks), created_at=now,
            created_by=f"{actor.kind}:{actor.id}", created_by_member=creator, expires_at=expires_at,
        )
        tenants.count_listed(connection, tenant_id, 1)
        issued = add_secret(ctx, connection, key_id, now)
        return _finish(ctx, connection, Event.KEY_CREATED, actor, tenant_id, key_id, now, issued=issued, once=once)


def add_key(ctx: Context, connection: Connection, **columns: Any) -> str:
    """Insert a key of any kind under a new ID, and give that."""
    key_id = credentials.new_key_id(ctx.settings.key_prefix, ctx.entropy)
    store.add(connection, key_id=key_id, **columns)
    return key_id


def add_secret(ctx: Context, connection: Connection, key_id: str, now: datetime) -> Issued:
    """Make a key's new secret; only its keyed hash is stored."""
    issued = credentials.new_secret(key_id, ctx.entropy)
    fingerprint = credentials.fingerprint(ctx.vault.pepper, issued.text)
    tail = issued.text.split("_")[2][SECRET_LENGTH - 4 :]
    store.add_secret(
        connection, ctx.vault.status_key, key_id=key_id, fingerprint=fingerprint, pepper=ctx.vault.number, tail=tail, created_at=now,
    )
    return issued


def edit(
    ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, *, version: int | None = None,
    name: str | None = None, description: str | None = None, group: str | None = None, ip_allowlist: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Change what is given of a key. In force at its next use, for tokens issued before too.

    version   the version the caller saw; None takes the key as it is
    raises    NotFound, Conflict (version_conflict, key_revoked), Forbidden, Invalid
    """
    problems: list[Problem] = []
    seen = _seen(ctx, tenant_id, key_id, version)
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
        row = _expected(connection, tenant_id, key_id, seen)
        if group is not None:
            chosen = terms.group_for(connection, actor, tenant, group, row.created_by_member, problems)
            columns["group_id"] = chosen.id if chosen is not None else None
        if problems:
            raise Invalid(*problems)
        before = key_object(connection, row, now)
        _change(connection, row, **columns)
        return _finish(ctx, connection, Event.KEY_EDITED, actor, tenant_id, key_id, now, before=before).key


def rotate(
    ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, *, version: int | None = None, overlap: timedelta = timedelta(0),
    reason: str | None = None, expires_at: str | Keep | None = KEEP, once: Once | None = None,
) -> KeyWithSecret:
    """Give a key a new secret. The old one stops now, or when the overlap ends; one still ending from before stops now.

    overlap      at most the tenant's maximum; none after a suspected leak
    reason       `scheduled`, `leak`, `staff_change`, `other` or None
    expires_at   a new end, None for never, or KEEP
    raises       NotFound, Conflict (version_conflict, key_revoked, key_expired, key_limit_reached), Forbidden, Invalid
    """
    seen = _seen(ctx, tenant_id, key_id, version)
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        if once is not None and (repeated := once.repeated(connection, now)) is not None:
            return KeyWithSecret(repeated, None)
        row = _expected(connection, tenant_id, key_id, seen)
        terms.refuse_stronger(connection, actor, row)
        end = terms.rotated_expiry(connection, tenant, row, expires_at, now)
        terms.check_overlap(tenant, overlap, reason)
        before = key_object(connection, row, now)
        _change(connection, row, expires_at=end)
        store.move_overlap(connection, key_id, now, now)
        store.end_secrets(connection, key_id, now + overlap)
        issued = add_secret(ctx, connection, key_id, now)
        details = {"reason": reason, "old_secret_ends_at": rfc3339(now + overlap)}
        return _finish(ctx, connection, Event.KEY_ROTATED, actor, tenant_id, key_id, now, issued=issued, before=before, once=once, details=details)


def end_overlap(
    ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, *, extend_to: datetime | None = None, version: int | None = None,
) -> dict[str, Any]:
    """End the overlap of a rotation now, or move its end.

    extend_to   a later or earlier end, at most the tenant's maximum after the rotation; None ends it now
    version     the version the caller saw; None takes the key as it is
    raises      NotFound, Conflict (version_conflict, no_overlap, key_revoked), Invalid
    """
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        row = _expected(connection, tenant_id, key_id, version)
        secrets = store.live_secrets(connection, [key_id], now)[key_id]
        if len(secrets) < 2:  # noqa: PLR2004 - an overlap is two secrets that work
            raise Conflict("no_overlap", "No rotation of this key is in progress.")
        end = now
        if extend_to is not None:
            end = terms.extended_overlap(tenant, secrets[0].created_at, extend_to, now)
        before = key_object(connection, row, now)
        store.move_overlap(connection, key_id, now, end)
        _change(connection, row)
        event = Event.KEY_OVERLAP_ENDED if extend_to is None else Event.KEY_OVERLAP_EXTENDED
        details = {"old_secret_ends_at": rfc3339(end)}
        return _finish(ctx, connection, event, actor, tenant_id, key_id, now, before=before, details=details).key


def revoke(ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, reason: str | None = None, version: int | None = None) -> dict[str, Any]:
    """Revoke a key for good; NotFound, or Conflict (key_revoked) when it was before."""
    with ctx.database.transaction() as connection:
        _expected(connection, tenant_id, key_id, version)
        if not store.revoke(connection, key_id, now):
            raise terms.key_revoked()
        return _finish(ctx, connection, Event.KEY_REVOKED, actor, tenant_id, key_id, now, details={"reason": reason}).key


def delete(ctx: Context, actor: Actor, tenant_id: str, key_id: str, now: datetime, version: int | None = None) -> None:
    """Revoke a key if need be and take it out of every list; its audit events stay. NotFound when it is not there."""
    with ctx.database.transaction() as connection:
        tenants.lock(connection, tenant_id)
        row = _found(connection, tenant_id, key_id)
        if version is not None and version != row.version:
            raise terms.version_conflict()
        before = key_object(connection, row, now)
        if not store.delete(connection, key_id, now):
            raise NotFound("API key")
        tenants.count_listed(connection, tenant_id, -1)
        audit.record(
            connection, ctx.vault.audit_key, Event.KEY_DELETED, actor, now, tenant_id=tenant_id, object_kind="key", object_id=key_id,
            before={**_told(before), "status": before["status"]},
        )


def show(ctx: Context, tenant_id: str | None, key_id: str, now: datetime) -> dict[str, Any]:
    """One key, looked for in every tenant without one; NotFound when it is not there or another tenant's."""
    return ctx.database.read(lambda connection: key_object(connection, _found(connection, tenant_id, key_id), now))


def _found(connection: Connection, tenant_id: str | None, key_id: str) -> Row[Any]:
    row = store.find(connection, tenant_id, TENANT_KEY, key_id)
    if row is None:
        raise NotFound("API key")
    return row


def _seen(ctx: Context, tenant_id: str, key_id: str, version: int | None) -> int:
    # Read before the lock: of two requests sent at once, the second finds a newer version and changes nothing.
    current: int = ctx.database.read(lambda connection: _found(connection, tenant_id, key_id)).version
    return current if version is None else version


def _expected(connection: Connection, tenant_id: str, key_id: str, version: int | None) -> Row[Any]:
    row = _found(connection, tenant_id, key_id)
    if row.revoked_at is not None:
        raise terms.key_revoked()
    if version is not None and version != row.version:
        raise terms.version_conflict()
    return row


def _change(connection: Connection, row: Row[Any], **columns: Any) -> None:
    if not store.change(connection, row.key_id, row.version, **columns):
        raise terms.version_conflict()


def _told(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in _EVENT_MEMBERS}


def _finish(
    ctx: Context, connection: Connection, event: Event, actor: Actor, tenant_id: str, key_id: str, now: datetime, *,
    issued: Issued | None = None, before: dict[str, Any] | None = None, once: Once | None = None, details: dict[str, Any] | None = None,
) -> KeyWithSecret:
    key = key_object(connection, _found(connection, tenant_id, key_id), now)
    old, new = _told(before) if before is not None else {}, _told(key)
    changed = {name: value for name, value in new.items() if before is None or old[name] != value}
    audit.record(
        connection, ctx.vault.audit_key, event, actor, now, tenant_id=tenant_id, object_kind="key", object_id=key_id,
        before={name: old[name] for name in changed if before is not None}, after={**changed, **(details or {})},
    )
    if once is not None:
        once.remember(connection, key, now)
    return KeyWithSecret(key, issued)
