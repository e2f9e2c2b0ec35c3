"""The tables: make them, and say how they stand."""

from __future__ import annotations

from app.context import Context
from app.runtime import migrations

BEHIND, CURRENT = migrations.BEHIND, migrations.CURRENT


def upgrade(ctx: Context) -> None:
    """Bring the tables to what this version of Keyturn needs, creating them where there are none."""
    migrations.upgrade(ctx.settings.database)


def state(ctx: Context) -> str:
    """Say how the tables stand: `empty`, `behind`, `current`, or `ahead` when a newer Keyturn has changed them."""
    return migrations.state(ctx.settings.database)
