"""Events of what is done to objects of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.context import Context
from app.domain.events import Actor, Event
from app.store import audit


def record(
    kind: str,
    ctx: Context,
    connection: Connection,
    event: Event,
    actor: Actor,
    tenant_id: str | None,
    object_id: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one event under the deployment's audit key, in the transaction of the change it tells of.

    kind            of the object: member, group, ...
    tenant_id       whose chain; None for the deployment's
    before, after   as in `app.store.audit.record`
    """
    audit.record(
        connection,
        ctx.vault.audit_key,
        event,
        actor,
        now,
        tenant_id=tenant_id,
        object_kind=kind,
        object_id=object_id,
        before=before,
        after=after,
    )
