"""Signing keys and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

ACTIVE = text("state = 'active'")


class SigningKey(Base):
    """A signing key. The sealed private half goes as soon as it signs no more."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("state IN ('next', 'active', 'verifying', 'retired', 'revoked')", name="state"),
        Index("uq_signing_keys_active", "state", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
    )
    kid: Mapped[str] = mapped_column(primary_key=True)
    alg: Mapped[str]
    state: Mapped[str]
    public_jwk: Mapped[str]
    sealed_private: Mapped[bytes | None]
    published_at: Mapped[datetime]
    usable_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    last_token_expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fetches: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    fetched_at: Mapped[datetime | None]


class Chain(Base):
    """Length and head of one audit chain, sealed."""

    __tablename__ = "audit_chains"
    chain: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes]
    seal: Mapped[bytes]


class AuditEvent(Base):
    """One state change: who, when, from where, before and after."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_object", "chain", "object_id", "number"),
        Index("ix_audit_events_at", "at"),
    )
    chain: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event: Mapped[str]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    link: Mapped[bytes]
