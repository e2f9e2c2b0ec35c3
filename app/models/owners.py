"""Whose keys there are: the deployment, its tenants, their members, and what keys may hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, false, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Deployment(Base):
    """The one row about this deployment. `longest_token_seconds`: the longest any process has made tokens live."""

    __tablename__ = "deployment"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    master_fingerprint: Mapped[bytes]
    signing_keys_version: Mapped[int] = mapped_column(default=0)
    longest_token_seconds: Mapped[int | None]
    created_at: Mapped[datetime]


class Tenant(Base):
    """An organisation. `key_limit` NULL means none."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("plan IN ('standard', 'enterprise')", name="plan"),
        CheckConstraint("key_limit >= 0", name="key_limit"),
        CheckConstraint("rate_limit BETWEEN 1 AND 1000000000", name="rate_limit"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    plan: Mapped[str]
    key_limit: Mapped[int | None]
    rate_limit: Mapped[int]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    api_access: Mapped[bool] = mapped_column(default=True)
    max_overlap_seconds: Mapped[int] = mapped_column(default=604800)
    token_lifetime_seconds: Mapped[int | None]
    default_group_id: Mapped[str | None]
    key_managers: Mapped[str] = mapped_column(default="by_role", server_default=text("'by_role'"))
    max_lifetime_days: Mapped[int | None]
    expiring_soon_days: Mapped[int] = mapped_column(default=14, server_default=text("14"))
    confirmation_days: Mapped[int] = mapped_column(default=7, server_default=text("7"))
    require_ip_allowlist: Mapped[bool] = mapped_column(default=False, server_default=false())
    session_idle_seconds: Mapped[int] = mapped_column(default=1800, server_default=text("1800"))
    session_lifetime_seconds: Mapped[int] = mapped_column(default=43200, server_default=text("43200"))
    reauth_seconds: Mapped[int] = mapped_column(default=900, server_default=text("900"))
    require_mfa: Mapped[bool] = mapped_column(default=False, server_default=false())
    listed_keys: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Scope(Base):
    """A product scope of the catalogue."""

    __tablename__ = "scopes"
    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Group(Base):
    """A named set of scopes. Built-in ones belong to no tenant and follow the catalogue."""

    __tablename__ = "groups"
    __table_args__ = (
        Unique("tenant_id", "name_folded"),
        CheckConstraint("type IN ('tenant_api_key', 'resource_server', 'user', 'operator')", name="type"),
        CheckConstraint("(tenant_id IS NULL) = (built_in IS NOT NULL)", name="built_in_has_no_tenant"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str | None] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    name_folded: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    type: Mapped[str]
    built_in: Mapped[str | None]
    scopes: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Member(Base):
    """A person of a tenant. An operator may also manage the deployment's signing keys."""

    __tablename__ = "members"
    __table_args__ = (
        Unique("tenant_id", "email_folded"),
        CheckConstraint(
            "role IN ('global_admin', 'tenant_administrator', 'super_user', 'auditor', 'member')", name="role"
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    email: Mapped[str]
    email_folded: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    operator: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class OneTimeLink(Base):
    """A set-up or reset link: hashed, short-lived, working once."""

    __tablename__ = "one_time_links"
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
