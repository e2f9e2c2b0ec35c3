"""The same change for many keys: each key by itself, each its own audit event, all of one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.key_steps import change, expected, finish
from app.actions.keys import delete_within, revoke_within
from app.actions.shapes import key_object
from app.actions.tenants import new_id
from app.context import Context
from app.domain import scopes
from app.domain.events import Actor, Event
from app.domain.names import fold
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from app.store import groups, keys, tenants

Verb = Literal["revoke", "delete", "change_group"]
VERBS: tuple[Verb, ...] = get_args(Verb)
MOST, AT_ONCE = 500, 100


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
    reason    of a revocation
    group     ID or name, for `change_group`
    returns   `batch` (the ID that the events carry), `changed` (key IDs), `unchanged` (client_id, error, message)
    raises    Invalid (too many keys, an unknown group)
    """
    wanted = list(dict.fromkeys(key_ids))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid(Problem("client_ids", "count", f"Must name 1 to {MOST} keys."))
    details: dict[str, Any] = {"batch": new_id(ctx, "bat")}
    if verb == "revoke":
        details["reason"] = reason
    batch = _Batch(ctx, actor, verb, now, details, group)
    changed: list[str] = []
    unchanged: list[dict[str, str]] = []
    for start in range(0, len(wanted), AT_ONCE):
        with ctx.database.transaction() as connection:
            tenant = tenants.lock(connection, tenant_id)
            for key_id in wanted[start : start + AT_ONCE]:
                try:
                    batch.change(connection, tenant, key_id)
                    changed.append(key_id)
                except (Conflict, Forbidden, NotFound) as error:
                    code = "not_found" if isinstance(error, NotFound) else error.code
                    said = " ".join((str(error), *getattr(error, "hints", ())))
                    unchanged.append({"client_id": key_id, "error": code, "message": said})
    return {"batch": details["batch"], "changed": changed, "unchanged": unchanged}


def group_impact(ctx: Context, tenant_id: str, key_ids: Sequence[str], group: str) -> list[dict[str, Any]]:
    """What some keys would gain and lose in another group, by the group they have: `group`, `keys`, `gains`, `loses`.

    raises   Invalid (an unknown group)
    """

    def look(connection: Connection) -> Iterator[dict[str, Any]]:
        chosen = _group(connection, tenant_id, group)
        rows = [row for row in keys.several(connection, key_ids).values() if row.tenant_id == tenant_id]
        for name in sorted({row.group_name for row in rows}):
            own = [row for row in rows if row.group_name == name]
            has, gets = scopes.unpack(own[0].group_scopes), scopes.unpack(chosen.scopes)
            yield {"group": name, "keys": len(own), "gains": sorted(gets - has), "loses": sorted(has - gets)}

    return ctx.database.read(lambda connection: list(look(connection)))


@dataclass(frozen=True, slots=True)
class _Batch:
    ctx: Context
    actor: Actor
    verb: Verb
    now: datetime
    details: dict[str, Any]
    group: str | None

    def change(self, connection: Connection, tenant: Row[Any], key_id: str) -> None:
        """Do to one key what is done to all."""
        mine = (self.ctx, connection, self.actor, tenant.id, key_id, self.now, self.details)
        if self.verb == "revoke":
            revoke_within(*mine)
        elif self.verb == "delete":
            delete_within(*mine)
        else:
            self._move(connection, tenant, key_id)

    def _move(self, connection: Connection, tenant: Row[Any], key_id: str) -> None:
        row = expected(connection, tenant.id, key_id, None)
        problems: list[Problem] = []
        chosen = terms.group_for(connection, self.actor, tenant, self.group, row.created_by_member, problems)
        if chosen is None or problems:
            raise Invalid(*problems)
        if chosen.id == row.group_id:
            raise Conflict("unchanged", "This key has the group already.")
        before = key_object(connection, row, self.now)
        change(connection, row, self.now, group_id=chosen.id)
        told = (self.ctx, connection, Event.KEY_EDITED, self.actor, tenant.id, key_id, self.now)
        finish(*told, before=before, details=self.details)


def _group(connection: Connection, tenant_id: str, named: str) -> Row[Any]:
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None or group.type != terms.TENANT_KEY_TYPE:
        raise Invalid(Problem("group", "unknown", "There is no authorization group of that name for API keys."))
    return group
