"""Revocations on their way to verifiers, and the part that each verifier has in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from app.domain.propagation import Known, Part, Place, Poll, part_of
from app.models import Enforcement, Key, Propagation, Verifier

Parts = dict[tuple[int, str, str], Part]  # by the number of a revocation, and key ID and instance of a verifier
_PROPAGATION = tuple(Propagation.__table__.c)
_PRIMARY = tuple(Enforcement.__table__.primary_key)
_WHICH = tuple(column.name for column in _PRIMARY)
_BOUND = tuple(f"of_{name}" for name in _WHICH)


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


def add_parts(connection: Connection, propagations: Sequence[Row[Any]], polls: Mapping[Place, Sequence[Poll]]) -> Parts:
    """Add what polls tell about the versions of revocations, and give what is known by then.

    Also of verifiers that are not known to count: another process may have yet to write that it heard of them before.
    """
    found = parts(connection, propagations, for_update=bool(polls))
    tenants = _tenants(connection, {place.key_id for place in polls})
    new, changed = [], []
    for one in propagations:
        for place in sorted(place for place in polls if place.list_number == one.list_number):
            which = (one.number, place.key_id, place.instance)
            had = found.get(which)
            after = part_of(polls[place], one.version, had or Part())
            if after.says_no_more_than(had or Part()) or not _sees(tenants, place.key_id, one):
                continue
            found[which] = after
            if had is None:
                new.append(dict(zip(_WHICH, which, strict=True)) | after._asdict())
            else:
                changed.append(dict(zip(_BOUND, which, strict=True)) | after._asdict())
    if new:
        connection.execute(insert(Enforcement), new)
    if changed:
        same = [column == bindparam(name) for column, name in zip(_PRIMARY, _BOUND, strict=True)]
        connection.execute(update(Enforcement).where(*same), changed)
    return found


def known(
    connection: Connection, propagations: Sequence[Row[Any]], patience: timedelta, parts: Parts
) -> dict[int, list[Known]]:
    """The verifiers that each revocation has to reach: those that asked for its list no longer than this before it.

    parts     what is known of the part of each
    returns   by the revocation's number
    """
    if not propagations:
        return {}
    columns = (Verifier.key_id, Verifier.instance, Verifier.list_number, Verifier.first_at, Verifier.seen_at)
    question = select(*columns).where(
        Verifier.seen_at >= min(row.at for row in propagations) - patience,
        Verifier.list_number.in_({row.list_number for row in propagations}),
    )
    polled = connection.execute(question.order_by(Verifier.key_id, Verifier.instance)).all()
    tenants = _tenants(connection, {row.key_id for row in polled})
    return {
        one.number: [
            Known(row.key_id, row.instance, row.seen_at, parts.get((one.number, row.key_id, row.instance), Part()))
            for row in polled
            if row.list_number == one.list_number
            and row.first_at <= one.at
            and row.seen_at >= one.at - patience
            and _sees(tenants, row.key_id, one)
        ]
        for one in propagations
    }


def _sees(tenants: Mapping[str, str | None], key_id: str, propagation: Row[Any]) -> bool:
    """Whether a verifier's key still works and sees the tokens of a revocation's tenant."""
    return key_id in tenants and tenants[key_id] in {None, propagation.tenant_id}


def _tenants(connection: Connection, key_ids: Collection[str]) -> dict[str, str | None]:
    """Whose each key is, of those that still work; None for the deployment's."""
    question = select(Key.key_id, Key.tenant_id).where(Key.key_id.in_(key_ids), Key.revoked_at.is_(None))
    return {row.key_id: row.tenant_id for row in connection.execute(question)}


def parts(connection: Connection, propagations: Sequence[Row[Any]], *, for_update: bool = False) -> Parts:
    """What is known of each verifier's part of revocations."""
    question = select(*Enforcement.__table__.c).where(Enforcement.propagation.in_([row.number for row in propagations]))
    if for_update:  # in one order, or processes would wait for each other
        question = question.order_by(*_PRIMARY).with_for_update()
    rows = connection.execute(question)
    return {(row.propagation, row.key_id, row.instance): Part(row.given_at, row.confirmed_at) for row in rows}
