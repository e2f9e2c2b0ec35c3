"""Whether a member wants single-key shortcuts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("shortcuts", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("sign_ins", "shortcuts")
