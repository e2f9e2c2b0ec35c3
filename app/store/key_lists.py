"""Pages of a tenant's keys, by keyset: every page is a stretch of an index, however far in it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, literal, or_, select, tuple_

from app.domain.health import Question
from app.models import Key, KeyUse
from app.store.key_health import QUESTIONS, STILL_ACTIVE, UNUSED, About, Use, used
from app.store.key_orders import Order, Place, Stretch, groups_from, stretches
from app.store.plans import planned_for_values

LIMITED = {"expiring_soon", "expired"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which keys of a tenant a list shows; what is None does not matter.

    text         folded; a part of the name or the description
    key_id       the beginning of the key ID; with `text` one of the two is enough
    revoked      whether revoked
    expiration   `valid`, `expiring_soon` or `expired`
    now, soon    the instants that `expiration` is measured by
    health       one of `app.domain.health.QUESTIONS`
    unused       those never used
    idle_since   those used last at this instant or before
    creator      the ID of the member who made the key
    endless      those without an end
    anywhere     those without an IP allowlist
    """

    tenant_id: str
    kind: str
    now: datetime
    soon: datetime
    text: str | None = None
    key_id: str | None = None
    revoked: bool | None = None
    expiration: str | None = None
    group_id: str | None = None
    health: Question | None = None
    unused: bool = False
    idle_since: datetime | None = None
    creator: str | None = None
    endless: bool = False
    anywhere: bool = False

    @property
    def never_used(self) -> bool:
        """Whether only keys never used are wanted."""
        return self.unused or self.health == "never_used"

    @property
    def used_until(self) -> datetime | None:
        """The instant after which no wanted key was used, though each was once; None when that does not matter."""
        return self.now - UNUSED if self.health == "idle" else self.idle_since

    def about(self, *, apart: bool) -> About:
        """For the conditions about use and health."""
        return About(self.tenant_id, self.kind, self.now, self.soon, apart)


def page(connection: Connection, wanted: Wanted, order: Order, after: Place | None, limit: int) -> list[Row[Any]]:
    """Key IDs of a page, each with `place`, what it is ordered by.

    after     `place` and key ID of the last row of the page before
    returns   at most `limit` rows
    """
    groups: Sequence[Row[Any]] = ()
    rows: list[Row[Any]] = []
    with planned_for_values(connection):
        if order.sort == "group":
            groups = groups_from(connection, wanted.tenant_id, wanted.kind, order, after, wanted.group_id)
        for question in questions(wanted, order, after, groups):
            if len(rows) < limit:
                rows += connection.execute(question.limit(limit - len(rows))).all()
    return rows


def questions(
    wanted: Wanted, order: Order, after: Place | None, groups: Sequence[Row[Any]] = ()
) -> Iterator[Select[Any]]:
    """What to ask one after the other until a page is full; each walks along one index and sorts nothing.

    groups   for the order of groups only: those from `after` on
    """
    reached = after is None or order.sort == "group"
    for stretch in stretches(order, groups):
        here = after is not None and stretch.holds(after[0])
        if (reached or here) and not _barren(stretch, wanted, order):
            yield _along(stretch, wanted, order, after if here else None)
        reached = reached or here


def _barren(stretch: Stretch, wanted: Wanted, order: Order) -> bool:
    """Whether it is known before asking that nothing wanted lies there."""
    if order.sort == "status":
        gone = wanted.revoked if wanted.health not in STILL_ACTIVE else False
        return gone is not None and stretch.holds("active") == gone
    values, nothing = {
        "expires": (wanted.expiration in LIMITED, wanted.endless or wanted.health == "never_expires"),
        "last_used": (wanted.used_until is not None, wanted.never_used),
    }.get(order.sort, (False, False))
    return values if stretch.holds(None) else nothing


def _along(stretch: Stretch, wanted: Wanted, order: Order, after: Place | None) -> Select[Any]:
    key_id = KeyUse.key_id if order.sort == "last_used" else Key.key_id
    question = _every(select(key_id, stretch.column.label("place")), wanted, order).where(*stretch.which)
    # Both columns even where one is NULL throughout: PostgreSQL knows the order of the index by its columns only.
    columns = (*stretch.by, key_id)
    if after is not None:
        where = columns if after[0] is not None else (key_id,)
        here = tuple_(*where)
        there = tuple_(
            *(literal(value, column.type) for value, column in zip(after[-len(where) :], where, strict=True))
        )
        question = question.where(here < there if order.descending else here > there)
    return question.order_by(*(column.desc() if order.descending else column for column in columns))


def _every(question: Select[Any], wanted: Wanted, order: Order) -> Select[Any]:
    if order.sort != "last_used":
        mine = (Key.tenant_id == wanted.tenant_id, Key.kind == wanted.kind)
        question = question.where(*mine, *_narrow(wanted), *_used(wanted))
        return question.where(*_made(wanted)) if order.sort == "created" else question
    # The owner is asked for in the table whose index has the order, and only there: that is where to begin. So that
    # SQLite does, the key is a condition and no second table to begin with.
    question = question.where(KeyUse.tenant_id == wanted.tenant_id, KeyUse.kind == wanted.kind)
    if wanted.used_until is not None:
        question = question.where(KeyUse.last_used_at <= wanted.used_until)
    elif wanted.never_used:
        question = question.where(KeyUse.last_used_at.is_(None))
    return question.where(exists().where(Key.key_id == KeyUse.key_id, *_narrow(wanted)))


def _made(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    # No key was used before it was made.
    if wanted.used_until is not None:
        yield Key.created_at <= wanted.used_until


def few(wanted: Wanted, *more: Any, uses_apart: bool = True) -> Select[Any]:
    """The key IDs of a list in no order, asked for in the way that is best when few of very many are in it.

    more         columns of keys to bring along
    uses_apart   whether the keys of a certain use are found first, as `About.apart`
    """
    mine = (Key.tenant_id == wanted.tenant_id, Key.kind == wanted.kind, *_made(wanted))
    narrow = (*_narrow(wanted, apart=True, uses_apart=uses_apart), *_used(wanted, apart=uses_apart))
    return select(Key.key_id, *more).where(*mine, *narrow)


def uses(wanted: Wanted) -> Select[Any] | None:
    """The keys with the use that is wanted, among whatever others; None when their use does not matter."""
    if wanted.used_until is None and not wanted.never_used:
        return None
    until = wanted.used_until
    which = KeyUse.last_used_at <= until if until is not None else KeyUse.last_used_at.is_(None)
    return select(KeyUse.key_id).where(KeyUse.tenant_id == wanted.tenant_id, KeyUse.kind == wanted.kind, which)


def _narrow(wanted: Wanted, *, apart: bool = False, uses_apart: bool = False) -> Iterator[ColumnElement[bool]]:
    yield Key.deleted_at.is_(None)
    if wanted.revoked is not None:
        yield Key.revoked_at.is_not(None) if wanted.revoked else Key.revoked_at.is_(None)
    if wanted.group_id is not None:
        yield _filtered(Key.group_id, apart=apart) == wanted.group_id
    if wanted.expiration == "valid":
        yield or_(Key.expires_at.is_(None), Key.expires_at > wanted.soon)
    elif wanted.expiration == "expiring_soon":
        yield from (Key.expires_at > wanted.now, Key.expires_at <= wanted.soon)
    elif wanted.expiration == "expired":
        yield Key.expires_at <= wanted.now
    if wanted.health is not None:
        yield QUESTIONS[wanted.health](wanted.about(apart=uses_apart))
    if wanted.creator is not None:
        yield _filtered(Key.created_by_member, apart=apart) == wanted.creator
    if wanted.endless:
        yield Key.expires_at.is_(None)
    if wanted.anywhere:
        yield Key.networks == ""
    yield from _found(wanted)


def _filtered(column: Any, *, apart: bool) -> Any:
    # In order, nobody may begin at an index of such a column and sort what may be nearly all keys of the tenant.
    return column if apart else func.coalesce(column, "")


def _used(wanted: Wanted, *, apart: bool = False) -> Iterator[ColumnElement[bool]]:
    if wanted.unused:
        yield used(wanted.about(apart=apart), Use.last_used_at.is_(None))
    if wanted.idle_since is not None:
        yield used(wanted.about(apart=apart), Use.last_used_at <= wanted.idle_since)


def _found(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    found = []
    if wanted.text is not None:
        found += [column.contains(wanted.text, autoescape=True) for column in (Key.name_folded, Key.description_folded)]
    if wanted.key_id is not None:
        found.append(Key.key_id.startswith(wanted.key_id, autoescape=True))
    if found:
        yield or_(*found)
