"""The list of a tenant's keys: search, filter, order, page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app.actions import cursors
from app.actions.key_steps import TENANT_KEY
from app.actions.shapes import key_objects
from app.context import Context
from app.domain.expiry import soon
from app.domain.health import Question
from app.domain.key_search import searched
from app.domain.names import fold
from app.domain.refusals import Invalid, NotFound, Problem
from app.store import few_keys, groups, key_orders, keys, tenants
from app.store import key_lists as store
from app.store.key_lists import Wanted
from app.store.key_orders import TEXTS, Order, Place

MOST_COUNTED = 10_000
MOST_AT_ONCE = 5_000  # of what matches, so many are selected together
BATCH = 500
IDLE = {"idle30": timedelta(days=30), "idle90": timedelta(days=90)}
NEVER_USED = "never"
SORTS = key_orders.SORTS


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of keys is asked for; None and "" ask for nothing.

    q            part of the name or description, or the beginning of the key ID; a pasted secret counts as its key ID
    status       `active` or `revoked`
    expiration   `valid`, `expiring_soon` or `expired`
    group        ID or name
    health       one of `app.domain.health.QUESTIONS`
    used         `never`, or `idle30` and `idle90` for those not used for so many days
    expires      `never`
    ip           `none` for those that may be used from any address
    creator      the ID of the member who made the key
    """

    q: str | None = None
    status: str | None = None
    expiration: str | None = None
    group: str | None = None
    health: Question | None = None
    used: str | None = None
    creator: str | None = None
    expires: str | None = None
    ip: str | None = None

    @property
    def none(self) -> bool:
        """Whether the whole list is asked for."""
        return not any(astuple(self))


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys. `next` and `previous` are cursors of the pages beside it; `total` is known for the whole list only.

    by_key_id   a secret was pasted into the search, and only its key ID was looked for
    matches     how many keys the filters find, at most MOST_COUNTED + 1; None when that was not asked
    number      where in the list the first of these stands, from 1; None when nobody counted
    """

    items: list[dict[str, Any]]
    next: str | None
    total: int | None
    by_key_id: bool = False
    previous: str | None = None
    matches: int | None = None
    number: int | None = 1


def page(
    ctx: Context,
    tenant_id: str,
    filters: Filters,
    now: datetime,
    *,
    sort: str = "created",
    descending: bool = False,
    after: str | None = None,
    before: str | None = None,
    last: bool = False,
    counted: bool = False,
    limit: int = 50,
) -> Page:
    """Look at a tenant's keys, revoked ones included.

    sort     one of SORTS: ties by key ID, active before revoked, groups by their names, keys
             without an end last, keys never used first
    after    the cursor of the page before, made for the same order
    before   the other direction: the cursor of the page after
    last     the last page
    counted  whether to count what the filters find; few among very many are found soonest then
    limit    at most so many keys
    raises   Invalid (an unknown group, a bad cursor), NotFound (the tenant)
    """
    order = Order(sort, descending)
    of = f"keys {tenant_id} {sort} {'desc' if descending else 'asc'}"
    backwards, cursor = last or before is not None, before if before is not None else after
    place, number = _place(cursors.place(ctx, of, cursor), sort) if cursor and not last else (None, 0)

    def look(connection: Connection) -> Page:
        wanted = _wanted(ctx, connection, tenant_id, filters, now)
        walked = order.turned if backwards else order
        rows, matches = _rows(connection, wanted, walked, place, limit + 1, counted=counted and not filters.none)
        more, shown = len(rows) > limit, rows[:limit]
        shown = shown[::-1] if backwards else shown
        found = keys.several(connection, [row.key_id for row in shown])
        total = _total(connection, tenant_id) if filters.none else None
        matches = total if total is not None else matches
        first = _number(len(shown), number, matches if last else None, backwards=backwards, more=more)
        follows, precedes = (not last, more) if backwards else (more, place is not None)
        return Page(
            key_objects(connection, [found[row.key_id] for row in shown], now),
            cursors.cursor(ctx, of, _written(shown[-1], first, len(shown) - 1)) if follows and shown else None,
            total,
            by_key_id=wanted.text is None and wanted.key_id is not None,
            previous=cursors.cursor(ctx, of, _written(shown[0], first, 0)) if precedes and shown else None,
            matches=matches,
            number=first,
        )

    return ctx.database.read(look)


def _rows(
    connection: Connection, wanted: Wanted, order: Order, place: Place | None, limit: int, *, counted: bool
) -> tuple[list[Any], int | None]:
    # The count that is shown also says which way is the shorter one.
    matches = None
    if counted:
        rows, matches = few_keys.page(connection, wanted, order, place, limit, MOST_COUNTED)
        if matches <= MOST_COUNTED:
            return rows, matches
    return store.page(connection, wanted, order, place, limit), matches


def every(
    ctx: Context, tenant_id: str, filters: Filters, now: datetime, *, sort: str = "created", descending: bool = False
) -> Iterator[dict[str, Any]]:
    """Every key of a list, one after the other, read in bounded pieces; arguments as for `page`."""
    after = None
    while True:
        some = page(ctx, tenant_id, filters, now, sort=sort, descending=descending, after=after, limit=BATCH)
        yield from some.items
        after = some.next
        if after is None:
            return


def ids(
    ctx: Context,
    tenant_id: str,
    filters: Filters,
    now: datetime,
    *,
    sort: str = "created",
    descending: bool = False,
    most: int,
) -> list[str]:
    """The key IDs of the first keys of a list, at most `most`; other arguments as for `page`, and raises the same."""

    def look(connection: Connection) -> list[str]:
        wanted = _wanted(ctx, connection, tenant_id, filters, now)
        rows, _ = _rows(connection, wanted, Order(sort, descending), None, most, counted=not filters.none)
        return [row.key_id for row in rows]

    return ctx.database.read(look)


def _wanted(ctx: Context, connection: Connection, tenant_id: str, filters: Filters, now: datetime) -> Wanted:
    text, key_id = searched(filters.q, ctx.settings.key_prefix)
    tenant = tenants.find(connection, tenant_id)
    return Wanted(
        tenant_id,
        TENANT_KEY,
        now,
        now + soon(tenant.expiring_soon_days if tenant is not None else None),
        text,
        key_id,
        None if not filters.status else filters.status == "revoked",
        filters.expiration,
        _group(connection, tenant_id, filters.group),
        filters.health,
        unused=filters.used == NEVER_USED,
        idle_since=now - IDLE[filters.used] if filters.used in IDLE else None,
        creator=filters.creator,
        endless=filters.expires == "never",
        anywhere=filters.ip == "none",
    )


def _number(shown: int, number: int | None, matches: int | None, *, backwards: bool, more: bool) -> int | None:
    """Where the first of `shown` keys stands: `number` is that of the cursor's key; None when nobody counted."""
    if not backwards:
        return None if number is None else number + 1
    if not more:
        return 1
    end = matches + 1 if matches is not None and matches <= MOST_COUNTED else number or None
    return max(1, end - shown) if end is not None else None


def _group(connection: Connection, tenant_id: str, named: str | None) -> str | None:
    if not named:
        return None
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None:
        raise Invalid(Problem("group", "unknown", "There is no authorization group of that name."))
    return str(group.id)


def _total(connection: Connection, tenant_id: str) -> int:
    tenant = tenants.find(connection, tenant_id)
    if tenant is None:
        raise NotFound("tenant")
    return int(tenant.listed_keys)


def _written(row: Any, first: int | None, by: int) -> tuple[str | None, str, int | None]:
    value = row.place.isoformat() if isinstance(row.place, datetime) else row.place
    return value, row.key_id, first + by if first is not None else None


def _place(written: list[Any], sort: str) -> tuple[tuple[Any, str], int | None]:
    value, key_id, number = written
    return (value if sort in TEXTS or value is None else datetime.fromisoformat(value), key_id), number
