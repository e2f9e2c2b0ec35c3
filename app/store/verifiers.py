"""Verifiers that poll with credentials, and how far revocations have come among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from app.domain.propagation import FORGOTTEN_AFTER, Known, Part, Place, Poll, part_of
from app.models import Enforcement, Key, Propagation, StatusList, Verifier

MOST_SHOWN = 1000
_TOLD = tuple(column.name for column in Verifier.__table__.c if column.name not in Place._fields)
_PROPAGATION = tuple(Propagation.__table__.c)


def note(connection: Connection, polls: Mapping[Place, Sequence[Poll]]) -> None:
    """Add polls to what is known of each verifier; what others wrote meanwhile stays when it is newer."""
    columns = Verifier.__table__.c
    question = select(*columns).where(Verifier.key_id.in_({place.key_id for place in polls}))
    in_order = question.order_by(Verifier.key_id, Verifier.instance, Verifier.list_number).with_for_update()
    known = {Place(row.key_id, row.instance, row.list_number): row for row in connection.execute(in_order)}
    new = [place._asdict() | _merged(None, polls[place]) for place in sorted(polls.keys() - known.keys())]
    if new:
        connection.execute(insert(Verifier), new)
    old = [_bound(place) | _merged(known[place], polls[place]) for place in sorted(polls.keys() & known.keys())]
    if old:
        bound = [columns[name] == bindparam(f"of_{name}") for name in Place._fields]
        connection.execute(update(Verifier).where(*bound), old)


def _bound(place: Place) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in place._asdict().items()}


def _merged(row: Row[Any] | None, polls: Sequence[Poll]) -> dict[str, Any]:
    """All that is to be known of a verifier: what the row says, or what is newer."""
    found = {name: getattr(row, name) for name in _TOLD} if row is not None else dict.fromkeys(_TOLD)
    for poll in sorted(polls, key=lambda poll: poll.at):
        if found["first_at"] is None or poll.at < found["first_at"]:
            found["first_at"] = poll.at
        if found["given_version"] is None or poll.given > found["given_version"]:
            found |= {"given_version": poll.given, "given_at": poll.at}
        if poll.asked is not None and (found["held_at"] is None or poll.at >= found["held_at"]):
            found |= {"held_version": poll.asked, "held_at": poll.at}
        if found["seen_at"] is None or poll.at >= found["seen_at"]:
            found |= {"seen_at": poll.at, "address": poll.address, "client": poll.client}
    return found


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
