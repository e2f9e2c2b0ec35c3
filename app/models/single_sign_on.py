"""Single sign-on: connections to identity providers, whom they know, and who is on the way there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SsoConnection(Base):
    """An OpenID provider that a tenant's members sign in with. The client secret is sealed by the master key."""

    __tablename__ = "sso_connections"
    __table_args__ = (
        CheckConstraint("new_role IN ('tenant_administrator', 'super_user', 'auditor', 'member')", name="new_role"),
        Index("ix_sso_connections_tenant", "tenant_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    secret_sealed: Mapped[bytes]
    domains: Mapped[str]
    trust_addresses: Mapped[bool]
    new_role: Mapped[str | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class SsoLink(Base):
    """Which member a provider's subject is, from their first sign-in on; their address may change afterwards."""

    __tablename__ = "sso_links"
    __table_args__ = (Unique("connection_id", "member_id"), Index("ix_sso_links_member", "member_id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("sso_connections.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class SsoAttempt(Base):
    """A browser on its way to a provider and back. What it has to bring back is derived from its cookie."""

    __tablename__ = "sso_attempts"
    __table_args__ = (
        CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        Index("ix_sso_attempts_ends", "ends_at"),
    )
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("sso_connections.id"))
    session_id: Mapped[str | None]
    place: Mapped[str]
    kept: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
