"""Begin: the deployment, its tenants, groups, members, keys and secrets, its signing keys, the audit log.

Names of constraints follow the convention of `app.models`, which must therefore never change.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _deployment()
    _audit_log()
    _signing_keys()
    _tenants_and_members()
    _groups_and_scopes()
    _keys()
    _secrets_and_tokens()
    _links_and_answers()


def downgrade() -> None:
    for table in ("idempotent_answers", "one_time_links", "revoked_tokens", "secrets", "keys", "scopes", "groups"):
        op.drop_table(table)
    for table in ("members", "tenants", "signing_keys", "audit_events", "audit_chains", "deployment"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        *_required(sa.LargeBinary, "master_fingerprint"),
        *_required(sa.Integer, "signing_keys_version"),
        *_required(INSTANT, "created_at"),
        sa.CheckConstraint("id = 1", name="only_one"),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("chain", sa.Text, primary_key=True),
        *_required(sa.BigInteger, "count"),
        *_required(sa.LargeBinary, "head", "seal"),
    )
    op.create_table(
        "audit_events",
        sa.Column("chain", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        *_required(sa.Text, "event"),
        *_required(INSTANT, "at"),
        *_required(sa.Text, "actor_kind", "actor_id"),
        *_optional(sa.Text, "address", "request_id"),
        *_required(sa.Text, "object_kind", "object_id", "before", "after"),
        *_required(sa.LargeBinary, "link"),
    )
    op.create_index("ix_audit_events_object", "audit_events", ["chain", "object_id", "number"])
    op.create_index("ix_audit_events_at", "audit_events", ["at"])


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        *_required(sa.Text, "alg", "state", "public_jwk"),
        *_optional(sa.LargeBinary, "sealed_private"),
        *_required(INSTANT, "published_at", "usable_at"),
        *_optional(INSTANT, "activated_at", "deactivated_at", "last_token_expires_at", "ended_at"),
        sa.CheckConstraint("state IN ('next', 'active', 'verifying', 'retired', 'revoked')", name="state"),
    )
    active = sa.text("state = 'active'")
    op.create_index(
        "uq_signing_keys_active",
        "signing_keys",
        ["state"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _tenants_and_members() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        *_required(sa.Text, "plan"),
        *_optional(sa.Integer, "key_limit"),
        *_required(sa.Integer, "rate_limit"),
        *_required(sa.Text, "time_zone"),
        *_required(sa.Boolean, "api_access"),
        *_required(sa.Integer, "max_overlap_seconds"),
        *_optional(sa.Integer, "token_lifetime_seconds"),
        *_optional(sa.Text, "default_group_id"),
        *_required(sa.Integer, "listed_keys"),
        *_required(INSTANT, "created_at"),
        *_optional(INSTANT, "closed_at"),
        *_required(sa.Integer, "version"),
        sa.CheckConstraint("plan IN ('standard', 'enterprise')", name="plan"),
        sa.CheckConstraint("key_limit >= 0", name="key_limit"),
        sa.CheckConstraint("rate_limit BETWEEN 1 AND 1000000000", name="rate_limit"),
    )
    roles = "'global_admin', 'tenant_administrator', 'super_user', 'auditor', 'member'"
    op.create_table(
        "members",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        *_required(sa.Text, "email", "email_folded", "name", "role"),
        *_required(sa.Boolean, "operator", "active"),
        *_required(INSTANT, "created_at"),
        *_optional(INSTANT, "removed_at"),
        *_required(sa.Integer, "version"),
        sa.UniqueConstraint("tenant_id", "email_folded"),
        sa.CheckConstraint(f"role IN ({roles})", name="role"),
    )


def _groups_and_scopes() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=True),
        *_required(sa.Text, "name", "name_folded", "description", "type"),
        *_optional(sa.Text, "built_in"),
        *_required(sa.Text, "scopes"),
        *_required(INSTANT, "created_at", "updated_at"),
        *_required(sa.Integer, "version"),
        sa.UniqueConstraint("tenant_id", "name_folded"),
        sa.CheckConstraint("type IN ('tenant_api_key', 'resource_server', 'user', 'operator')", name="type"),
        sa.CheckConstraint("(tenant_id IS NULL) = (built_in IS NOT NULL)", name="built_in_has_no_tenant"),
    )
    op.create_table(
        "scopes",
        sa.Column("name", sa.Text, primary_key=True),
        *_required(sa.Text, "description"),
        *_required(INSTANT, "created_at"),
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=True),
        *_required(sa.Text, "kind", "name", "name_folded", "description", "description_folded"),
        sa.Column("group_id", sa.Text, sa.ForeignKey("groups.id"), nullable=False),
        *_optional(sa.Text, "audience"),
        *_required(sa.Text, "networks"),
        *_required(INSTANT, "created_at"),
        *_required(sa.Text, "created_by"),
        sa.Column("created_by_member", sa.Text, sa.ForeignKey("members.id"), nullable=True),
        *_optional(INSTANT, "expires_at", "revoked_at", "deleted_at"),
        *_required(sa.Integer, "version"),
        sa.CheckConstraint("kind IN ('tenant_api_key', 'resource_server', 'operator')", name="kind"),
        sa.CheckConstraint("kind <> 'tenant_api_key' OR tenant_id IS NOT NULL", name="tenant_keys_have_a_tenant"),
        sa.CheckConstraint("deleted_at IS NULL OR revoked_at IS NOT NULL", name="deleted_are_revoked"),
        sa.CheckConstraint("length(name) BETWEEN 2 AND 200", name="name"),
    )
    for name, column in (("created", "created_at"), ("name", "name_folded"), ("expires", "expires_at")):
        more = ["deleted_at", "revoked_at", "expires_at", "group_id", "created_by_member"] if name == "created" else []
        op.create_index(f"ix_keys_{name}", "keys", ["tenant_id", "kind", column, "key_id", *more])
    op.create_index("ix_keys_group", "keys", ["group_id", "key_id"])
    op.create_index("ix_keys_creator", "keys", ["created_by_member"])
    op.create_index("ix_keys_audience", "keys", ["audience"])
    live = sa.text("revoked_at IS NULL")
    columns = ["tenant_id", "kind", "expires_at"]
    op.create_index("ix_keys_live", "keys", columns, sqlite_where=live, postgresql_where=live)


def _secrets_and_tokens() -> None:
    op.create_table(
        "secrets",
        sa.Column("number", ROW_NUMBER, primary_key=True),
        sa.Column("key_id", sa.Text, sa.ForeignKey("keys.key_id"), nullable=False),
        sa.Column("status_reference", sa.BigInteger, nullable=True, unique=True),
        *_required(sa.LargeBinary, "fingerprint"),
        *_required(sa.Integer, "pepper"),
        *_required(sa.Text, "tail"),
        *_required(INSTANT, "created_at"),
        *_optional(INSTANT, "ends_at"),
        sa.UniqueConstraint("key_id", "fingerprint"),
        sa.CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        sqlite_autoincrement=True,
    )
    ending = sa.text("ends_at IS NOT NULL")
    op.create_index("ix_secrets_ends", "secrets", ["ends_at"], sqlite_where=ending, postgresql_where=ending)
    current = sa.text("ends_at IS NULL")
    columns = ["key_id", "created_at"]
    op.create_index("ix_secrets_current", "secrets", columns, sqlite_where=current, postgresql_where=current)
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, sa.ForeignKey("keys.key_id"), nullable=False),
        *_required(INSTANT, "revoked_at", "kept_until"),
    )
    op.create_index("ix_revoked_tokens_kept_until", "revoked_tokens", ["kept_until"])


def _links_and_answers() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        *_required(sa.Text, "purpose"),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=True),
        *_required(INSTANT, "created_at", "expires_at"),
        *_optional(INSTANT, "used_at"),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("idempotency_key", sa.Text, primary_key=True),
        *_required(sa.LargeBinary, "request_hash"),
        *_required(sa.Integer, "status"),
        *_required(sa.Text, "body"),
        *_required(INSTANT, "kept_until"),
    )
    op.create_index("ix_idempotent_answers_kept_until", "idempotent_answers", ["kept_until"])
