"""Keeps evidence of use within bounds: so many callers a key, so many days; each step a bounded deletion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, literal, select, tuple_, update

from app.domain.clients import OTHERS
from app.domain.usage import NO_SECRET, NOBODY, Row
from app.models import Base, CallerSeen, KeyUse, SecretUse, UsageDay
from app.store.usage_writes import add_rows

MOST_CALLERS, MOST_UNPROVEN = 1000, 100
AT_ONCE = 1000
_CALLER = tuple(CallerSeen.__table__.primary_key)


def trim_callers(connection: Connection, key_id: str) -> int:
    """Hold the callers of a key to their number: those seen longest ago become one row.

    Callers whose secret did not verify have a place of their own, so that nobody without a secret can push out
    evidence of those with one.

    returns   how many rows were given up
    """
    verified = CallerSeen.secret_number != NO_SECRET
    return _trim(connection, key_id, verified, MOST_CALLERS) + _trim(connection, key_id, ~verified, MOST_UNPROVEN)


def _trim(connection: Connection, key_id: str, which: ColumnElement[bool], most: int) -> int:
    oldest = (
        select(*CallerSeen.__table__.columns)
        .where(CallerSeen.key_id == key_id, which, CallerSeen.client != OTHERS)
        .order_by(CallerSeen.last_at.desc())
        .offset(most)
        .limit(AT_ONCE)
    )
    rows = [dict(row) for row in connection.execute(oldest).mappings()]
    if not rows:
        return 0
    gone = [tuple(row[found.name] for found in _CALLER) for row in rows]
    connection.execute(delete(CallerSeen).where(tuple_(*_CALLER).in_(gone)))
    add_rows(connection, CallerSeen, list(_others(rows)))
    return len(rows)


def _others(rows: list[Row]) -> Iterator[Row]:
    for number in sorted({row["secret_number"] for row in rows}):
        mine = [row for row in rows if row["secret_number"] == number]
        yield {
            **mine[0],
            "address": NOBODY,
            "client": OTHERS,
            "first_at": min(row["first_at"] for row in mine),
            "last_at": max(row["last_at"] for row in mine),
            **{name: sum(row[name] for row in mine) for name in ("calls", "refused", "late_calls", "revoked_calls")},
        }


@dataclass(frozen=True, slots=True)
class Old:
    """What has been kept long enough.

    callers   callers, addresses, clients and origins seen before this instant
    days      counts of days before this one
    """

    callers: datetime
    days: date

    def conditions(self) -> tuple[tuple[type[Base], ColumnElement[bool], tuple[str, ...]], ...]:
        """Which rows, by their table, and what of them goes: nothing named is the whole row."""
        used = ("last_used_address", "last_used_client")
        return (
            (CallerSeen, CallerSeen.last_at < self.callers, ()),
            (UsageDay, UsageDay.day < self.days, ()),
            *(
                (table, and_(table.last_used_at < self.callers, table.last_used_address.is_not(None)), used)
                for table in (KeyUse, SecretUse)
            ),
            (SecretUse, SecretUse.origin_at < self.callers, ("origin", "origin_at")),
        )


def any_old(connection: Connection, old: Old) -> bool:
    """Whether there is anything to forget: asked before a transaction keeps others waiting."""
    return any(
        connection.execute(select(literal(1)).select_from(table).where(which).limit(1)).first() is not None
        for table, which, _ in old.conditions()
    )


def forget(connection: Connection, old: Old) -> int:
    """Delete some of what is old, and take old addresses, clients and origins out of rows that stay.

    returns   how many rows were changed; at most 1,000 of each kind
    """
    return sum(
        _blank(connection, table, which, names) if names else _delete(connection, table, which)
        for table, which, names in old.conditions()
    )


def _delete(connection: Connection, table: Any, which: ColumnElement[bool]) -> int:
    place = tuple(table.__table__.primary_key)
    some = select(*place).where(which).limit(AT_ONCE)
    return connection.execute(delete(table).where(tuple_(*place).in_(some))).rowcount


def _blank(connection: Connection, table: type[Base], which: ColumnElement[bool], names: tuple[str, ...]) -> int:
    (place,) = table.__table__.primary_key
    some = select(place).where(which).limit(AT_ONCE)
    return connection.execute(update(table).where(place.in_(some)).values(dict.fromkeys(names))).rowcount
