"""Indexes for lists of keys in the order of their status and of their groups."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MINE = ["tenant_id", "kind", "key_id"]
ACTIVE, ENDED = sa.text("revoked_at IS NULL"), sa.text("revoked_at IS NOT NULL AND deleted_at IS NULL")
# As in 0002: what SQLite is told of a large deployment.
LARGE = {
    "ix_keys_group": "120000 6000 3000 3000 1",
    "ix_keys_active": "108000 54000 54000 1",
    "ix_keys_ended": "10000 5000 5000 1",
}


def upgrade() -> None:
    op.drop_index("ix_keys_group", "keys")
    op.create_index("ix_keys_group", "keys", ["group_id", *MINE])
    op.create_index("ix_keys_active", "keys", MINE, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
    op.create_index("ix_keys_ended", "keys", MINE, sqlite_where=ENDED, postgresql_where=ENDED)
    _figures(LARGE)


def downgrade() -> None:
    for name in LARGE:
        op.drop_index(name, "keys")
    op.create_index("ix_keys_group", "keys", ["group_id", "key_id"])
    _figures({"ix_keys_group": "120000 6000 1"})


def _figures(told: dict[str, str]) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    figures = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.execute(figures.delete().where(figures.c.idx.in_(LARGE)))
    op.bulk_insert(figures, [{"tbl": "keys", "idx": index, "stat": stat} for index, stat in told.items()])
