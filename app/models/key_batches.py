"""Changes of many keys at once: what was asked for, how far it is, and what became of each key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

OPEN = text("ended_at IS NULL")


class KeyBatch(Base):
    """One change of many keys, as a member asked for it. Whoever works on it goes on where the last one ended."""

    __tablename__ = "key_batches"
    __table_args__ = (
        CheckConstraint("verb IN ('revoke', 'delete', 'change_group')", name="verb"),
        CheckConstraint("stopped IS NULL OR ended_at IS NOT NULL", name="stopped_are_over"),
        Index("ix_key_batches_open", "worked_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_key_batches_created", "created_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    verb: Mapped[str]
    reason: Mapped[str | None]
    group_id: Mapped[str | None]
    created_at: Mapped[datetime]
    worked_at: Mapped[datetime]
    total: Mapped[int]
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    stopped: Mapped[str | None]


class KeyBatchItem(Base):
    """One key of a batch. `outcome` is NULL until it is its turn, then `changed` or the code of what kept it."""

    __tablename__ = "key_batch_items"
    __table_args__ = (Index("ix_key_batch_items_outcome", "batch_id", "outcome", "number"),)
    batch_id: Mapped[str] = mapped_column(ForeignKey("key_batches.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[str]
    outcome: Mapped[str | None]
    message: Mapped[str | None]
