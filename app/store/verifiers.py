"""Verifiers that poll with credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from app.domain.propagation import FORGOTTEN_AFTER, Place, Poll
from app.models import Key, StatusList, Verifier

MOST_SHOWN = 1000
_TOLD = tuple(column.name for column in Verifier.__table__.c if column.name not in Place._fields)


def note(connection: Connection, polls: Mapping[Place, Sequence[Poll]]) -> None:
    """Add polls to what is known of each verifier; what others wrote meanwhile stays when it is newer."""
    columns = Verifier.__table__.c
    question = select(*columns).where(Verifier.key_id.in_({place.key_id for place in polls}))
    in_order = question.order_by(Verifier.key_id, Verifier.instance, Verifier.list_number).with_for_update()
    known = {Place(row.key_id, row.instance, row.list_number): row for row in connection.execute(in_order)}
    new = [place._asdict() | _merged(None, polls[place]) for place in sorted(polls.keys() - known.keys())]
    if new:
        connection.execute(insert(Verifier), new)
    old = [
        _bound(place._asdict()) | _merged(known[place], polls[place]) for place in sorted(polls.keys() & known.keys())
    ]
    if old:
        bound = [columns[name] == bindparam(f"of_{name}") for name in Place._fields]
        connection.execute(update(Verifier).where(*bound), old)


def _bound(named: Mapping[str, Any]) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in named.items()}


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
