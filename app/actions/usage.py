"""How a key is used: by day and outcome, by secret, by caller; and the health of a tenant's keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.key_steps import TENANT_KEY
from app.context import Context
from app.domain import credentials, health
from app.domain.evidence import WRITTEN_WITHIN
from app.domain.expiry import soon
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.times import rfc3339, zone
from app.domain.usage import NO_SECRET
from app.store import key_health as questions
from app.store import keys, tenants
from app.store import usage as store

MOST_CALLERS, MOST_EVENTS, MOST_DAYS = 100, 50, 400
NEW = timedelta(hours=24)
# Column, and what the console and the API call it (CONSOLE.md §3.8).
OUTCOMES = {
    "ok": "ok",
    "unauthorized": "401",
    "forbidden": "403",
    "limited": "429",
    "other": "other",
    "checks": "checks",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Which days are asked for: the last `days`, or from a first to a last one, both in the tenant's time zone."""

    days: int = 30
    first: date | None = None
    last: date | None = None

    def between(self, today: date) -> tuple[date, date]:
        """The first and the last day; Invalid when the one comes after the other, or they lie too far apart."""
        last = self.last or today
        first = self.first or last - timedelta(days=self.days - 1)
        if first > last:
            raise Invalid(Problem("from", "order", "Must not come after the last day."))
        if (last - first).days >= MOST_DAYS:
            raise Invalid(Problem("from", "range", f"At most {MOST_DAYS} days can be asked for."))
        return first, last


def show(ctx: Context, tenant_id: str, key_id: str, period: Period, now: datetime) -> dict[str, Any]:
    """How a key was used in a period, compared with the one before, and by whom; a deleted key too.

    raises   NotFound, Invalid
    """

    def look(connection: Connection) -> dict[str, Any]:
        row = keys.find(connection, tenant_id, TENANT_KEY, key_id, deleted=True)
        tenant = tenants.find(connection, tenant_id)
        if row is None or tenant is None:
            raise NotFound("API key")
        first, last = period.between(now.astimezone(zone(tenant.time_zone)).date())
        before = first - (last - first) - timedelta(days=1)
        counted = store.days(connection, key_id, before, last)
        current = [found for found in counted if found.day >= first]
        secrets = store.secrets(connection, key_id)
        return {
            "client_id": key_id,
            "time_zone": tenant.time_zone,
            "from": first.isoformat(),
            "to": last.isoformat(),
            "days": list(_days(current, first, last)),
            "totals": _sums(current),
            "previous": _sums(found for found in counted if found.day < first),
            "secrets": [_secret(key_id, secret, current, now) for secret in secrets],
            "callers": _callers(connection, key_id, secrets, now),
            "refused_since_revocation": _refused(connection, row),
            "events": _events(store.addresses(connection, key_id)),
            "evidence_as_of": rfc3339(now - WRITTEN_WITHIN),
        }

    return ctx.database.read(look)


def _days(rows: Sequence[Row[Any]], first: date, last: date) -> Iterator[dict[str, Any]]:
    by_day: dict[date, list[Row[Any]]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield {"day": day.isoformat(), **_sums(by_day.get(day, ()))}


def _sums(rows: Iterable[Row[Any]]) -> dict[str, int]:
    found = dict.fromkeys(OUTCOMES.values(), 0)
    for row in rows:
        for column, name in OUTCOMES.items():
            found[name] += getattr(row, column)
    return found


def _secret(key_id: str, secret: Row[Any], rows: Sequence[Row[Any]], now: datetime) -> dict[str, Any]:
    ended = secret.ends_at is not None and now >= secret.ends_at
    return {
        "hint": credentials.hint(key_id, secret.tail),
        "state": "replaced" if ended else "running_out" if secret.ends_at is not None else "current",
        "created_at": rfc3339(secret.created_at),
        "ends_at": rfc3339(secret.ends_at),
        "last_used_at": rfc3339(secret.last_used_at),
        "last_used_ip": secret.last_used_address or None,
        "last_used_client": secret.last_used_client or None,
        "last_call_at": rfc3339(secret.last_call_at),
        "calls_since_replaced": secret.late_calls or 0,
        "origin": secret.origin,
        "totals": _sums(row for row in rows if row.secret_number == secret.number),
    }


def _callers(connection: Connection, key_id: str, secrets: Sequence[Row[Any]], now: datetime) -> list[dict[str, Any]]:
    hints = {secret.number: credentials.hint(key_id, secret.tail) for secret in secrets} | {NO_SECRET: None}
    return [
        {
            "ip": row.address or None,
            "client": row.client or None,
            "secret": hints.get(row.secret_number),
            "first_at": rfc3339(row.first_at),
            "last_at": rfc3339(row.last_at),
            "calls": row.calls,
            "refused": row.refused,
            "origin": row.origin,
            "new": now - row.first_at < NEW,
        }
        for row in store.callers(connection, key_id, MOST_CALLERS)
    ]


def _events(addresses: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """What a timeline tells besides the audit log, newest first: the first use, and each address that was new."""
    found = [
        {"event": "used_from_new_ip" if number else "first_used", "at": rfc3339(row.at), "ip": row.address}
        for number, row in enumerate(addresses)
    ]
    return found[: -MOST_EVENTS - 1 : -1]


def _refused(connection: Connection, row: Row[Any]) -> dict[str, Any] | None:
    if row.revoked_at is None:
        return None
    found, use = store.refused_since_revocation(connection, row.key_id), store.of_keys(connection, [row.key_id])
    called = use[row.key_id].dead_call_at if row.key_id in use and found.calls else None
    return {
        "since": rfc3339(row.revoked_at),
        "calls": int(found.calls),
        "callers": found.callers,
        "last_at": rfc3339(called),
    }


def key_health(ctx: Context, tenant_id: str, now: datetime) -> dict[str, Any]:
    """How many of a tenant's keys deserve a look, question by question, worst first."""

    def look(connection: Connection) -> tuple[int, Sequence[int]]:
        tenant = tenants.find(connection, tenant_id)
        within = soon(tenant.expiring_soon_days if tenant is not None else None)
        return within.days, questions.counts(connection, tenant_id, TENANT_KEY, now, now + within)

    days, counts = ctx.database.read(look)
    cards = [
        {
            "name": question,
            "title": health.title(question, days),
            "count": count,
            "sentence": health.sentence(question, count),
            "filter": {"health": question},
        }
        for question, count in zip(health.QUESTIONS, counts, strict=True)
    ]
    return {"cards": cards, "clear": not any(counts), "evidence_as_of": rfc3339(now - WRITTEN_WITHIN)}
