"""Usage: evidence of use by key, secret, day and caller, without a reference to the keys it tells of."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)
# Rows, then rows of the same first column, of the same first two, and so on (https://sqlite.org/fileformat2.html#stat1tab).
LARGE = {
    ("keys", "sqlite_autoindex_keys_1"): "120000 1",
    ("keys", "ix_keys_created"): "120000 60000 60000 1 1 1 1 1 1 1",
    ("keys", "ix_keys_name"): "120000 60000 60000 1 1",
    ("keys", "ix_keys_expires"): "120000 60000 60000 20 1",
    ("keys", "ix_keys_live"): "108000 54000 54000 19",
    ("keys", "ix_keys_group"): "120000 6000 1",
    ("keys", "ix_keys_creator"): "120000 3000",
    ("keys", "ix_keys_audience"): "120000 120000",
    ("secrets", "sqlite_autoindex_secrets_1"): "120000 1 1",
    ("secrets", "ix_secrets_current"): "120000 1 1",
    ("secrets", "ix_secrets_ends"): "10000 1",
    ("key_uses", "sqlite_autoindex_key_uses_1"): "120000 1",
    ("key_uses", "ix_key_uses_last_used"): "120000 60000 60000 40 1",
    ("key_uses", "ix_key_uses_dead"): "300 150 150 1",
    ("secret_uses", "sqlite_autoindex_secret_uses_1"): "120000 1",
    ("secret_uses", "ix_secret_uses_key"): "120000 1",
    ("secret_uses", "ix_secret_uses_origin"): "120 1",
}


def upgrade() -> None:
    _last_used()
    _sums()
    _plan_for_many()


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
    dead, columns = sa.text("dead_call_at IS NOT NULL"), ["tenant_id", "kind", "dead_call_at"]
    op.create_index("ix_key_uses_dead", "key_uses", columns, sqlite_where=dead, postgresql_where=dead)
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


def _plan_for_many() -> None:
    """Tell SQLite what a large deployment looks like.

    PostgreSQL keeps such figures itself. SQLite has none until somebody asks it to count, and without them it takes the
    keys of a tenant for ten, and walks through all of them where it should look one up.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("ANALYZE")
    op.execute("DELETE FROM sqlite_stat1 WHERE tbl IN ('keys', 'secrets', 'key_uses', 'secret_uses')")
    figures = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.bulk_insert(figures, [{"tbl": table, "idx": index, "stat": stat} for (table, index), stat in LARGE.items()])
