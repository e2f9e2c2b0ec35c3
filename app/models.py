"""Tables and the rules the database itself holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, ForeignKey, Index, Integer, LargeBinary, MetaData, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s",
}
# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
ACTIVE = text("state = 'active'")
LIVE = text("revoked_at IS NULL")
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware value."""
        if value is None:
            return None
        instant: datetime = value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)
        return instant


class Base(DeclarativeBase):
    """Every table of Keyturn."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant, bytes: LargeBinary, str: Text}  # noqa: RUF012 - SQLAlchemy's own form


class Deployment(Base):
    """The one row about this deployment."""

    __tablename__ = "deployment"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    master_fingerprint: Mapped[bytes]
    signing_keys_version: Mapped[int] = mapped_column(default=0)
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
        CheckConstraint("role IN ('global_admin', 'tenant_administrator', 'super_user', 'auditor', 'member')", name="role"),
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


class Key(Base):
    """An API key, which is an OAuth client. Its ID is never reused, so its row never goes."""

    __tablename__ = "keys"
    __table_args__ = (
        CheckConstraint("kind IN ('tenant_api_key', 'resource_server', 'operator')", name="kind"),
        CheckConstraint("kind <> 'tenant_api_key' OR tenant_id IS NOT NULL", name="tenant_keys_have_a_tenant"),
        CheckConstraint("deleted_at IS NULL OR revoked_at IS NOT NULL", name="deleted_are_revoked"),
        CheckConstraint("length(name) BETWEEN 2 AND 200", name="name"),
        Index("ix_keys_created", "tenant_id", "kind", "created_at", "key_id"),
        Index("ix_keys_name", "tenant_id", "kind", "name_folded", "key_id"),
        Index("ix_keys_expires", "tenant_id", "kind", "expires_at", "key_id"),
        Index("ix_keys_group", "group_id", "key_id"),
        Index("ix_keys_creator", "created_by_member"),
        Index("ix_keys_audience", "audience"),
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
    __table_args__ = (Index("ix_audit_events_object", "chain", "object_id", "number"), Index("ix_audit_events_at", "at"))
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


class IdempotentAnswer(Base):
    """What a create or rotate answered, without its secret, so that a repeat changes nothing."""

    __tablename__ = "idempotent_answers"
    caller: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[str]
    kept_until: Mapped[datetime] = mapped_column(index=True)


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
