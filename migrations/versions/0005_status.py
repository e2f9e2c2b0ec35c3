"""Status lists: how often each has changed, what marks its entries, and which verifiers have heard of it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REVOKED, OPEN = sa.text("revoked_at IS NOT NULL"), sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.add_column("deployment", sa.Column("longest_token_seconds", sa.Integer, nullable=True))
    op.create_index("ix_keys_revoked", "keys", ["revoked_at"], sqlite_where=REVOKED, postgresql_where=REVOKED)
    _lists()
    _verifiers()
    _propagations()


def downgrade() -> None:
    for table in ("enforcements", "propagations", "verifiers", "status_marks", "status_lists"):
        op.drop_table(table)
    op.drop_index("ix_keys_revoked", "keys")
    op.drop_column("deployment", "longest_token_seconds")


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _lists() -> None:
    op.create_table(
        "status_lists",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        *_required(sa.BigInteger, "version"),
        *_required(INSTANT, "changed_at"),
        sa.PrimaryKeyConstraint("number", name="pk_status_lists"),
    )
    op.create_table(
        "status_marks",
        sa.Column("number", ROW_NUMBER),
        *_required(sa.Text, "kind", "object_id"),
        *_required(sa.Integer, "value"),
        *_required(INSTANT, "since"),
        sa.PrimaryKeyConstraint("number", name="pk_status_marks"),
        sa.CheckConstraint("kind IN ('secret', 'key', 'group', 'tenant', 'member')", name=op.f("ck_status_marks_kind")),
        sa.CheckConstraint("value BETWEEN 1 AND 3", name=op.f("ck_status_marks_value")),
        sa.UniqueConstraint("kind", "object_id", "value", name="uq_status_marks_kind_object_id_value"),
    )
    op.create_index("ix_status_marks_since", "status_marks", ["since"])


def _verifiers() -> None:
    op.create_table(
        "verifiers",
        *_required(sa.Text, "key_id", "instance"),
        *_required(sa.BigInteger, "list_number"),
        *_required(sa.Text, "address", "client"),
        *_required(sa.BigInteger, "given_version"),
        *_required(INSTANT, "given_at"),
        *_optional(sa.BigInteger, "held_version"),
        *_optional(INSTANT, "held_at"),
        *_required(INSTANT, "first_at", "seen_at"),
        sa.PrimaryKeyConstraint("key_id", "instance", "list_number", name="pk_verifiers"),
    )
    op.create_index("ix_verifiers_seen", "verifiers", ["seen_at"])


def _propagations() -> None:
    op.create_table(
        "propagations",
        sa.Column("number", ROW_NUMBER),
        *_required(sa.Text, "key_id"),
        *_optional(sa.Text, "tenant_id"),
        *_required(sa.Text, "event"),
        *_required(sa.BigInteger, "list_number", "version"),
        *_required(INSTANT, "at"),
        *_optional(INSTANT, "ended_at"),
        sa.PrimaryKeyConstraint("number", name="pk_propagations"),
    )
    op.create_index("ix_propagations_key", "propagations", ["key_id", "number"])
    op.create_index("ix_propagations_open", "propagations", ["number"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "enforcements",
        *_required(sa.BigInteger, "propagation"),
        *_required(sa.Text, "key_id", "instance"),
        *_optional(INSTANT, "given_at", "confirmed_at"),
        sa.PrimaryKeyConstraint("propagation", "key_id", "instance", name="pk_enforcements"),
    )
