"""The same change of several keys inside one transaction: each by the rules of one, all asked about together.

What keeps a key as it is is found before anything is written, so that it keeps no other key from its change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.key_steps import TENANT_KEY, change, event_of, live, record, there, unchanged
from app.actions.shapes import status, told
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from app.store import keys as store
from app.store import status_changes, tenants
from app.store.audit import Told

Refusal = Conflict | Forbidden | Invalid | NotFound
Kept = dict[str, Refusal]  # what keeps keys as they are, by their IDs
Rows = dict[str, Row[Any]]


@dataclass(frozen=True, slots=True)
class Changing:
    """Who changes keys of which tenant, when, and what every event of it carries (`details`)."""

    ctx: Context
    connection: Connection
    actor: Actor
    tenant_id: str
    now: datetime
    details: Mapping[str, Any]

    def record(self, event: Event, of: Sequence[Told]) -> None:
        """Record the event of some keys, in this order."""
        record(self.ctx, self.connection, event, self.actor, self.tenant_id, self.now, of)


def revoke(changing: Changing, key_ids: Sequence[str], version: int | None = None) -> Kept:
    """Revoke the live ones of some keys, and follow that to the verifiers.

    version   the one that each must have; None takes them as they are
    returns   what keeps the others: NotFound, Conflict (key_revoked, version_conflict)
    """
    rows, kept = _held(changing, key_ids, lambda row: live(row, version))
    if rows:
        _all(store.revoke(changing.connection, list(rows), changing.now), rows)
        _follow(changing, rows, Event.KEY_REVOKED)
        changing.record(Event.KEY_REVOKED, [event_of(row, None, changing.details) for row in rows.values()])
    return kept


def delete(changing: Changing, key_ids: Sequence[str], version: int | None = None) -> Kept:
    """Take some keys of a tenant that is locked out of every list, revoking those that live.

    version   the one that each must have; None takes them as they are
    returns   what keeps the others: NotFound, Conflict (version_conflict)
    """
    rows, kept = _held(changing, key_ids, lambda row: unchanged(row, version))
    if rows:
        _all(store.delete(changing.connection, list(rows), changing.now), rows)
        _follow(changing, {key_id: row for key_id, row in rows.items() if row.revoked_at is None}, Event.KEY_DELETED)
        tenants.count_listed(changing.connection, changing.tenant_id, -len(rows))
        gone = [Told(row.key_id, {**told(row), "status": status(row)}, changing.details) for row in rows.values()]
        changing.record(Event.KEY_DELETED, gone)
    return kept


def move(changing: Changing, tenant: Row[Any], key_ids: Sequence[str], group: str) -> Kept:
    """Give the live ones of some keys of a tenant that is locked another group, by its ID or name.

    returns   what keeps the others: NotFound, Conflict (key_revoked, unchanged), Forbidden, Invalid
    """
    connection = changing.connection

    @cache  # few members make many keys, and what one of them may hand out is the same for all of theirs
    def chosen(creator: str | None) -> tuple[str, Refusal | None]:
        return _chosen(changing, tenant, group, creator)

    def check(row: Row[Any]) -> None:
        group_id, refusal = chosen(live(row).created_by_member)
        if refusal is not None:
            raise refusal
        if group_id == row.group_id:
            raise Conflict("unchanged", "This key has the group already.")

    rows, kept = _held(changing, key_ids, check)
    if rows:
        befores = list(rows.values())
        change(connection, befores, changing.now, group_id=chosen(befores[0].created_by_member)[0])
        after = store.several(connection, list(rows))
        changing.record(Event.KEY_EDITED, [event_of(after[row.key_id], row, changing.details) for row in befores])
    return kept


def kept_by(kept: Kept) -> None:
    """Raise what kept the only key there was, if anything did."""
    for refusal in kept.values():
        raise refusal


def _held(changing: Changing, key_ids: Sequence[str], check: Callable[[Row[Any]], object]) -> tuple[Rows, Kept]:
    """Keys as they stay until the transaction ends, in the order they were named, and what keeps the others."""
    found = store.hold(changing.connection, changing.tenant_id, TENANT_KEY, key_ids)
    rows: Rows = {}
    kept: Kept = {}
    for key_id in key_ids:
        try:
            check(there(found.get(key_id)))
            rows[key_id] = found[key_id]
        except (Conflict, Forbidden, Invalid, NotFound) as refusal:
            kept[key_id] = refusal
    return rows, kept


def _all(changed: int, rows: Rows) -> None:
    # They are held, so that nobody can have been first; an event that tells of no change must never be written.
    if changed != len(rows):
        raise terms.version_conflict()


def _follow(changing: Changing, rows: Rows, event: Event) -> None:
    status_changes.follow(changing.connection, list(rows), changing.tenant_id, event, changing.now)


def _chosen(changing: Changing, tenant: Row[Any], group: str, creator: str | None) -> tuple[str, Refusal | None]:
    problems: list[Problem] = []
    try:
        chosen = terms.group_for(changing.connection, changing.actor, tenant, group, creator, problems)
    except Forbidden as refusal:
        return "", refusal
    return ("", Invalid(*problems)) if chosen is None or problems else (chosen.id, None)
