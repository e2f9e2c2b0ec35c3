"""What a key would be, before it is made: nothing is written, and nothing is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.actions import terms
from app.actions.key_steps import TENANT_KEY
from app.actions.keys import NewKey
from app.actions.tenants import found as found_tenant
from app.context import Context
from app.domain import networks, scopes
from app.domain.events import Actor
from app.domain.names import clean_name, fold
from app.domain.refusals import Forbidden, Problem
from app.store import facts, groups, key_names


def preview(ctx: Context, actor: Actor, tenant_id: str, new: NewKey, address: str, now: datetime) -> dict[str, Any]:
    """Say what a new key would be like.

    address   to be held against its list; "" asks nothing
    returns   `name`, `named_alike`, `group` (name, scopes, full, follows_creator, beyond_caller) or None,
              `expires_at`, `max_lifetime_days` of the tenant, `ip_allowlist`, `notices`,
              `address` (ip, line; line 0 is refused, None is any) or None, `problems` about what is filled in
    """
    problems: list[Problem] = []
    name = clean_name(new.name, []) if new.name.strip() else ""
    lines = list(new.ip_allowlist)
    allowed, bad = networks.parse_list(lines)

    def look(connection: Connection) -> dict[str, Any]:
        tenant = found_tenant(connection, tenant_id)
        return {
            "name": name,
            "named_alike": bool(name) and key_names.taken(connection, tenant_id, TENANT_KEY, fold(name)),
            "group": _group(connection, actor, tenant_id, new.group),
            "expires_at": terms.chosen_end(tenant, new.expires_at, now, problems) if new.expires_at else None,
            "max_lifetime_days": tenant.max_lifetime_days,
        }

    found = ctx.database.read(look)
    return {
        **found,
        "ip_allowlist": allowed,
        "notices": networks.notices(lines) if not bad else [],
        "address": _held_against(address, lines) if not bad else None,
        "problems": [*problems, *bad],
    }


def _group(connection: Connection, actor: Actor, tenant_id: str, named: str | None) -> dict[str, Any] | None:
    row = groups.find(connection, tenant_id, named, fold(named)) if named else None
    if row is None or row.type != terms.TENANT_KEY_TYPE:
        return None
    follows = row.built_in == scopes.SAME_AS_CREATOR
    held = actor.scope if follows else scopes.unpack(row.scopes)
    return {
        "name": row.name,
        "scopes": sorted(held),
        "full": held >= scopes.of_built_in(scopes.FULL_ACCESS, facts.product_scopes(connection)),
        "follows_creator": follows,
        "beyond_caller": _beyond(actor, held),
    }


def _beyond(actor: Actor, held: frozenset[str]) -> bool:
    try:
        terms.refuse_handing_out(actor, held)
    except Forbidden:
        return True
    return False


def _held_against(text: str, lines: list[str]) -> dict[str, Any] | None:
    """The line of the form that lets an address in; 0 for none, None where any address may call."""
    address = networks.parse_address(text.strip())
    if address is None:
        return None
    filled = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    fits = (number for number, line in filled if networks.within(address, (networks.parse_network(line),)))
    return {"ip": str(address), "line": next(fits, 0) if filled else None}
