"""Who enforces what: verifiers that poll status lists, and how far revocations have come."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.actions import propagation
from app.web.admin import answers
from app.web.admin.answers import Answered, Time
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.pages import listed

operations = Operations("Verifiers")


class Verifier(Answered):
    """A verifier that polls a status list with its credentials."""

    client_id: str = Field(examples=["kt_7Q2M9XK4T1V8B0CD"])
    name: str = Field(examples=["Contacts API"])
    tenant: str | None = Field(description="Its tenant's ID; null when it verifies for every tenant.")
    instance: str | None = Field(
        description="What tells several with the same key apart: their `X-Keyturn-Verifier` header, else their "
        "address. Null to tenants, of verifiers that are not theirs."
    )
    address: str | None
    client: str | None = Field(examples=["keyturn-verify/1.0"])
    status_list: str = Field(examples=["https://keys.example.com/status-lists/0"])
    version: int | None = Field(description="What its last conditional request said it holds.")
    current_version: int
    state: Literal["current", "behind", "silent"]
    first_seen_at: Time
    seen_at: Time
    age_seconds: int = Field(description="Since it was last seen; noted every few seconds.")


class Progress(Answered):
    """How far a revocation, rotation or deletion has come."""

    event: str = Field(examples=["key.revoked"])
    at: Time
    status_list: answers.StatusListVersion
    verifiers: int = Field(description="Those that asked for the list shortly before.")
    enforced: int = Field(description="Those that have said since that they hold this version or a newer one.")
    silent: int = Field(description="Those that have stopped asking: they refuse everything by now, or are gone.")
    complete: bool = Field(
        description="Nobody is waited for any more. Five seconds after the change at the earliest: by then every"
        " process has written down which verifiers it knows."
    )
    last_after_seconds: float | None = Field(examples=[4.2])
    summary: str = Field(examples=["enforced by 3 of 3 verifiers, the last 4 s later"])
    ended_at: Time | None = Field(description="When the record was closed; it is in the audit log as `key.enforced`.")


VerifierList = answers.list_of(Verifier, "VerifierList")
ProgressList = answers.list_of(Progress, "PropagationList")


@operations.add(
    "GET",
    "/admin/verifiers",
    "audit:read",
    "List verifiers and what they hold",
    answer=VerifierList,
    kinds=frozenset({"tenant_api_key", "operator"}),
)
def list_verifiers(call: Call) -> Reply:
    """GET /admin/verifiers."""
    found = propagation.verifiers(call.ctx, call.caller.facts.tenant_id, call.now)
    return listed(call, found, None, len(found))


@operations.add(
    "GET",
    "/admin/api-keys/{id}/propagation",
    "api_keys:read",
    "Look how far a key's revocation has come",
    answer=ProgressList,
)
def show_propagation(call: Call) -> Reply:
    """GET /admin/api-keys/<id>/propagation."""
    found = propagation.of_key(call.ctx, call.tenant_id, call.path["id"], call.now)
    return listed(call, found, None, len(found))
