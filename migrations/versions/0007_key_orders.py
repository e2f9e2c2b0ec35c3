"""Indexes for lists of keys in the order of their status and of their groups, and for searches."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MINE, WHOSE = ["tenant_id", "kind", "key_id"], ["group_id", "created_by_member"]
ACTIVE, ENDED = sa.text("revoked_at IS NULL"), sa.text("revoked_at IS NOT NULL AND deleted_at IS NULL")
# As in 0002, what SQLite is told of a large deployment. Many keys have no end: an end that is NULL is no rare value.
LARGE = {
    "ix_keys_group": "120000 6000 3000 3000 1",
    "ix_keys_active": "108000 54000 54000 1",
    "ix_keys_ended": "10000 5000 5000 1",
    "ix_keys_tenant": "120000 60000 60000",
    "ix_keys_name": "120000 60000 60000 1 1 1 1 1 1 1",
    "ix_keys_expires": "120000 60000 60000 5000 1 1 1 1 1",
    "ix_keys_live": "108000 54000 54000 5000",
}
BEFORE = {
    "ix_keys_group": "120000 6000 1",
    "ix_keys_name": "120000 60000 60000 1 1",
    "ix_keys_expires": "120000 60000 60000 20 1",
    "ix_keys_live": "108000 54000 54000 19",
}


def upgrade() -> None:
    _replace("name", "tenant_id", "kind", "name_folded", "key_id", "deleted_at", "revoked_at", "expires_at", *WHOSE)
    _replace("expires", "tenant_id", "kind", "expires_at", "key_id", "deleted_at", "revoked_at", *WHOSE)
    _replace("group", "group_id", *MINE)
    op.create_index("ix_keys_active", "keys", MINE, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
    op.create_index("ix_keys_ended", "keys", MINE, sqlite_where=ENDED, postgresql_where=ENDED)
    op.create_index("ix_keys_tenant", "keys", MINE[:2])
    _figures(LARGE)


def downgrade() -> None:
    for name in ("active", "ended", "tenant"):
        op.drop_index(f"ix_keys_{name}", "keys")
    _replace("group", "group_id", "key_id")
    _replace("expires", "tenant_id", "kind", "expires_at", "key_id")
    _replace("name", "tenant_id", "kind", "name_folded", "key_id")
    _figures(BEFORE)


def _replace(name: str, *columns: str) -> None:
    op.drop_index(f"ix_keys_{name}", "keys")
    op.create_index(f"ix_keys_{name}", "keys", columns)


def _figures(told: dict[str, str]) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    figures = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.execute(figures.delete().where(figures.c.idx.in_(LARGE)))
    op.bulk_insert(figures, [{"tbl": "keys", "idx": index, "stat": stat} for index, stat in told.items()])
