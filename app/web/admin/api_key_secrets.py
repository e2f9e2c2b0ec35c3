"""A key's secrets: rotate, regenerate, end or move an overlap; revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from app.actions import keys, rotation
from app.actions.terms import LONGEST_REASON, REASON_FORM
from app.domain.times import parse_duration, parse_instant
from app.web.admin import answers
from app.web.admin.api_keys import with_secret
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.shapes import Duration, Expiry, Instant, Reason, Shape, left_out

operations = Operations("API keys")
_ROTATED: dict[str, Any] = {"answer": answers.ApiKeyWithSecret, "once": True, "versioned": True}


class Regenerate(Shape):
    """How the secret is replaced."""

    reason: Reason | None = Field(None, description="Why; a leaked secret gets no overlap.")
    expires_at: Expiry | None = left_out(description="A new end of the key, null for none; it stays when left out.")


class Rotate(Regenerate):
    """How the secret is replaced."""

    overlap: Duration | None = Field(
        None, description="How long the old secret goes on working, up to the tenant's maximum; it stops now without."
    )


class Overlap(Shape):
    """What is to become of the secret that is running out: one of the two."""

    end: Literal["now"] | None = None
    extend_to: Instant | None = Field(None, description="A new end, up to the tenant's maximum after the rotation.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.end is None) == (self.extend_to is None):
            raise ValueError('give either "end": "now" or "extend_to"')
        return self


class Revoke(Shape):
    """Why the key is revoked."""

    reason: str | None = Field(None, max_length=LONGEST_REASON, pattern=REASON_FORM, examples=["leak"])


@operations.add(
    "POST",
    "/admin/api-keys/{id}/rotate",
    "api_keys:write",
    "Replace the secret, at once or overlapping",
    body=Rotate,
    **_ROTATED,
)
def rotate_api_key(call: Call) -> Reply:
    """POST /admin/api-keys/<id>/rotate."""
    return _rotated(call, parse_duration(call.body.overlap) if call.body.overlap is not None else timedelta(0))


@operations.add(
    "POST",
    "/admin/api-keys/{id}/regenerate",
    "api_keys:write",
    "Replace the secret at once",
    body=Regenerate,
    **_ROTATED,
)
def regenerate_api_key(call: Call) -> Reply:
    """POST /admin/api-keys/<id>/regenerate."""
    return _rotated(call, timedelta(0))


@operations.add(
    "POST",
    "/admin/api-keys/{id}/overlap",
    "api_keys:write",
    "End or move the overlap of a rotation",
    body=Overlap,
    answer=answers.ApiKey,
    versioned=True,
)
def overlap_api_key(call: Call) -> Reply:
    """POST /admin/api-keys/<id>/overlap."""
    until = parse_instant(call.body.extend_to) if call.body.extend_to is not None else None
    key = rotation.end_overlap(
        call.ctx, call.actor, call.tenant_id, call.path["id"], call.now, extend_to=until, version=call.version
    )
    return Reply(key)


@operations.add(
    "POST",
    "/admin/api-keys/{id}/revoke",
    "api_keys:write",
    "Revoke a key for good",
    body=Revoke,
    answer=answers.ApiKey,
    versioned=True,
)
def revoke_api_key(call: Call) -> Reply:
    """POST /admin/api-keys/<id>/revoke."""
    key_id = call.path["id"]
    return Reply(
        keys.revoke(call.ctx, call.actor, call.tenant_id, key_id, call.now, call.body.reason, version=call.version)
    )


def _rotated(call: Call, overlap: timedelta) -> Reply:
    end = {"expires_at": call.body.expires_at} if "expires_at" in call.body.model_fields_set else {}
    made = rotation.rotate(
        call.ctx,
        call.actor,
        call.tenant_id,
        call.path["id"],
        call.now,
        version=call.version,
        overlap=overlap,
        reason=call.body.reason,
        once=call.once,
        **end,
    )
    return with_secret(made)
