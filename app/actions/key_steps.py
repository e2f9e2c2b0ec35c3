"""The steps that every change of a key takes: find it, expect it, change it, record it, answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.evidence import key_answer
from app.actions.once import Once
from app.context import Context
from app.domain import credentials
from app.domain.credentials import SECRET_LENGTH, Issued
from app.domain.events import Actor, Event
from app.domain.refusals import NotFound
from app.store import audit, status_changes
from app.store import keys as store

TENANT_KEY = "tenant_api_key"
_EVENT_MEMBERS = ("name", "description", "group", "ip_allowlist", "expires_at")


@dataclass(frozen=True, slots=True)
class KeyWithSecret:
    """A key and, in the one answer that may show it, its new secret."""

    key: dict[str, Any]
    issued: Issued | None
    notices: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """The answer: the key object, `client_secret` the only time it can be had, `notices` if there are any."""
        secret = {} if self.issued is None else {"client_secret": self.issued.text}
        return {**self.key, **secret, **({"notices": list(self.notices)} if self.notices else {})}


def add_secret(ctx: Context, connection: Connection, key_id: str, now: datetime) -> Issued:
    """Make a key's new secret; only its keyed hash is stored."""
    issued = credentials.new_secret(key_id, ctx.entropy)
    fingerprint = credentials.fingerprint(ctx.vault.pepper, issued.text)
    tail = issued.text.split("_")[2][SECRET_LENGTH - 4 :]
    store.add_secret(
        connection,
        ctx.vault.status_key,
        key_id=key_id,
        fingerprint=fingerprint,
        pepper=ctx.vault.number,
        tail=tail,
        created_at=now,
    )
    return issued


def found(connection: Connection, tenant_id: str | None, key_id: str) -> Row[Any]:
    """Look a key up through its tenant; NotFound when it is not there, or another one's."""
    row = store.find(connection, tenant_id, TENANT_KEY, key_id)
    if row is None:
        raise NotFound("API key")
    return row


def seen_version(ctx: Context, tenant_id: str, key_id: str, version: int | None) -> int:
    """The version a change is meant for: the one the caller saw, else the one that is there before any lock."""
    # Read before the lock: of two requests sent at once, the second finds a newer version and changes nothing.
    current: int = ctx.database.read(lambda connection: found(connection, tenant_id, key_id)).version
    return current if version is None else version


def expected(connection: Connection, tenant_id: str, key_id: str, version: int | None) -> Row[Any]:
    """A live key of the version expected (None: any); NotFound, or Conflict (key_revoked, version_conflict)."""
    row = found(connection, tenant_id, key_id)
    if row.revoked_at is not None:
        raise terms.key_revoked()
    if version is not None and version != row.version:
        raise terms.version_conflict()
    return row


def change(connection: Connection, row: Row[Any], now: datetime, **columns: Any) -> None:
    """Write a live key's new values; Conflict (version_conflict) when somebody was first."""
    if not store.change(connection, row.key_id, row.version, **columns):
        raise terms.version_conflict()
    changed = {name for name, value in columns.items() if value != getattr(row, name)}
    if changed & {"group_id", "networks"}:  # tokens that are out say what was allowed before
        status_changes.ask_again_about_key(connection, row.key_id, now)
    if "expires_at" in changed:
        status_changes.ends(connection, row.key_id, columns["expires_at"], now)


def told(key: dict[str, Any]) -> dict[str, Any]:
    """The part of a key that its events tell of."""
    return {name: key[name] for name in _EVENT_MEMBERS}


def finish(
    ctx: Context,
    connection: Connection,
    event: Event,
    actor: Actor,
    tenant_id: str,
    key_id: str,
    now: datetime,
    *,
    issued: Issued | None = None,
    before: dict[str, Any] | None = None,
    once: Once | None = None,
    details: dict[str, Any] | None = None,
) -> KeyWithSecret:
    """Record the event of a change, remember the answer for a repeat, and give it."""
    key = key_answer(connection, found(connection, tenant_id, key_id), now)
    old, new = told(before) if before is not None else {}, told(key)
    changed = {name: value for name, value in new.items() if before is None or old[name] != value}
    audit.record(
        connection,
        ctx.vault.audit_key,
        event,
        actor,
        now,
        tenant_id=tenant_id,
        object_kind="key",
        object_id=key_id,
        before={name: old[name] for name in changed if before is not None},
        after={**changed, **(details or {})},
    )
    if once is not None:
        once.remember(connection, key, now)
    return KeyWithSecret(key, issued)
