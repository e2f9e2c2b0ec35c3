"""The audit log: a tenant's own events; all of them for the operator."""

from __future__ import annotations

from pydantic import Field

from app.actions import audit, cursors
from app.web.admin import answers
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import listed
from app.web.admin.shapes import PageQuery

operations = Operations("Audit log", "tenant_api_key", "operator")
AuditEventList = answers.list_of(answers.AuditEvent, "AuditEventList")
_FILTERS = ("event", "object", "actor", "since", "until")


class AuditQuery(PageQuery):
    """Which events."""

    event: str | None = Field(None, examples=["key.rotated"])
    object: str | None = Field(None, description="The ID of what was changed.")
    actor: str | None = Field(None, description="The ID of who did it.")
    since: str | None = Field(None, description="RFC 3339, or a duration back such as `24h`.")
    until: str | None = Field(None, description="RFC 3339, or a duration back such as `24h`.")


@operations.add(
    "GET", "/admin/audit-events", "audit:read", "List events, newest first", query=AuditQuery, answer=AuditEventList
)
def list_audit_events(call: Call) -> Reply:
    """GET /admin/audit-events."""
    tenant_id = call.caller.facts.tenant_id  # an operator key has none, and sees every chain
    of = f"{call.operation.path} {tenant_id}"
    asked = call.query
    page = audit.page(
        call.ctx,
        tenant_id,
        call.now,
        after=tuple(cursors.place(call.ctx, of, asked.after)) if asked.after is not None else None,
        limit=asked.per,
        filters={name: value for name in _FILTERS if (value := getattr(asked, name)) is not None},
    )
    return listed(call, page.items, cursors.cursor(call.ctx, of, page.next) if page.next is not None else None)
