"""Changes of many keys: what was asked for, what is still to do, what became of each key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from app.models import KeyBatch, KeyBatchItem

CHANGED = "changed"
COLUMNS = tuple(KeyBatch.__table__.c)
_ITEM = KeyBatchItem


def add(connection: Connection, key_ids: Sequence[str], **columns: Any) -> None:
    """Write down what is to be done to which keys."""
    connection.execute(insert(KeyBatch).values(**columns, total=len(key_ids)))
    rows = [{"batch_id": columns["id"], "number": number, "key_id": key} for number, key in enumerate(key_ids)]
    connection.execute(insert(KeyBatchItem), rows)


def find(connection: Connection, tenant_id: str, batch_id: str) -> Row[Any] | None:
    """A batch looked up through its tenant."""
    question = select(*COLUMNS).where(KeyBatch.id == batch_id, KeyBatch.tenant_id == tenant_id)
    return connection.execute(question).first()


def waiting(connection: Connection) -> str | None:
    """The open batch that nobody has worked on for the longest time."""
    question = select(KeyBatch.id).where(KeyBatch.ended_at.is_(None)).order_by(KeyBatch.worked_at).limit(1)
    found: str | None = connection.execute(question).scalar()
    return found


def take(connection: Connection, batch_id: str, now: datetime) -> Row[Any] | None:
    """An open batch, for this transaction alone; None when it is over."""
    mine = (KeyBatch.id == batch_id, KeyBatch.ended_at.is_(None))
    return connection.execute(update(KeyBatch).where(*mine).values(worked_at=now).returning(*COLUMNS)).first()


def left(connection: Connection, batch_id: str, limit: int) -> list[str]:
    """The next keys whose turn it is."""
    question = select(_ITEM.key_id).where(_ITEM.batch_id == batch_id, _ITEM.outcome.is_(None))
    return list(connection.execute(question.order_by(_ITEM.number).limit(limit)).scalars())


def note(connection: Connection, batch_id: str, changed: Sequence[str], unchanged: Iterable[dict[str, str]]) -> None:
    """Write down what became of some keys: IDs, and rows of `client_id`, `error`, `message`."""
    became: dict[tuple[str, str | None], list[str]] = {(CHANGED, None): list(changed)} if changed else {}
    kept = list(unchanged)
    for row in kept:
        became.setdefault((row["error"], row["message"]), []).append(row["client_id"])
    mine = (_ITEM.batch_id == batch_id, _ITEM.outcome.is_(None))
    for (outcome, message), key_ids in became.items():
        theirs = update(KeyBatchItem).where(*mine, _ITEM.key_id.in_(key_ids))
        connection.execute(theirs.values(outcome=outcome, message=message))
    sums = {"changed": KeyBatch.changed + len(changed), "unchanged": KeyBatch.unchanged + len(kept), "failures": 0}
    connection.execute(update(KeyBatch).where(KeyBatch.id == batch_id).values(**sums))


def end(connection: Connection, batch_id: str, now: datetime, stopped: str | None = None) -> None:
    """Work on a batch no more; `stopped` says why when something is left."""
    connection.execute(update(KeyBatch).where(KeyBatch.id == batch_id).values(ended_at=now, stopped=stopped))


def failed(connection: Connection, batch_id: str, now: datetime) -> int:
    """Count a transaction that came to nothing; how many in a row."""
    mine = KeyBatch.id == batch_id
    connection.execute(update(KeyBatch).where(mine).values(failures=KeyBatch.failures + 1, worked_at=now))
    number: int = connection.execute(select(KeyBatch.failures).where(mine)).scalar_one()
    return number


def unchanged(connection: Connection, batch_id: str, limit: int) -> list[Row[Any]]:
    """The first keys that stayed as they were: `key_id`, `outcome`, `message`."""
    question = (
        select(_ITEM.key_id, _ITEM.outcome, _ITEM.message)
        .where(_ITEM.batch_id == batch_id, _ITEM.outcome.is_not(None), _ITEM.outcome != CHANGED)
        .order_by(_ITEM.number)
        .limit(limit)
    )
    return list(connection.execute(question))


def forget(connection: Connection, before: datetime) -> None:
    """Delete what ended long ago."""
    old = select(KeyBatch.id).where(KeyBatch.created_at < before, KeyBatch.ended_at.is_not(None))
    connection.execute(delete(KeyBatchItem).where(_ITEM.batch_id.in_(old)))
    connection.execute(delete(KeyBatch).where(KeyBatch.created_at < before, KeyBatch.ended_at.is_not(None)))
