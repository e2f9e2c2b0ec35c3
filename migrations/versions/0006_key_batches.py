"""Changes of many keys at once, which go on after the process that began them has died."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "key_batches",
        sa.Column("id", sa.Text, nullable=False),
        *_required(sa.Text, "tenant_id", "member_id"),
        *_optional(sa.Text, "address", "request_id"),
        *_required(sa.Text, "verb"),
        *_optional(sa.Text, "reason", "group_id"),
        *_required(INSTANT, "created_at", "worked_at"),
        *_required(sa.Integer, "total", "changed", "unchanged", "failures"),
        *_optional(INSTANT, "ended_at"),
        *_optional(sa.Text, "stopped"),
        sa.PrimaryKeyConstraint("id", name="pk_key_batches"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_key_batches_tenant_id"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_key_batches_member_id"),
        sa.CheckConstraint("verb IN ('revoke', 'delete', 'change_group')", name=op.f("ck_key_batches_verb")),
        sa.CheckConstraint("stopped IS NULL OR ended_at IS NOT NULL", name=op.f("ck_key_batches_stopped_are_over")),
    )
    op.create_index("ix_key_batches_open", "key_batches", ["worked_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_key_batches_created", "key_batches", ["created_at"])
    op.create_table(
        "key_batch_items",
        *_required(sa.Text, "batch_id"),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        *_required(sa.Text, "key_id"),
        *_optional(sa.Text, "outcome", "message"),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_key_batch_items"),
        sa.ForeignKeyConstraint(["batch_id"], ["key_batches.id"], name="fk_key_batch_items_batch_id"),
    )
    op.create_index("ix_key_batch_items_outcome", "key_batch_items", ["batch_id", "outcome", "number"])


def downgrade() -> None:
    op.drop_table("key_batch_items")
    op.drop_table("key_batches")


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)
