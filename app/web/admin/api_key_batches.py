"""The same change for many keys."""

from __future__ import annotations

from pydantic import Field

from app.actions import key_batches
from app.actions.key_batches import MOST, Verb
from app.actions.terms import LONGEST_REASON, REASON_FORM
from app.web.admin.answers import Answered
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.shapes import Shape

operations = Operations("API keys")


class Bulk(Shape):
    """What is done to which keys."""

    action: Verb
    client_ids: list[str] = Field(min_length=1, max_length=MOST, examples=[["kt_7Q2M9XK4T1V8B0CD"]])
    reason: str | None = Field(None, max_length=LONGEST_REASON, pattern=REASON_FORM, description="Of a revocation.")
    group: str | None = Field(None, description="ID or name; for `change_group`.")


class Unchanged(Answered):
    """A key that stayed as it was, and why."""

    client_id: str
    error: str = Field(examples=["key_revoked"])
    message: str


class BulkResult(Answered):
    """What became of each key."""

    batch: str = Field(description="Carried by the audit event of each key.")
    changed: list[str]
    unchanged: list[Unchanged]


@operations.add(
    "POST",
    "/admin/api-keys:bulk",
    "api_keys:write",
    "Revoke, delete or move many keys",
    body=Bulk,
    answer=BulkResult,
)
def change_api_keys(call: Call) -> Reply:
    """POST /admin/api-keys:bulk."""
    wanted = call.body
    return Reply(
        key_batches.run(
            call.ctx,
            call.actor,
            call.tenant_id,
            wanted.action,
            wanted.client_ids,
            call.now,
            reason=wanted.reason,
            group=wanted.group,
        )
    )
