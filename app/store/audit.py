"""The audit log: append to a chain, read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, or_, select, update

from app.domain import chain as chaining
from app.domain.events import DEPLOYMENT, Actor, Event
from app.domain.times import rfc3339
from app.models import AuditEvent, Chain, Tenant

# Built once: every change asks and writes these.
_STATE = select(Chain.count.label("length"), Chain.head).where(Chain.chain == bindparam("of")).with_for_update()
_APPEND = insert(AuditEvent)
_GROW = update(Chain).where(Chain.chain == bindparam("of"))
RECORDED = "recorded"  # what a connection's transaction has recorded, told to the log once it is committed


def open_chain(connection: Connection, chain: str, key: bytes) -> None:
    """Begin an empty chain for a tenant or the deployment."""
    seal = chaining.seal(key, chain, 0, chaining.START)
    connection.execute(insert(Chain).values(chain=chain, count=0, head=chaining.START, seal=seal))


def record(
    connection: Connection,
    key: bytes,
    event: Event,
    actor: Actor,
    now: datetime,
    *,
    tenant_id: str | None,
    object_kind: str,
    object_id: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one event, in the transaction of the change it tells of.

    key             the audit key
    tenant_id       whose chain; None for the deployment's
    before, after   what changed, JSON values only, never a secret
    """
    chain = tenant_id or DEPLOYMENT
    state = connection.execute(_STATE, {"of": chain}).one()
    number = state.length + 1
    columns = {
        "chain": chain,
        "number": number,
        "event": str(event),
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "address": actor.address,
        "request_id": actor.request_id,
        "object_kind": object_kind,
        "object_id": object_id,
        "before": json.dumps(before or {}, sort_keys=True),
        "after": json.dumps(after or {}, sort_keys=True),
    }
    head = chaining.link(key, state.head, as_linked(columns))
    connection.execute(_APPEND, {**columns, "link": head})
    seal = chaining.seal(key, chain, number, head)
    connection.execute(_GROW, {"of": chain, "count": number, "head": head, "seal": seal})
    connection.info.setdefault(RECORDED, []).append(
        {"chain": chain, "number": number, "recorded": str(event), "link": head.hex()}
    )


def as_linked(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a row that its link covers: all of it, times to the microsecond."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in columns.items()
        if name != "link"
    }


def chains(connection: Connection) -> Sequence[str]:
    """List the names of all chains."""
    return connection.execute(select(Chain.chain).order_by(Chain.chain)).scalars().all()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A chain as its seal has it: how many rows, the newest one's link."""

    length: int
    head: bytes
    seal: bytes


def sealed(connection: Connection, chain: str) -> Sealed | None:
    """Find a chain's sealed length and head; None without the chain."""
    row = connection.execute(select(Chain.count, Chain.head, Chain.seal).where(Chain.chain == chain)).first()
    return None if row is None else Sealed(*row)


def batch(connection: Connection, chain: str, after: int, limit: int) -> Sequence[Row[Any]]:
    """A chain's rows with a greater number than `after`, oldest first."""
    question = select(*AuditEvent.__table__.c).where(AuditEvent.chain == chain, AuditEvent.number > after)
    return connection.execute(question.order_by(AuditEvent.number).limit(limit)).all()


def tenants_ever(connection: Connection) -> frozenset[str]:
    """The ID of every tenant that is there, or that the deployment's chain has seen being created."""
    created = select(AuditEvent.object_id).where(
        AuditEvent.chain == DEPLOYMENT, AuditEvent.event == str(Event.TENANT_CREATED)
    )
    return frozenset(connection.execute(select(Tenant.id)).scalars()) | frozenset(connection.execute(created).scalars())


def page(
    connection: Connection,
    chain: str | None,
    *,
    after: tuple[datetime, str, int] | None,
    limit: int,
    filters: Mapping[str, Any],
) -> Sequence[Row[Any]]:
    """Newest events first.

    chain     one chain, or None for all
    after     time, chain and number of the last row of the page before
    filters   `event`, `object_id`, `actor_id`, `address` (exact), `since`, `until` (instants)
    """
    question = select(*AuditEvent.__table__.c)
    if chain is not None:
        question = question.where(AuditEvent.chain == chain)
    if after is not None:
        question = question.where(_beyond(chain, *after))
    for name in ("event", "object_id", "actor_id", "address"):
        if filters.get(name) is not None:
            question = question.where(getattr(AuditEvent, name) == filters[name])
    if filters.get("since") is not None:
        question = question.where(AuditEvent.at >= filters["since"])
    if filters.get("until") is not None:
        question = question.where(AuditEvent.at < filters["until"])
    order = (
        (AuditEvent.number.desc(),)
        if chain is not None
        else (AuditEvent.at.desc(), AuditEvent.chain, AuditEvent.number.desc())
    )
    return connection.execute(question.order_by(*order).limit(limit)).all()


def _beyond(chain: str | None, at: datetime, last: str, number: int) -> ColumnElement[bool]:
    # A chain's own order is its numbers; a clock that was set back must not make a page skip or repeat rows.
    if chain is not None:
        return AuditEvent.number < number
    same_chain = and_(AuditEvent.chain == last, AuditEvent.number < number)
    return or_(AuditEvent.at < at, and_(AuditEvent.at == at, or_(AuditEvent.chain > last, same_chain)))


def shown(row: Row[Any]) -> dict[str, Any]:
    """An event as answers and exports give it."""
    return {
        "chain": row.chain,
        "number": row.number,
        "event": row.event,
        "at": rfc3339(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
        "address": row.address,
        "request_id": row.request_id,
        "object": {"kind": row.object_kind, "id": row.object_id},
        "before": json.loads(row.before),
        "after": json.loads(row.after),
        "link": row.link.hex(),
    }
