"""The audit log: append to a chain, read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, or_, select, update

from app.domain import chain as chaining
from app.domain.events import DEPLOYMENT, Actor, Event
from app.domain.times import rfc3339
from app.models import AuditEvent, Chain, Tenant

# Built once: every change asks and writes these.
_STATE = select(Chain.count, Chain.head).where(Chain.chain == bindparam("of")).with_for_update()
_APPEND = insert(AuditEvent)
_GROW = update(Chain).where(Chain.chain == bindparam("of"))
NOTHING: Mapping[str, Any] = MappingProxyType({})
RECORDED = "recorded"  # what a connection's transaction has recorded, told to the log once it is committed


def open_chain(connection: Connection, chain: str, key: bytes) -> None:
    """Begin an empty chain for a tenant or the deployment."""
    seal = chaining.seal(key, chain, 0, chaining.START)
    connection.execute(insert(Chain).values(chain=chain, count=0, head=chaining.START, seal=seal))


class Told(NamedTuple):
    """One object of an event, and what changed of it: JSON values only, never a secret."""

    object_id: str
    before: Mapping[str, Any] = NOTHING
    after: Mapping[str, Any] = NOTHING


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
    told = [Told(object_id, before or NOTHING, after or NOTHING)]
    record_each(connection, key, event, actor, now, told, tenant_id=tenant_id, object_kind=object_kind)


def record_each(
    connection: Connection,
    key: bytes,
    event: Event,
    actor: Actor,
    now: datetime,
    told: Sequence[Told],
    *,
    tenant_id: str | None,
    object_kind: str,
) -> None:
    """Append the same event of several objects, each its own row, in this order; arguments as for `record`."""
    if not told:
        return
    chain = tenant_id or DEPLOYMENT
    length, head = connection.execute(_STATE, {"of": chain}).one()
    common = {"chain": chain, "event": str(event), "at": now, "object_kind": object_kind, **_who(actor)}
    rows = []
    for number, one in enumerate(told, length + 1):
        row = {**common, "number": number, "object_id": one.object_id, **_written(one)}
        head = chaining.link(key, head, as_linked(row))
        rows.append({**row, "link": head})
    connection.execute(_APPEND, rows)
    seal = chaining.seal(key, chain, length + len(rows), head)
    connection.execute(_GROW, {"of": chain, "count": length + len(rows), "head": head, "seal": seal})
    connection.info.setdefault(RECORDED, []).extend(
        {"chain": chain, "number": row["number"], "recorded": str(event), "link": row["link"].hex()} for row in rows
    )


def _who(actor: Actor) -> dict[str, Any]:
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "address": actor.address,
        "request_id": actor.request_id,
    }


def _written(told: Told) -> dict[str, str]:
    sides = {"before": told.before, "after": told.after}
    return {name: json.dumps(dict(side), sort_keys=True) for name, side in sides.items()}


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
