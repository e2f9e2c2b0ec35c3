"""Pages of a tenant's keys, by keyset: every page is a stretch of an index, however far in it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, or_, select, tuple_

from app.domain.health import Question
from app.models import Key, KeyUse
from app.store.key_health import QUESTIONS, About, Use, used
from app.store.key_orders import Order, Place, Stretch, groups_from, stretches


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

    def about(self, *, apart: bool) -> About:
        """For the conditions about use and health."""
        return About(self.tenant_id, self.kind, self.now, self.soon, apart)


def page(connection: Connection, wanted: Wanted, order: Order, after: Place | None, limit: int) -> list[Row[Any]]:
    """Key IDs of a page, each with `place`, what it is ordered by.

    after     `place` and key ID of the last row of the page before
    returns   at most `limit` rows
    """
    groups: Sequence[Row[Any]] = ()
    if order.sort == "group":
        groups = groups_from(connection, wanted.tenant_id, wanted.kind, order, after, wanted.group_id)
    rows: list[Row[Any]] = []
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
        return wanted.revoked is not None and stretch.holds("active") == wanted.revoked
    values, nothing = {
        "expires": (wanted.expiration in {"expiring_soon", "expired"}, wanted.endless),
        "last_used": (wanted.idle_since is not None, wanted.unused),
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
        return question.where(*mine, *_narrow(wanted), *_used(wanted))
    # The owner is asked for in the table whose index has the order, and only there: that is where to begin.
    mine = (KeyUse.tenant_id == wanted.tenant_id, KeyUse.kind == wanted.kind)
    question = question.join(Key, Key.key_id == KeyUse.key_id)
    if wanted.unused:
        question = question.where(KeyUse.last_used_at.is_(None))
    if wanted.idle_since is not None:
        question = question.where(KeyUse.last_used_at <= wanted.idle_since)
    return question.where(*mine, *_narrow(wanted))


def few(wanted: Wanted, *more: Any) -> Select[Any]:
    """The key IDs of a list in no order, asked for in the way that is best when few of very many are in it.

    more   columns of keys to bring along
    """
    mine = (Key.tenant_id == wanted.tenant_id, Key.kind == wanted.kind)
    return select(Key.key_id, *more).where(*mine, *_narrow(wanted, apart=True), *_used(wanted, apart=True))


def _narrow(wanted: Wanted, *, apart: bool = False) -> Iterator[ColumnElement[bool]]:
    yield Key.deleted_at.is_(None)
    if wanted.revoked is not None:
        yield Key.revoked_at.is_not(None) if wanted.revoked else Key.revoked_at.is_(None)
    if wanted.group_id is not None:
        yield Key.group_id == wanted.group_id
    if wanted.expiration == "valid":
        yield or_(Key.expires_at.is_(None), Key.expires_at > wanted.soon)
    elif wanted.expiration == "expiring_soon":
        yield from (Key.expires_at > wanted.now, Key.expires_at <= wanted.soon)
    elif wanted.expiration == "expired":
        yield Key.expires_at <= wanted.now
    if wanted.health is not None:
        yield QUESTIONS[wanted.health](wanted.about(apart=apart))
    if wanted.creator is not None:
        yield Key.created_by_member == wanted.creator
    if wanted.endless:
        yield Key.expires_at.is_(None)
    if wanted.anywhere:
        yield Key.networks == ""
    yield from _found(wanted)


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
