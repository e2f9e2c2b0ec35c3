"""A tenant's members with what an administrator wants to know of each, and the keys that act as them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import several_keys, terms
from app.actions.key_batches import AT_ONCE
from app.actions.key_choices import pieces
from app.actions.members import shown
from app.actions.several_keys import Changing
from app.context import Context
from app.domain.events import Actor
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.times import rfc3339
from app.store import members as member_rows
from app.store import rosters as store
from app.store import tenants

PASSWORD, PASSKEY, TOTP, SSO = "password", "passkey", "totp", "sso"


def page(ctx: Context, tenant_id: str, after: tuple[str, str] | None, limit: int) -> list[dict[str, Any]]:
    """A tenant's members by name, each with `methods`, `last_sign_in_at` and `keys_created`.

    after   name and ID of the last member of the page before
    """
    rows = ctx.database.read(lambda connection: store.page(connection, tenant_id, after, limit))
    return [_detailed(row) for row in rows]


def member(ctx: Context, tenant_id: str, member_id: str) -> dict[str, Any]:
    """One member as `page` gives them; NotFound when they are not there or another tenant's."""
    rows = ctx.database.read(lambda connection: store.page(connection, tenant_id, None, 1, member_id))
    if not rows:
        raise NotFound("member")
    return _detailed(rows[0])


def acting_keys(ctx: Context, tenant_id: str, member_id: str, now: datetime) -> list[dict[str, Any]]:
    """The keys that work now and act as a member, by name: `client_id` and `name`. NotFound without the member."""
    rows = ctx.database.read(lambda connection: _acting(connection, tenant_id, member_id, now))
    return [{"client_id": row.key_id, "name": row.name} for row in rows]


def move_keys(ctx: Context, actor: Actor, tenant_id: str, member_id: str, group: str, now: datetime) -> int:
    """Give the keys that act as a member a group of their own, so that they keep working without the member.

    group     ID or name
    returns   how many keys there were
    raises    NotFound, Invalid, Forbidden (group_exceeds_caller)
    """
    problems: list[Problem] = []
    with ctx.database.transaction() as connection:
        tenant = tenants.lock(connection, tenant_id)
        acting = _acting(connection, tenant_id, member_id, now)
        chosen = terms.group_for(connection, actor, tenant, group, None, problems)
        if problems or chosen is None:
            raise Invalid(*problems)
        changing = Changing(ctx, connection, actor, tenant_id, now, {})
        for some in pieces([row.key_id for row in acting], AT_ONCE):
            several_keys.move(changing, tenant, some, chosen.id)
    return len(acting)


def _acting(connection: Connection, tenant_id: str, member_id: str, now: datetime) -> list[Row[Any]]:
    found = member_rows.find(connection, tenant_id, member_id)
    if found is None:
        raise NotFound("member")
    return list(store.acting_keys(connection, found.id, now))


def _detailed(row: Row[Any]) -> dict[str, Any]:
    methods = {PASSWORD: row.has_password, PASSKEY: row.passkeys, TOTP: row.has_totp, SSO: row.sso_links}
    return {
        **shown(row),
        "methods": [name for name, there in methods.items() if there],
        "last_sign_in_at": rfc3339(row.last_at),
        "keys_created": row.keys_created,
    }
