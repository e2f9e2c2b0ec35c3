"""Keys, their secrets, and what is remembered of their use."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, RowNumber

LIVE = text("revoked_at IS NULL")
REVOKED = text("revoked_at IS NOT NULL")
LISTED = text("revoked_at IS NOT NULL AND deleted_at IS NULL")  # of those that are revoked
ENDING, CURRENT = text("ends_at IS NOT NULL"), text("ends_at IS NULL")
# What lists filter by stands in an index as well: few keys among very many are found without looking at the others.
FILTERED = ("deleted_at", "revoked_at", "expires_at", "group_id", "created_by_member")
ENDS = tuple(name for name in FILTERED if name != "expires_at")


class Key(Base):
    """An API key, which is an OAuth client. Its ID is never reused, so its row never goes."""

    __tablename__ = "keys"
    __table_args__ = (
        CheckConstraint("kind IN ('tenant_api_key', 'resource_server', 'operator')", name="kind"),
        CheckConstraint("kind <> 'tenant_api_key' OR tenant_id IS NOT NULL", name="tenant_keys_have_a_tenant"),
        CheckConstraint("deleted_at IS NULL OR revoked_at IS NOT NULL", name="deleted_are_revoked"),
        CheckConstraint("length(name) BETWEEN 2 AND 200", name="name"),
        Index("ix_keys_tenant", "tenant_id", "kind"),  # in the order of the table: whatever reads whole rows goes here
        Index("ix_keys_created", "tenant_id", "kind", "created_at", "key_id", *FILTERED),
        Index("ix_keys_name", "tenant_id", "kind", "name_folded", "key_id", *FILTERED),
        Index("ix_keys_expires", "tenant_id", "kind", "expires_at", "key_id", *ENDS),
        Index("ix_keys_group", "group_id", "tenant_id", "kind", "key_id"),
        Index("ix_keys_active", "tenant_id", "kind", "key_id", sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_keys_ended", "tenant_id", "kind", "key_id", sqlite_where=LISTED, postgresql_where=LISTED),
        Index("ix_keys_creator", "created_by_member"),
        Index("ix_keys_audience", "audience"),
        Index("ix_keys_revoked", "revoked_at", sqlite_where=REVOKED, postgresql_where=REVOKED),
        Index("ix_keys_live", "tenant_id", "kind", "expires_at", sqlite_where=LIVE, postgresql_where=LIVE),
    )
    key_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str | None] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str]
    name: Mapped[str]
    name_folded: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    description_folded: Mapped[str] = mapped_column(default="")
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"))
    audience: Mapped[str | None]
    networks: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    created_by_member: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Secret(Base):
    """A secret's keyed hash, kept after its end so that late calls can be recognised."""

    __tablename__ = "secrets"
    __table_args__ = (
        CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        Unique("key_id", "fingerprint"),
        Index("ix_secrets_ends", "ends_at", sqlite_where=ENDING, postgresql_where=ENDING),
        Index("ix_secrets_current", "key_id", "created_at", sqlite_where=CURRENT, postgresql_where=CURRENT),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.key_id"))
    status_reference: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    fingerprint: Mapped[bytes]
    pepper: Mapped[int]
    tail: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class RevokedToken(Base):
    """A token taken back by its owner, remembered until it would have expired anyway."""

    __tablename__ = "revoked_tokens"
    jti: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.key_id"))
    revoked_at: Mapped[datetime]
    kept_until: Mapped[datetime] = mapped_column(index=True)


class IdempotentAnswer(Base):
    """What a create or rotate answered, without its secret, so that a repeat changes nothing."""

    __tablename__ = "idempotent_answers"
    caller: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[str]
    kept_until: Mapped[datetime] = mapped_column(index=True)
