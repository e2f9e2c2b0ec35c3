"""Verifiers that poll with credentials, and how far revocations have come among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from app.domain.propagation import FORGOTTEN_AFTER, Known, Part, Place, Poll, part_of
from app.models import Enforcement, Key, Propagation, StatusList, Verifier

MOST_SHOWN = 1000
_PROPAGATION = tuple(Propagation.__table__.c)


def note(connection: Connection, polls: Mapping[Place, Sequence[Poll]]) -> None:
    """Add polls to what is known of each verifier; what others wrote meanwhile stays when it is newer."""
    for place in sorted(polls):
        where = _at(place)
        row = connection.execute(select(*Verifier.__table__.c).where(*where).with_for_update()).first()
        columns = _merged(row, polls[place])
        if row is None:
            connection.execute(insert(Verifier).values(**place._asdict(), **columns))
        else:
            connection.execute(update(Verifier).where(*where).values(**columns))


def _merged(row: Row[Any] | None, polls: Sequence[Poll]) -> dict[str, Any]:
    last = max(polls, key=lambda poll: poll.at)
    told = [poll for poll in polls if poll.asked is not None]
    held = max(told, key=lambda poll: poll.at, default=None)
    given = max(poll.given for poll in polls)
    given_at = min(poll.at for poll in polls if poll.given == given)
    found: dict[str, Any] = {"given_version": given, "given_at": given_at}
    if row is not None and row.given_version >= given:
        found = {}
    if row is None or last.at >= row.seen_at:
        found |= {"seen_at": last.at, "address": last.address, "client": last.client}
    if held is not None and (row is None or row.held_at is None or held.at >= row.held_at):
        found |= {"held_version": held.asked, "held_at": held.at}
    first = min(poll.at for poll in polls)
    if row is None or first < row.first_at:
        found["first_at"] = first
    return found or {"seen_at": row.seen_at if row is not None else last.at}


def _at(place: Place) -> tuple[ColumnElement[bool], ...]:
    return (
        Verifier.key_id == place.key_id,
        Verifier.instance == place.instance,
        Verifier.list_number == place.list_number,
    )


def forget(connection: Connection, now: datetime) -> None:
    """Forget verifiers that have not been seen for a week."""
    connection.execute(delete(Verifier).where(Verifier.seen_at < now - FORGOTTEN_AFTER))


def shown(connection: Connection, tenant_id: str | None) -> Sequence[Any]:
    """Verifiers that see a tenant's tokens (None: anybody's), with name, tenant and their list's current version."""
    current = func.coalesce(StatusList.version, 0).label("current_version")
    question = (
        select(*Verifier.__table__.c, Key.name, Key.tenant_id, current)
        .join(Key, Key.key_id == Verifier.key_id)
        .outerjoin(StatusList, StatusList.number == Verifier.list_number)
        .where(Key.revoked_at.is_(None))
    )
    if tenant_id is not None:
        question = question.where(or_(Key.tenant_id.is_(None), Key.tenant_id == tenant_id))
    order = (Key.name_folded, Verifier.key_id, Verifier.instance, Verifier.list_number)
    return connection.execute(question.order_by(*order).limit(MOST_SHOWN)).all()


# ---- propagations


def any_open(connection: Connection) -> bool:
    """Whether any revocation is still on its way."""
    return (
        connection.execute(select(Propagation.number).where(Propagation.ended_at.is_(None)).limit(1)).first()
        is not None
    )


def all_open(connection: Connection) -> Sequence[Row[Any]]:
    """Revocations on their way, oldest first."""
    question = select(*_PROPAGATION).where(Propagation.ended_at.is_(None)).order_by(Propagation.number)
    return connection.execute(question).all()


def of_key(connection: Connection, key_id: str, limit: int) -> Sequence[Row[Any]]:
    """The newest revocations of a key's, newest first."""
    question = select(*_PROPAGATION).where(Propagation.key_id == key_id)
    return connection.execute(question.order_by(Propagation.number.desc()).limit(limit)).all()


def end(connection: Connection, number: int, now: datetime) -> bool:
    """A revocation is followed no more; False when another process has said so."""
    where = (Propagation.number == number, Propagation.ended_at.is_(None))
    return connection.execute(update(Propagation).where(*where).values(ended_at=now)).rowcount == 1


def known(connection: Connection, propagation: Row[Any], patience: timedelta) -> list[Known]:
    """The verifiers that a revocation has to reach: those that asked for its list no longer than this before it."""
    part = (
        (Enforcement.propagation == propagation.number)
        & (Enforcement.key_id == Verifier.key_id)
        & (Enforcement.instance == Verifier.instance)
    )
    counts = (
        Verifier.list_number == propagation.list_number,
        Verifier.first_at <= propagation.at,
        Verifier.seen_at >= propagation.at - patience,
        Key.revoked_at.is_(None),
        or_(Key.tenant_id.is_(None), Key.tenant_id == propagation.tenant_id),
    )
    columns = (Verifier.key_id, Verifier.instance, Verifier.seen_at, Enforcement.given_at, Enforcement.confirmed_at)
    question = select(*columns).join(Key, Key.key_id == Verifier.key_id).outerjoin(Enforcement, part).where(*counts)
    rows = connection.execute(question.order_by(Verifier.key_id, Verifier.instance)).all()
    return [Known(row.key_id, row.instance, row.seen_at, Part(row.given_at, row.confirmed_at)) for row in rows]


def add_parts(connection: Connection, propagation: Row[Any], polls: Mapping[Place, Iterable[Poll]]) -> None:
    """Add what polls tell about the version of one revocation."""
    for place in sorted(place for place in polls if place.list_number == propagation.list_number):
        where = (
            Enforcement.propagation == propagation.number,
            Enforcement.key_id == place.key_id,
            Enforcement.instance == place.instance,
        )
        columns = (Enforcement.given_at, Enforcement.confirmed_at)
        row = connection.execute(select(*columns).where(*where).with_for_update()).first()
        before = Part(*row) if row is not None else Part()
        after = part_of(polls[place], propagation.version, before)
        values = {"given_at": after.given_at, "confirmed_at": after.confirmed_at}
        if row is None and after != before:
            named = {"propagation": propagation.number, "key_id": place.key_id, "instance": place.instance}
            connection.execute(insert(Enforcement).values(**named, **values))
        elif after != before:
            connection.execute(update(Enforcement).where(*where).values(**values))
