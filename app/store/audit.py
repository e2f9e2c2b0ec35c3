"""The audit log: append to a chain, read it back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from app.domain import chain as chaining
from app.domain.events import DEPLOYMENT, Actor, Event
from app.domain.times import rfc3339
from app.models import AuditEvent, Chain


def open_chain(connection: Connection, chain: str, key: bytes) -> None:
    """Begin an empty chain for a tenant or the deployment."""
    seal = chaining.seal(key, chain, 0, chaining.START)
    connection.execute(insert(Chain).values(chain=chain, count=0, head=chaining.START, seal=seal))


def record(
    connection: Connection, key: bytes, event: Event, actor: Actor, now: datetime, *,
    tenant_id: str | None, object_kind: str, object_id: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:
    """Append one event, in the transaction of the change it tells of.

    key             the audit key
    tenant_id       whose chain; None for the deployment's
    before, after   what changed, JSON values only, never a secret
    """
    chain = tenant_id or DEPLOYMENT
    state = connection.execute(select(Chain.count.label("length"), Chain.head).where(Chain.chain == chain).with_for_update()).one()
    number = state.length + 1
    columns = {
        "chain": chain, "number": number, "event": str(event), "at": now, "actor_kind": actor.kind, "actor_id": actor.id,
        "address": actor.address, "request_id": actor.request_id, "object_kind": object_kind, "object_id": object_id,
        "before": json.dumps(before or {}, sort_keys=True), "after": json.dumps(after or {}, sort_keys=True),
    }
    head = chaining.link(key, state.head, as_linked(columns))
    connection.execute(insert(AuditEvent).values(**columns, link=head))
    sealed = chaining.seal(key, chain, number, head)
    connection.execute(update(Chain).where(Chain.chain == chain).values(count=number, head=head, seal=sealed))


def as_linked(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a row that its link covers: all of it, times to the microsecond."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in columns.items() if name != "link"}


def chains(connection: Connection) -> Sequence[Row[Any]]:
    """Every chain with its sealed count and head."""
    return connection.execute(select(*Chain.__table__.c).order_by(Chain.chain)).all()


def rows(connection: Connection, chain: str, batch: int = 1000) -> Iterator[Row[Any]]:
    """Walk a chain from its first row, a batch at a time."""
    number = 0
    while True:
        question = select(*AuditEvent.__table__.c).where(AuditEvent.chain == chain, AuditEvent.number > number)
        found = connection.execute(question.order_by(AuditEvent.number).limit(batch)).all()
        yield from found
        if len(found) < batch:
            return
        number = found[-1].number


def page(connection: Connection, chain: str | None, *, before: int | None, limit: int, filters: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Newest events first.

    chain     one chain, or None for all (then `before` does not apply)
    before    only rows with a smaller number, for the next page
    filters   `event`, `object_id`, `actor_id` (exact), `since`, `until` (instants)
    """
    question = select(*AuditEvent.__table__.c)
    if chain is not None:
        question = question.where(AuditEvent.chain == chain)
    if before is not None:
        question = question.where(AuditEvent.number < before)
    for name in ("event", "object_id", "actor_id"):
        if filters.get(name) is not None:
            question = question.where(getattr(AuditEvent, name) == filters[name])
    if filters.get("since") is not None:
        question = question.where(AuditEvent.at >= filters["since"])
    if filters.get("until") is not None:
        question = question.where(AuditEvent.at < filters["until"])
    order = (AuditEvent.number.desc(),) if chain is not None else (AuditEvent.at.desc(), AuditEvent.chain, AuditEvent.number.desc())
    return connection.execute(question.order_by(*order).limit(limit)).all()


def shown(row: Row[Any]) -> dict[str, Any]:
    """An event as answers and exports give it."""
    return {
        "chain": row.chain, "number": row.number, "event": row.event, "at": rfc3339(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id}, "address": row.address, "request_id": row.request_id,
        "object": {"kind": row.object_kind, "id": row.object_id}, "before": json.loads(row.before), "after": json.loads(row.after),
        "link": row.link.hex(),
    }
