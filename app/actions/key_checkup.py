"""Why a key does not work, as far as its tenant may know: its state, an address, what was refused last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app.actions.key_steps import found
from app.actions.shapes import key_object
from app.context import Context
from app.domain import networks
from app.domain.key_search import searched
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.times import zone
from app.store import key_notices, tenants, usage

LOOKED_BACK = timedelta(days=30)
REFUSALS = {"unauthorized": "401", "forbidden": "403", "limited": "429"}


def check(ctx: Context, tenant_id: str, pasted: str, address: str, now: datetime) -> dict[str, Any]:
    """Look a key up by its ID; of a pasted secret only the key ID counts.

    address   to be held against the key's list; "" asks nothing
    returns   `key`, `address` (ip, allowed, line), `refused` (day, by status, ip and client of the last such caller)
    raises    Invalid (no address), NotFound (no such key of this tenant)
    """
    parsed = networks.parse_address(address.strip()) if address.strip() else None
    if address.strip() and parsed is None:
        raise Invalid(Problem("address", "format", "This is not an IP address."))
    key_id = searched(pasted, ctx.settings.key_prefix)[1]
    if key_id is None:
        raise NotFound("API key")

    def look(connection: Connection) -> dict[str, Any]:
        key = key_object(connection, found(connection, tenant_id, key_id), now)
        return {
            "key": key,
            "address": _held_against(parsed, key["ip_allowlist"]) if parsed is not None else None,
            "refused": _refused(connection, tenant_id, key_id, now),
        }

    return ctx.database.read(look)


def _held_against(address: networks.Address, lines: list[str]) -> dict[str, Any]:
    fits = [number for number, line in enumerate(lines, 1) if networks.within(address, networks.networks(line))]
    return {"ip": str(address), "allowed": not lines or bool(fits), "line": fits[0] if fits else None}


def _refused(connection: Connection, tenant_id: str, key_id: str, now: datetime) -> dict[str, Any] | None:
    tenant = tenants.find(connection, tenant_id)
    today = now.astimezone(zone(tenant.time_zone)).date() if tenant is not None else now.date()
    by_day: dict[Any, dict[str, int]] = {}
    for row in usage.days(connection, key_id, today - LOOKED_BACK, today):
        counts = by_day.setdefault(row.day, {})
        for column, status in REFUSALS.items():
            counts[status] = counts.get(status, 0) + getattr(row, column)
    bad = {day: {status: n for status, n in counts.items() if n} for day, counts in by_day.items()}
    days = [day for day, counts in bad.items() if counts]
    if not days:
        return None
    last = key_notices.last_refused(connection, key_id)
    caller = {"ip": last.address or None, "client": last.client or None} if last is not None else None
    return {"day": max(days).isoformat(), "statuses": bad[max(days)], "caller": caller}
