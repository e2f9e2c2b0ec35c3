"""Adds sums of use to those that are there, many rows a statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Text, bindparam, case, column, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from app.domain.usage import Row, Sums
from app.models import Base, CallerSeen, KeyUse, SecretUse, Tenant, UsageDay

# What becomes of a row that is there: columns that are added, instants of which the latest stays with its companions.
_ADDED = {
    UsageDay: ("ok", "unauthorized", "forbidden", "limited", "other", "checks"),
    SecretUse: ("calls", "late_calls"),
    CallerSeen: ("calls", "refused", "late_calls", "revoked_calls"),
}
_LAST_USED = ("last_used_address", "last_used_client")
_LATEST: dict[type[Base], dict[str, tuple[str, ...]]] = {
    KeyUse: {"last_used_at": _LAST_USED, "dead_call_at": ()},
    SecretUse: {"last_used_at": _LAST_USED, "last_call_at": (), "last_check_at": (), "origin_at": ("origin",)},
    CallerSeen: {"last_at": ()},
}

MOST_VARIABLES = 999  # of a statement, for SQLite libraries of every age
_AS_IT_IS = frozenset({str, int})


def add(connection: Connection, sums: Sums) -> None:
    """Add sums to what is there, in an order that lets no two processes wait for each other in a circle."""
    for table, rows in (
        (KeyUse, sums.keys),
        (SecretUse, sums.secrets),
        (UsageDay, sums.days),
        (CallerSeen, sums.callers),
    ):
        add_rows(connection, table, [rows[place] for place in sorted(rows)])  # type: ignore[index]


def add_rows(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """Add rows of one table, each primary key once, as `add` does."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(_of_json(table), {"rows": orjson.dumps(rows).decode()})
        return
    names = table.__table__.columns.keys()
    most = MOST_VARIABLES // len(names)
    for start in range(0, len(rows), most):
        some = rows[start : start + most]
        given = tuple(_written(value) for row in some for value in map(row.__getitem__, names))
        connection.exec_driver_sql(_of_values(table, len(some)), given)


def _written(value: Any) -> Any:
    return value if value is None or type(value) in _AS_IT_IS else _as_sqlite_keeps_it(value)


@lru_cache(maxsize=4096)
def _as_sqlite_keeps_it(value: date) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat()


# Many rows a statement in both: after each statement a thread waits for the interpreter's lock, and requests have it.


@lru_cache
def _of_values(table: type[Base], rows: int) -> str:
    # Written for one row and repeated: 5 µs a row, where a JSON value takes 16.
    statement = str(_adding(table, sqlite.insert(table)).compile(dialect=sqlite.dialect()))
    one = f"({', '.join('?' * len(table.__table__.columns))})"
    return statement.replace(f"VALUES {one}", "VALUES " + ", ".join([one] * rows), 1)


@lru_cache
def _of_json(table: type[Base]) -> Insert:
    columns = list(table.__table__.columns)
    typed = [column(found.name, found.type) for found in columns]
    rows = bindparam("rows", type_=Text).cast(postgresql.JSON)
    each = func.json_to_recordset(rows).table_valued(*typed).render_derived(with_types=True)
    given: Any = postgresql.insert(table).from_select([found.name for found in columns], select(*each.c))
    return _adding(table, given)


def _adding(table: type[Base], statement: Any) -> Insert:
    place = [found.name for found in table.__table__.primary_key]
    adding: Insert = statement.on_conflict_do_update(index_elements=place, set_=_changes(table, statement.excluded))
    return adding


def _changes(table: type[Base], new: Any) -> dict[str, ColumnElement[Any]]:
    old = table.__table__.c
    found: dict[str, ColumnElement[Any]] = {name: old[name] + new[name] for name in _ADDED.get(table, ())}
    for instant, companions in _LATEST.get(table, {}).items():
        later = or_(old[instant].is_(None), new[instant] >= old[instant])
        found |= {name: case((later, new[name]), else_=old[name]) for name in (instant, *companions)}
    if table is CallerSeen:
        found["first_at"] = case((new.first_at < old.first_at, new.first_at), else_=old.first_at)
        found["origin"] = func.coalesce(new.origin, old.origin)
    return found


def time_zones(connection: Connection, tenants: Iterable[str | None]) -> dict[str | None, str]:
    """The time zones of some tenants."""
    wanted = sorted({tenant for tenant in tenants if tenant is not None})
    rows = connection.execute(select(Tenant.id, Tenant.time_zone).where(Tenant.id.in_(wanted)))
    return {row.id: row.time_zone for row in rows}
