"""Why a key does not work, as far as its tenant may know: its state, an address, what was refused last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.key_steps import found
from app.actions.shapes import key_object
from app.context import Context
from app.domain import networks
from app.domain.key_search import searched
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.times import zone
from app.domain.usage import NO_SECRET
from app.store import key_notices, tenants, usage

LOOKED_BACK = timedelta(days=30)
REFUSALS = {"unauthorized": "401", "forbidden": "403", "limited": "429"}


class Why(StrEnum):
    """Why calls of a day were refused, as far as which secret they carried and the key's state explain it."""

    WRONG_SECRET = "wrong_secret"
    REVOKED = "revoked"
    REPLACED = "replaced"
    EXPIRED = "expired"
    TOKEN_OVER = "token_over"
    SUSPENDED = "suspended"
    ADDRESS = "address"
    SCOPE = "scope"
    PACE = "pace"


def check(ctx: Context, tenant_id: str, pasted: str, address: str, now: datetime) -> dict[str, Any]:
    """Look a key up by its ID; of a pasted secret only the key ID counts.

    address   to be held against the key's list; "" asks nothing
    returns   `key`, `address` (ip, allowed, line), `refused` (day, by status, ip and client of the last such caller,
              `Why`), `by_secret` (a secret was pasted)
    raises    Invalid (no address), NotFound (no such key of this tenant)
    """
    parsed = networks.parse_address(address.strip()) if address.strip() else None
    if address.strip() and parsed is None:
        raise Invalid(Problem("address", "format", "This is not an IP address."))
    name, key_id = searched(pasted, ctx.settings.key_prefix)
    if key_id is None:
        raise NotFound("API key")

    def look(connection: Connection) -> dict[str, Any]:
        key = key_object(connection, found(connection, tenant_id, key_id), now)
        return {
            "key": key,
            "by_secret": name is None,
            "address": _held_against(parsed, key["ip_allowlist"]) if parsed is not None else None,
            "refused": _refused(connection, tenant_id, key, now),
        }

    return ctx.database.read(look)


def _held_against(address: networks.Address, lines: list[str]) -> dict[str, Any]:
    fits = [number for number, line in enumerate(lines, 1) if networks.within(address, networks.networks(line))]
    return {"ip": str(address), "allowed": not lines or bool(fits), "line": fits[0] if fits else None}


def _refused(connection: Connection, tenant_id: str, key: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    key_id = key["client_id"]
    tenant = tenants.find(connection, tenant_id)
    today = now.astimezone(zone(tenant.time_zone)).date() if tenant is not None else now.date()
    bad = [row for row in usage.days(connection, key_id, today - LOOKED_BACK, today) if _refusals(row)]
    if not bad:
        return None
    day = max(row.day for row in bad)
    rows = [row for row in bad if row.day == day]
    counts = {status: sum(getattr(row, column) for row in rows) for column, status in REFUSALS.items()}
    last = key_notices.last_refused(connection, key_id)
    caller = {"ip": last.address or None, "client": last.client or None} if last is not None else None
    secrets = usage.secrets(connection, key_id)
    newest = secrets[0].number if secrets else NO_SECRET
    return {
        "day": day.isoformat(),
        "statuses": {status: number for status, number in counts.items() if number},
        "caller": caller,
        "reasons": sorted({why for row in rows for why in _reasons(row, key, newest, caller)}),
    }


def _refusals(row: Row[Any]) -> int:
    return sum(getattr(row, column) for column in REFUSALS)


def _reasons(row: Row[Any], key: dict[str, Any], newest: int, caller: dict[str, Any] | None) -> Iterator[Why]:
    # Counted is the answer alone; what explains it is which secret came, and how the key stands now.
    if row.unauthorized:
        if row.secret_number == NO_SECRET:
            yield Why.WRONG_SECRET
        elif key["status"] == "revoked":
            yield Why.REVOKED
        elif row.secret_number != newest:
            yield Why.REPLACED
        else:
            yield Why.EXPIRED if key["expiration_state"] == "expired" else Why.TOKEN_OVER
    if row.forbidden:
        address = networks.parse_address(caller["ip"]) if caller is not None and caller["ip"] else None
        outside = address is not None and not _held_against(address, key["ip_allowlist"])["allowed"]
        yield Why.SUSPENDED if "suspended" in key["flags"] else Why.ADDRESS if outside else Why.SCOPE
    if row.limited:
        yield Why.PACE
