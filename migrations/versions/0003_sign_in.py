"""How people get in: passwords, sessions, secrets on their way to the page that shows them."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _sign_in()


def downgrade() -> None:
    for table in ("hand_overs", "sessions", "sign_ins"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _sign_in() -> None:
    member = ("members.id",)
    op.create_table(
        "sign_ins",
        sa.Column("member_id", sa.Text, sa.ForeignKey(*member), primary_key=True),
        *_optional(sa.Text, "password_hash"),
        *_optional(INSTANT, "password_changed_at", "not_before", "last_at"),
        *_required(sa.Integer, "failures"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("member_id", sa.Text, sa.ForeignKey(*member), nullable=False),
        *_required(INSTANT, "created_at", "seen_at", "proved_at", "ends_at"),
        *_optional(sa.Text, "address"),
        *_required(sa.Text, "client", "notice"),
        sa.CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
    )
    op.create_index("ix_sessions_member", "sessions", ["member_id"])
    op.create_index("ix_sessions_ends", "sessions", ["ends_at"])
    op.create_table(
        "hand_overs",
        sa.Column("key_id", sa.Text, sa.ForeignKey("keys.key_id"), primary_key=True),
        sa.Column("session_id", sa.Text, primary_key=True),
        *_optional(sa.LargeBinary, "sealed"),
        *_required(sa.Text, "why"),
        *_required(INSTANT, "created_at", "ends_at"),
        *_optional(INSTANT, "shown_at"),
    )
    op.create_index("ix_hand_overs_ends", "hand_overs", ["ends_at"])
