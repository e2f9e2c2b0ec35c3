"""Evidence of use: sums that are written now and then, apart from the keys they tell of.

No foreign keys: even checking one would lock the key's row in PostgreSQL, and no use may ever touch that.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

IN_BROWSERS, CALLED_DEAD = text("origin IS NOT NULL"), text("dead_call_at IS NOT NULL")


class KeyUse(Base):
    """When a key was last of use to somebody; made with the key, so that keys never used have their place in lists.

    last_used_at   the last call that succeeded; address and client are those of it
    dead_call_at   the last call with a right secret while the key was revoked or expired
    """

    __tablename__ = "key_uses"
    __table_args__ = (
        Index("ix_key_uses_last_used", "tenant_id", "kind", "last_used_at", "key_id"),
        Index(
            "ix_key_uses_dead",
            *("tenant_id", "kind", "dead_call_at"),
            sqlite_where=CALLED_DEAD,
            postgresql_where=CALLED_DEAD,
        ),
    )
    key_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str | None]
    kind: Mapped[str]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str | None]
    last_used_client: Mapped[str | None]
    dead_call_at: Mapped[datetime | None]


class SecretUse(Base):
    """What one secret was used for, its tokens included.

    last_call_at    the last call, whatever came of it
    last_check_at   when somebody last introspected one of its tokens
    late_calls      calls made after it had been replaced, be it within an overlap or after its end
    origin          a browser's `Origin`, when one came with it
    """

    __tablename__ = "secret_uses"
    __table_args__ = (
        Index("ix_secret_uses_key", "key_id"),
        Index("ix_secret_uses_origin", "origin_at", sqlite_where=IN_BROWSERS, postgresql_where=IN_BROWSERS),
    )
    secret_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key_id: Mapped[str]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str | None]
    last_used_client: Mapped[str | None]
    last_call_at: Mapped[datetime | None]
    last_check_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(BigInteger)
    late_calls: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str | None]
    origin_at: Mapped[datetime | None]


class UsageDay(Base):
    """One day of one secret, by outcome. The day is the tenant's own, by the time zone it had when it was written.

    secret_number   0 for calls whose secret did not verify
    """

    __tablename__ = "usage_days"
    __table_args__ = (Index("ix_usage_days_day", "day"),)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    secret_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ok: Mapped[int] = mapped_column(BigInteger)
    unauthorized: Mapped[int] = mapped_column(BigInteger)
    forbidden: Mapped[int] = mapped_column(BigInteger)
    limited: Mapped[int] = mapped_column(BigInteger)
    other: Mapped[int] = mapped_column(BigInteger)
    checks: Mapped[int] = mapped_column(BigInteger)


class CallerSeen(Base):
    """Who calls with a key: an address and a client, both "" when unknown.

    late_calls      as of the secret
    revoked_calls   calls refused because the key had been revoked or deleted
    """

    __tablename__ = "callers"
    __table_args__ = (Index("ix_callers_key", "key_id", "last_at"), Index("ix_callers_last", "last_at"))
    key_id: Mapped[str] = mapped_column(primary_key=True)
    secret_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    calls: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    late_calls: Mapped[int] = mapped_column(BigInteger)
    revoked_calls: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str | None]
