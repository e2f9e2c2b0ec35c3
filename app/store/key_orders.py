"""The orders of a tenant's keys, and the stretches of indexes that each of them is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, case, exists, literal, or_, select

from app.models import Group, Key, KeyUse

# What a key is ordered by. Two groups may have the same folded name, a tenant's own and a built-in one; no name holds a
# line break, and no character of a name comes before it.
COLUMNS: dict[str, Any] = {
    "name": Key.name_folded,
    "status": case((Key.revoked_at.is_(None), "active"), else_="revoked"),
    "group": Group.name_folded + "\n" + Group.id,
    "created": Key.created_at,
    "expires": Key.expires_at,
    "last_used": KeyUse.last_used_at,
}
SORTS = tuple(COLUMNS)
TEXTS = ("name", "status", "group")  # the others are ordered by instants
# Whether keys that have no such value come first: one without an end ends after all, one never used was so before all.
NOTHING_FIRST = {"expires": False, "last_used": True}


@dataclass(frozen=True, slots=True)
class Order:
    """One of SORTS; active before revoked, keys without an end last, keys never used first, ties go by key ID.

    Descending is the mirror image.
    """

    sort: str = "created"
    descending: bool = False

    @property
    def turned(self) -> Order:
        """The same order from its other end."""
        return Order(self.sort, not self.descending)


Place = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an order, which lies in one piece in an index.

    place   what its keys are ordered by, itself or as a column
    which   what its keys have in common
    by      the columns that tell them apart, but for the key ID
    """

    place: Any
    which: tuple[ColumnElement[bool], ...] = ()
    by: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a key that is ordered by this value lies here."""
        if isinstance(self.place, str):
            return bool(value == self.place)
        return (value is None) == (self.place is None)

    @property
    def column(self) -> Any:
        """What to ask for as a row's place."""
        return self.by[0] if self.by else literal(self.place)


def stretches(order: Order, groups: Sequence[Row[Any]] = ()) -> list[Stretch]:
    """What an order is made of, one after the other.

    groups   as `groups_from` finds them; for the order of groups only
    """
    column = COLUMNS[order.sort]
    if order.sort == "group":
        return [Stretch(row.place, (Key.group_id == row.id,)) for row in groups]
    if order.sort == "status":
        parts = [Stretch("active", (Key.revoked_at.is_(None),)), Stretch("revoked", (Key.revoked_at.is_not(None),))]
    elif order.sort in NOTHING_FIRST:
        # NULL has its place at different ends in different databases, so that the two parts are asked for one by one.
        parts = [Stretch(column, (column.is_not(None),), (column,)), Stretch(None, (column.is_(None),), (column,))]
        parts = parts[::-1] if NOTHING_FIRST[order.sort] else parts
    else:
        parts = [Stretch(column, (), (column,))]
    return parts[::-1] if order.descending else parts


def groups_from(
    connection: Connection, tenant_id: str, kind: str, order: Order, after: Place | None, only: str | None
) -> Sequence[Row[Any]]:
    """The groups that a tenant's keys have, in the order of their names: `id` and `place`.

    after   begin at this place, whether or not there is such a group still
    only    the ID of the only group that matters
    """
    place = group_place(after)
    theirs = exists().where(Key.tenant_id == tenant_id, Key.kind == kind, Key.group_id == Group.id)
    mine = or_(Group.tenant_id == tenant_id, Group.tenant_id.is_(None))
    question = select(Group.id, place.label("place")).where(mine, theirs)
    if only is not None:
        question = question.where(Group.id == only)
    if after is not None:
        question = question.where(place <= after[0] if order.descending else place >= after[0])
    return connection.execute(question.order_by(place.desc() if order.descending else place)).all()


def group_place(after: Place | None) -> Any:
    """What groups are ordered by; the one that a page begins in keeps its place, whatever it is called by now."""
    place = COLUMNS["group"]
    if after is None:
        return place
    return case((Group.id == str(after[0]).rpartition("\n")[2], literal(after[0], Text)), else_=place)
