"""How people get in, what a tenant lays down for them and for its keys, and who asked for the signing keys."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _sign_in()
    _strangers()
    _sessions()
    _second_factors()
    _halfways()
    for table, columns in _added():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in _added():
        for column in columns:
            op.drop_column(table, column.name)
    for table in ("halfways", "passkeys", "recovery_codes", "hand_overs", "sessions", "strangers", "sign_ins"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _optional(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=True) for name in names)


def _defaulted(kind: Any, **defaults: str) -> Iterator[sa.Column[Any]]:
    return (
        sa.Column(name, kind, nullable=False, server_default=sa.text(default)) for name, default in defaults.items()
    )


def _added() -> tuple[tuple[str, list[sa.Column[Any]]], ...]:
    # Rows that are there already get the values that held for them so far.
    policy = [
        *_defaulted(sa.Text, key_managers="'by_role'"),
        *_optional(sa.Integer, "max_lifetime_days"),
        *_defaulted(sa.Integer, expiring_soon_days="14", confirmation_days="7"),
        *_defaulted(sa.Integer, session_idle_seconds="1800", session_lifetime_seconds="43200", reauth_seconds="900"),
        *(
            sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
            for name in ("require_ip_allowlist", "require_mfa")
        ),
    ]
    return (
        ("tenants", policy),
        ("signing_keys", [*_defaulted(sa.BigInteger, fetches="0"), *_optional(INSTANT, "fetched_at")]),
    )


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


def _strangers() -> None:
    op.create_table(
        "strangers",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        *_required(sa.Integer, "failures"),
        *_required(INSTANT, "not_before"),
    )
    op.create_index("ix_strangers_not_before", "strangers", ["not_before"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False),
        *_required(INSTANT, "created_at", "seen_at", "proved_at", "ends_at"),
        *_optional(sa.Text, "address"),
        *_required(sa.Text, "client", "notice"),
        *_required(sa.Boolean, "two_factors"),
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
