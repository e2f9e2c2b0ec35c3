"""How people get in: passwords, sessions, second factors, and the secrets on their way to them."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _sign_in()
    _sessions()
    _second_factors()
    _halfways()


def downgrade() -> None:
    for table in ("halfways", "passkeys", "recovery_codes", "hand_overs", "sessions", "sign_ins"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _sign_in() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), primary_key=True),
        *_optional(sa.Text, "password_hash"),
        *_optional(INSTANT, "password_changed_at", "not_before", "last_at"),
        *_required(sa.Integer, "failures"),
        *_required(sa.Text, "theme"),
        *_optional(sa.LargeBinary, "totp_sealed", "totp_offered"),
        *_optional(sa.BigInteger, "totp_step"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False),
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


def _second_factors() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        *_optional(INSTANT, "used_at"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        *_required(sa.LargeBinary, "public_key"),
        *_required(sa.BigInteger, "sign_count"),
        *_required(sa.Text, "name"),
        *_required(INSTANT, "created_at"),
        *_optional(INSTANT, "last_used_at"),
    )
    op.create_index("ix_passkeys_member", "passkeys", ["member_id"])


def _halfways() -> None:
    op.create_table(
        "halfways",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        *_required(sa.Text, "purpose"),
        *_optional(sa.Text, "member_id"),
        *_optional(sa.LargeBinary, "challenge"),
        *_required(INSTANT, "created_at", "ends_at"),
    )
    op.create_index("ix_halfways_ends", "halfways", ["ends_at"])
