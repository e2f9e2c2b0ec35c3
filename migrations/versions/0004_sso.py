"""Single sign-on: connections to identity providers, whom they know, and who is on the way there."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _connections()
    _attempts()
    op.add_column("tenants", sa.Column("sso_required_at", INSTANT, nullable=True))
    op.add_column("sessions", sa.Column("sso_connection_id", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "sso_connection_id")
    op.drop_column("tenants", "sso_required_at")
    for table in ("sso_attempts", "sso_links", "sso_connections"):
        op.drop_table(table)


def _required(kind: Any, *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _connections() -> None:
    op.create_table(
        "sso_connections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        *_required(sa.Text, "name", "issuer", "client_id"),
        *_required(sa.LargeBinary, "secret_sealed"),
        *_required(sa.Text, "domains"),
        *_required(sa.Boolean, "trust_addresses"),
        sa.Column("new_role", sa.Text, nullable=True),
        *_required(INSTANT, "created_at"),
        *_required(sa.Integer, "version"),
        sa.CheckConstraint("new_role IN ('tenant_administrator', 'super_user', 'auditor', 'member')", name="new_role"),
    )
    op.create_index("ix_sso_connections_tenant", "sso_connections", ["tenant_id"])
    op.create_table(
        "sso_links",
        sa.Column("connection_id", sa.Text, sa.ForeignKey("sso_connections.id"), primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False),
        *_required(INSTANT, "created_at", "last_used_at"),
        sa.UniqueConstraint("connection_id", "member_id"),
    )
    op.create_index("ix_sso_links_member", "sso_links", ["member_id"])


def _attempts() -> None:
    op.create_table(
        "sso_attempts",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        sa.Column("connection_id", sa.Text, sa.ForeignKey("sso_connections.id"), nullable=False),
        sa.Column("session_id", sa.Text, nullable=True),
        *_required(sa.Text, "place", "kept"),
        *_required(INSTANT, "created_at", "ends_at"),
        sa.CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
    )
    op.create_index("ix_sso_attempts_ends", "sso_attempts", ["ends_at"])
