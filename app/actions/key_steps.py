"""The steps that every change of a key takes: find it, expect it, change it, record it, answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.evidence import key_answer
from app.actions.once import Once
from app.actions.shapes import told
from app.context import Context
from app.domain import credentials
from app.domain.credentials import SECRET_LENGTH, Issued
from app.domain.events import Actor, Event
from app.domain.refusals import NotFound
from app.store import audit, status_changes
from app.store import keys as store
from app.store.audit import Told

TENANT_KEY = "tenant_api_key"


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
    return there(store.find(connection, tenant_id, TENANT_KEY, key_id))


def there(row: Row[Any] | None) -> Row[Any]:
    """A key that was looked for; NotFound when it is not there."""
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
    return live(found(connection, tenant_id, key_id), version)


def live(row: Row[Any], version: int | None = None) -> Row[Any]:
    """Expect a key to be live and of this version (None: any); Conflict (key_revoked, version_conflict)."""
    if row.revoked_at is not None:
        raise terms.key_revoked()
    return unchanged(row, version)


def unchanged(row: Row[Any], version: int | None) -> Row[Any]:
    """Expect a key to have this version (None: any); Conflict (version_conflict)."""
    if version is not None and version != row.version:
        raise terms.version_conflict()
    return row


def change(connection: Connection, rows: Sequence[Row[Any]], now: datetime, **columns: Any) -> None:
    """Write the same new values to live keys; Conflict (version_conflict) when somebody was first with any."""
    if store.change(connection, {row.key_id: row.version for row in rows}, **columns) != len(rows):
        raise terms.version_conflict()
    changed = {row.key_id: {name for name, value in columns.items() if value != getattr(row, name)} for row in rows}
    # Tokens that are out say what was allowed before.
    told_otherwise = [key_id for key_id, names in changed.items() if names & {"group_id", "networks"}]
    if told_otherwise:
        status_changes.ask_again_about_each(connection, told_otherwise, now)
    for key_id in (key_id for key_id, names in changed.items() if "expires_at" in names):
        status_changes.ends(connection, key_id, columns["expires_at"], now)


def event_of(row: Row[Any], before: Row[Any] | None, details: Mapping[str, Any]) -> Told:
    """What the event of a key's change tells: the members that are others than before, and `details`.

    before   None tells all of them
    """
    old, new = told(before) if before is not None else {}, told(row)
    changed = {name: value for name, value in new.items() if before is None or old[name] != value}
    return Told(row.key_id, {name: old[name] for name in changed if before is not None}, {**changed, **details})


def record(
    ctx: Context, connection: Connection, event: Event, actor: Actor, tenant_id: str, now: datetime, of: Sequence[Told]
) -> None:
    """Record the same event of some keys of a tenant, each its own."""
    key = ctx.vault.audit_key
    audit.record_each(connection, key, event, actor, now, of, tenant_id=tenant_id, object_kind="key")


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
    before: Row[Any] | None = None,
    once: Once | None = None,
    details: dict[str, Any] | None = None,
) -> KeyWithSecret:
    """Record the event of a change, remember the answer for a repeat, and give it."""
    row = found(connection, tenant_id, key_id)
    key = key_answer(connection, row, now)
    record(ctx, connection, event, actor, tenant_id, now, [event_of(row, before, details or {})])
    if once is not None:
        once.remember(connection, key, now)
    return KeyWithSecret(key, issued)
