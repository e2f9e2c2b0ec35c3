"""Inviting a member: they are there, and a one-time link lets them set their password."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions import links, members
from app.context import Context
from app.domain.events import Actor


def invite(
    ctx: Context, actor: Actor, tenant_id: str, now: datetime, *, email: str, name: str, role: str
) -> tuple[dict[str, Any], str]:
    """Add a member and make their way in.

    returns   the member and the link's address, told once
    raises    as `members.create`
    """
    with ctx.database.transaction() as connection:
        made = members.add(ctx, connection, actor, tenant_id, now, email=email, name=name, role=role)
        return made, links.issue(ctx, connection, actor, tenant_id, "reset", made["id"], now)
