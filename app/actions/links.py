"""One-time links: the way in for a first Global Admin and for one who is locked out."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.actions.records import record
from app.context import Context
from app.domain import credentials
from app.domain.events import Actor, Event
from app.store import deployment

VALID_FOR = timedelta(hours=24)
TOKEN_BYTES = 32


def issue(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    tenant_id: str,
    purpose: str,
    member_id: str | None,
    now: datetime,
) -> str:
    """Make a link; only its keyed hash is stored.

    purpose     `setup` or `reset`
    member_id   whose way in is reset; None for a set-up
    returns     the address, told once
    """
    token = base64.urlsafe_b64encode(ctx.entropy(TOKEN_BYTES)).decode().rstrip("=")
    fingerprint = credentials.fingerprint(ctx.vault.derive("one-time-link"), token)
    deployment.add_link(
        connection,
        fingerprint=fingerprint,
        purpose=purpose,
        tenant_id=tenant_id,
        member_id=member_id,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    record(
        "tenant",
        ctx,
        connection,
        Event.SETUP_LINK_ISSUED,
        actor,
        tenant_id,
        tenant_id,
        now,
        after={"purpose": purpose, "member": member_id},
    )
    return f"{ctx.settings.console_base}/set-up/{token}"
