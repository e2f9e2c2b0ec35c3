"""Adds sums of use to those that are there: one statement a table, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, case, column, func, or_, select, true
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
    if rows:
        dialect = connection.dialect.name
        written = orjson.dumps([{name: _plain(value, dialect) for name, value in row.items()} for row in rows])
        connection.execute(_statement(table, dialect), {"rows": written.decode()})


def _plain(value: Any, dialect: str) -> Any:
    if isinstance(value, datetime):  # as SQLAlchemy writes it there
        return value.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect == "sqlite" else value.isoformat()
    return value


@lru_cache
def _statement(table: type[Base], dialect: str) -> Insert:
    # One JSON value for all rows: a statement for each would wait for the interpreter's lock between any two.
    columns = list(table.__table__.columns)
    into: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    names = [found.name for found in columns]
    adding = into.from_select(names, _given(columns, dialect))
    return adding.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=[found.name for found in table.__table__.primary_key], set_=_changes(table, adding.excluded)
    )


def _given(columns: Sequence[Any], dialect: str) -> Select[Any]:
    rows = bindparam("rows", type_=Text)
    if dialect == "sqlite":
        each = func.json_each(rows).table_valued("value")
        return select(*(func.json_extract(each.c.value, f"$.{found.name}") for found in columns)).where(true())
    typed = [column(found.name, found.type) for found in columns]
    each = func.json_to_recordset(rows.cast(postgresql.JSON)).table_valued(*typed).render_derived(with_types=True)
    return select(*each.c)


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
