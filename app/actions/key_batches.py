"""The same change for many keys: each key by itself, each its own audit event, all of one batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row

from app.actions import several_keys, terms
from app.actions.key_choices import group_named, pieces
from app.actions.several_keys import Changing, Refusal
from app.actions.tenants import new_id
from app.context import Context
from app.domain.events import Actor
from app.domain.refusals import Invalid, NotFound, Problem
from app.store import tenants

Verb = Literal["revoke", "delete", "change_group"]
VERBS: tuple[Verb, ...] = get_args(Verb)
MOST, AT_ONCE = 500, 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is done to each key of a batch.

    reason   of a revocation
    group    ID or name, for `change_group`
    """

    verb: Verb
    batch: str
    reason: str | None = None
    group: str | None = None

    @property
    def details(self) -> dict[str, Any]:
        """What every event of the batch carries."""
        return {"batch": self.batch, **({"reason": self.reason} if self.verb == "revoke" else {})}


@dataclass(frozen=True, slots=True)
class Done:
    """What became of keys: IDs of those that changed, and `client_id`, `error`, `message` of those that did not."""

    changed: list[str]
    unchanged: list[dict[str, str]]


def run(
    ctx: Context,
    actor: Actor,
    tenant_id: str,
    verb: Verb,
    key_ids: Sequence[str],
    now: datetime,
    *,
    reason: str | None = None,
    group: str | None = None,
) -> dict[str, Any]:
    """Revoke, delete or move to another group, a hundred keys a transaction; what cannot be changed is passed over.

    key_ids   at most MOST
    returns   `batch` (the ID that the events carry), `changed` (key IDs), `unchanged` (client_id, error, message)
    raises    Invalid (too many keys, an unknown group)
    """
    if not 1 <= len(set(key_ids)) <= MOST:
        raise Invalid(Problem("client_ids", "count", f"Must name 1 to {MOST} keys."))
    wanted = Wanted(verb, new_id(ctx, "bat"), reason, group)
    done = Done([], [])
    for some in pieces(key_ids, AT_ONCE):
        with ctx.database.transaction() as connection:
            tenant = tenants.lock(connection, tenant_id)
            check(connection, tenant_id, wanted)
            part = change_some(ctx, connection, actor, tenant, wanted, some, now)
        done.changed.extend(part.changed)
        done.unchanged.extend(part.unchanged)
    return {"batch": wanted.batch, "changed": done.changed, "unchanged": done.unchanged}


def check(connection: Connection, tenant_id: str, wanted: Wanted) -> None:
    """Refuse what no key could get; Invalid (an unknown group, a reason that is too long)."""
    terms.check_reason(wanted.reason)
    if wanted.verb == "change_group":
        group_named(connection, tenant_id, wanted.group or "")


def change_some(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    tenant: Row[Any],
    wanted: Wanted,
    key_ids: Iterable[str],
    now: datetime,
) -> Done:
    """Change some keys inside a transaction that holds their tenant; one that cannot be changed keeps no other."""
    some = list(key_ids)
    changing = Changing(ctx, connection, actor, tenant.id, now, wanted.details)
    if wanted.verb == "revoke":
        kept = several_keys.revoke(changing, some)
    elif wanted.verb == "delete":
        kept = several_keys.delete(changing, some)
    else:
        kept = several_keys.move(changing, tenant, some, wanted.group or "")
    unchanged = [{"client_id": key_id, **_why(refusal)} for key_id, refusal in kept.items()]
    return Done([key_id for key_id in some if key_id not in kept], unchanged)


def _why(error: Refusal) -> dict[str, str]:
    if isinstance(error, NotFound):
        return {"error": "not_found", "message": str(error)}
    if isinstance(error, Invalid):
        return {"error": error.problems[0].code, "message": error.problems[0].message}
    return {"error": error.code, "message": " ".join((str(error), *error.hints))}
