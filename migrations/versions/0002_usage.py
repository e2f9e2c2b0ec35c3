"""Usage: evidence of use by key, secret, day and caller, without a reference to the keys it tells of."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _last_used()
    _sums()


def downgrade() -> None:
    for table in ("callers", "usage_days", "secret_uses", "key_uses"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _last_used() -> None:
    op.create_table(
        "key_uses",
        sa.Column("key_id", sa.Text, primary_key=True),
        *_optional(sa.Text, "tenant_id"),
        *_required(sa.Text, "kind"),
        *_optional(INSTANT, "last_used_at"),
        *_optional(sa.Text, "last_used_address", "last_used_client"),
        *_optional(INSTANT, "dead_call_at"),
    )
    op.create_index("ix_key_uses_last_used", "key_uses", ["tenant_id", "kind", "last_used_at", "key_id"])
    op.create_table(
        "secret_uses",
        sa.Column("secret_number", sa.BigInteger, primary_key=True, autoincrement=False),
        *_required(sa.Text, "key_id"),
        *_optional(INSTANT, "last_used_at"),
        *_optional(sa.Text, "last_used_address", "last_used_client"),
        *_optional(INSTANT, "last_call_at", "last_check_at"),
        *_required(sa.BigInteger, "calls", "late_calls"),
        *_optional(sa.Text, "origin"),
        *_optional(INSTANT, "origin_at"),
    )
    op.create_index("ix_secret_uses_key", "secret_uses", ["key_id"])
    seen = sa.text("origin IS NOT NULL")
    op.create_index("ix_secret_uses_origin", "secret_uses", ["origin_at"], sqlite_where=seen, postgresql_where=seen)
    # Every key has its row from the start, so that keys never used have their place in a list by last use.
    op.execute("INSERT INTO key_uses (key_id, tenant_id, kind) SELECT key_id, tenant_id, kind FROM keys")


def _sums() -> None:
    op.create_table(
        "usage_days",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("secret_number", sa.BigInteger, primary_key=True, autoincrement=False),
        *_required(sa.BigInteger, "ok", "unauthorized", "forbidden", "limited", "other", "checks"),
    )
    op.create_index("ix_usage_days_day", "usage_days", ["day"])
    op.create_table(
        "callers",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("secret_number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("client", sa.Text, primary_key=True),
        *_required(INSTANT, "first_at", "last_at"),
        *_required(sa.BigInteger, "calls", "refused", "late_calls", "revoked_calls"),
        *_optional(sa.Text, "origin"),
    )
    op.create_index("ix_callers_key", "callers", ["key_id", "last_at"])
    op.create_index("ix_callers_last", "callers", ["last_at"])
