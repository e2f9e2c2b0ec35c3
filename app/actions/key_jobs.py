"""Changes of many keys that a member has asked for: kept in the database, a hundred keys a transaction.

Any process may do the next hundred, and none has to finish: what was done is written down with what it changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import key_batches
from app.actions.key_batches import AT_ONCE, Verb, Wanted
from app.actions.tenants import new_id
from app.context import Context
from app.domain import scopes
from app.domain.events import Actor
from app.domain.refusals import Conflict, Invalid, NotFound, Problem, Unavailable
from app.domain.scopes import Role
from app.store import facts, key_choices, members, tenants
from app.store import key_batches as store

PERMISSION = "api_keys:write"
KEPT, STANDS_STILL = timedelta(days=30), timedelta(minutes=1)
MOST_FAILURES = 5
NOT_ALLOWED, FAILED, NO_GROUP = "not_allowed", "failed", "no_group"


def begin(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    verb: Verb,
    key_ids: Sequence[str],
    now: datetime,
    *,
    reason: str | None = None,
    group: str | None = None,
) -> str:
    """Write down what a member wants done to which keys; nothing is done yet.

    returns   the batch's ID, which the events will carry
    raises    Invalid (no key, an unknown group)
    """
    wanted = Wanted(verb, new_id(ctx, "bat"), reason, group)
    if not key_ids:
        raise Invalid(Problem("client_ids", "count", "Must name a key."))
    with ctx.database.transaction() as connection:
        key_batches.check(connection, tenant_id, wanted)
        store.forget(connection, now - KEPT)
        store.add(
            connection,
            list(dict.fromkeys(key_ids)),
            id=wanted.batch,
            tenant_id=tenant_id,
            member_id=actor.id,
            address=actor.address,
            request_id=actor.request_id,
            verb=verb,
            reason=reason,
            group_id=group,
            created_at=now,
            worked_at=now,
        )
    return wanted.batch


def step(ctx: Context, batch_id: str, now: datetime) -> bool:
    """Do the next hundred keys of a batch, if its member still may; whether something is left.

    raises   Unavailable, Conflict; the hundred is as it was then, and is tried again
    """
    with ctx.database.transaction() as connection:
        batch = store.take(connection, batch_id, now)
        if batch is None:
            return False
        tenant = tenants.lock(connection, batch.tenant_id)
        actor = _actor(connection, batch, tenant)
        wanted = Wanted(batch.verb, batch.id, batch.reason, batch.group_id)
        stopped = NOT_ALLOWED if actor is None else _impossible(connection, batch.tenant_id, wanted)
        if actor is None or stopped is not None:
            store.end(connection, batch_id, now, stopped)
            return False
        left = store.left(connection, batch_id, AT_ONCE + 1)
        done = key_batches.change_some(ctx, connection, actor, tenant, wanted, left[:AT_ONCE], now)
        store.note(connection, batch_id, done.changed, done.unchanged)
        more = len(left) > AT_ONCE
        if not more:
            store.end(connection, batch_id, now)
        return more


def finish(ctx: Context, batch_id: str, now: datetime) -> None:
    """Do all that is left of a small batch; raises as `step`."""
    while step(ctx, batch_id, now):
        pass


def work(ctx: Context, now: datetime) -> bool:
    """Go on with the batch that has waited longest; whether there was one. What keeps failing is stopped.

    raises   Unavailable when the database does not answer
    """
    batch_id = ctx.database.read(store.waiting)
    if batch_id is None:
        return False
    try:
        step(ctx, batch_id, now)
    except Unavailable:
        raise
    except Exception as error:
        # One batch that cannot be done must not keep the others waiting for ever.
        _failed(ctx, batch_id, now)
        if not isinstance(error, Conflict):
            raise
    return True


def show(ctx: Context, tenant_id: str, batch_id: str, now: datetime, most: int) -> dict[str, Any]:
    """How far a batch is, and what became of its keys; NotFound when it is not there or another tenant's.

    most      how many of the unchanged are told
    returns   `batch`, `action`, `member` (who asked for it), `created_at`, `total`, `done`, `changed`, `unchanged`,
              `kept` (client_id, name, error, message),
              `ended_at`, `stopped` (a code, when something was left), `still` (nobody has worked on it for a while)
    """

    def look(connection: Connection) -> dict[str, Any]:
        batch = store.find(connection, tenant_id, batch_id)
        if batch is None:
            raise NotFound("change of many keys")
        rows = store.unchanged(connection, batch_id, most)
        names = key_choices.names(connection, tenant_id, [row.key_id for row in rows])
        kept = [
            {"client_id": row.key_id, "name": names.get(row.key_id), "error": row.outcome, "message": row.message}
            for row in rows
        ]
        return {
            "batch": batch.id,
            "action": batch.verb,
            "member": batch.member_id,
            "created_at": batch.created_at,
            "total": batch.total,
            "done": batch.changed + batch.unchanged,
            "changed": batch.changed,
            "unchanged": batch.unchanged,
            "kept": kept,
            "ended_at": batch.ended_at,
            "stopped": batch.stopped,
            "still": batch.ended_at is None and now - batch.worked_at > STANDS_STILL,
        }

    return ctx.database.read(look)


def _actor(connection: Connection, batch: Row[Any], tenant: Row[Any]) -> Actor | None:
    # By what the member and the tenant are now, not by what they were when it was asked for.
    member = members.by_id(connection, batch.member_id)
    if member is None or not member.active or member.tenant_id != tenant.id:
        return None
    role = Role(member.role)
    held = scopes.of_role(role, facts.product_scopes(connection), tenant.key_managers)
    if PERMISSION not in held or not tenant.api_access or tenant.closed_at is not None:
        return None
    unbound = role is Role.GLOBAL_ADMIN
    return Actor("member", member.id, tenant.id, held, unbound, batch.address, batch.request_id)


def _impossible(connection: Connection, tenant_id: str, wanted: Wanted) -> str | None:
    try:
        key_batches.check(connection, tenant_id, wanted)
    except Invalid:
        return NO_GROUP
    return None


def _failed(ctx: Context, batch_id: str, now: datetime) -> None:
    with ctx.database.transaction() as connection:
        if store.failed(connection, batch_id, now) >= MOST_FAILURES:
            store.end(connection, batch_id, now, FAILED)
