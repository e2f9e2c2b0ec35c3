"""Few keys among very many: looked for first, in no order, and only what was found is put into one.

Walking in the order of a list until a page is full is quick where many keys match, and looks at all of them, each in
its own place of the file, where few do. Looking for them walks along one index that holds what lists filter by.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, or_, select, true, tuple_

from app.models import Group, Key, KeyUse
from app.store.key_lists import Wanted, few, uses
from app.store.key_orders import COLUMNS, NOTHING_FIRST, Order, Place, group_place
from app.store.plans import planned_for_values

# Of so many keys it is cheaper to gather those with a certain use first than to ask for the use of one after the other;
# among more, enough are met soon.
MOST_USES = 30_000
# What is brought along from where a key was found, so that it need not be looked up again to be put in order.
HELD = {
    "name": Key.name_folded,
    "status": Key.revoked_at,
    "group": Key.group_id,
    "created": Key.created_at,
    "expires": Key.expires_at,
}


def page(
    connection: Connection, wanted: Wanted, order: Order, after: Place | None, limit: int, most: int
) -> tuple[list[Row[Any]], int]:
    """A page as of `key_lists.page`, and how many keys the whole list has; of more than `most`, `most` + 1 and no page.

    after   `place` and key ID of the last row of the page before
    """
    with planned_for_values(connection):
        apart = _few_uses(connection, wanted)
        rows = connection.execute(question(wanted, order, after, limit, most, uses_apart=apart)).all()
    matches = int(rows[0].matches)
    return [row for row in rows if row.key_id is not None] if matches <= most else [], matches


def _few_uses(connection: Connection, wanted: Wanted) -> bool:
    asked = uses(wanted)
    if asked is None:
        return True
    some = asked.limit(MOST_USES + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one()) <= MOST_USES


def question(
    wanted: Wanted, order: Order, after: Place | None, limit: int, most: int, *, uses_apart: bool = True
) -> Select[Any]:
    """What to ask: looked for once, counted and put in order from there."""
    held = HELD.get(order.sort)
    more = (held.label("held"),) if held is not None else ()
    found = few(wanted, *more, uses_apart=uses_apart).limit(most + 1).cte("found")
    number: Any = select(func.count().label("matches")).select_from(found).subquery("number")
    column, nothing_first = _column(found, order, after), NOTHING_FIRST.get(order.sort, False)
    key_id, end = found.c.key_id, case((column.is_(None), 0 if nothing_first else 2), else_=1)
    # Of too many nothing is put in order: the condition is asked once, before the first of them.
    all_found = select(func.count()).select_from(found).scalar_subquery() <= most
    ordered: Any = select(key_id, column.label("place"), end.label("end")).select_from(found).where(all_found)
    if order.sort == "last_used":
        ordered = ordered.join(KeyUse, KeyUse.key_id == key_id)
    elif order.sort == "group":
        ordered = ordered.join(Group, Group.id == found.c.held)
    if after is not None:
        ordered = ordered.where(_beyond((end, column, key_id), after, order, nothing_first=nothing_first))
    ordered = _in_order(ordered, (end, column, key_id), order).limit(limit).subquery("ordered")
    answer: Any = select(number.c.matches, ordered.c.key_id, ordered.c.place)
    answer = answer.select_from(number.outerjoin(ordered, true()))
    asked: Select[Any] = _in_order(answer, (ordered.c.end, ordered.c.place, ordered.c.key_id), order)
    return asked


def _column(found: Any, order: Order, after: Place | None) -> Any:
    if order.sort == "group":
        return group_place(after)
    if order.sort == "status":
        return case((found.c.held.is_(None), "active"), else_="revoked")
    return found.c.held if order.sort in HELD else COLUMNS[order.sort]


def _in_order(asked: Any, columns: tuple[Any, ...], order: Order) -> Any:
    return asked.order_by(*(column.desc() if order.descending else column for column in columns))


def _beyond(columns: tuple[Any, ...], after: Place, order: Order, *, nothing_first: bool) -> ColumnElement[bool]:
    end, column, key_id = columns
    value, last = after
    there = 1 if value is not None else 0 if nothing_first else 2
    if value is None:
        beside = key_id < last if order.descending else key_id > last
    else:
        here, reached = tuple_(column, key_id), tuple_(literal(value, column.type), literal(last, key_id.type))
        beside = here < reached if order.descending else here > reached
    return or_(end < there if order.descending else end > there, and_(end == there, beside))
