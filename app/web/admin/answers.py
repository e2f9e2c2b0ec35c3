"""What answers look like: models that describe, for OpenAPI and for the tests that hold answers to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from app.web.admin.shapes import left_out

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-21T12:00:00Z"])]
Version = Annotated[int, Field(ge=1, description="Counts changes; also the ETag.", examples=[3])]
Kind = Literal["tenant_api_key", "resource_server", "user", "operator"]
Role = Literal["global_admin", "tenant_administrator", "super_user", "auditor", "member"]


class Answered(BaseModel):
    """An object as answers give it."""


class Named(Answered):
    """An object by its ID and its name."""

    id: str
    name: str


class SecretShown(Answered):
    """A secret that works, as it may be shown later."""

    hint: str = Field(examples=["kts_7Q2M…x9Kd"])
    created_at: Time
    ends_at: Time | None = Field(description="When a replaced secret stops; null for the current one.")
    last_used_at: Time | None
    last_used_ip: str | None


class RotationCaller(Answered):
    """Who calls with one of the two secrets."""

    ip: str | None = Field(examples=["198.51.100.4"])
    client: str | None = Field(examples=["python-requests/2.32"])
    last_at: Time
    calls: int


class RotatedSecret(SecretShown):
    """What was seen of a secret since the rotation."""

    last_used_client: str | None
    calls_since_rotation: int
    callers: list[RotationCaller] = Field(description="At most 100, seen last first.")


class Rotation(Answered):
    """Whether the old secret may be ended, and why."""

    rotated_at: Time
    old_secret: RotatedSecret
    new_secret: RotatedSecret
    verdict: Literal["safe_to_end", "still_used", "not_yet_known"]
    reasons: list[str] = Field(examples=[["Still used by 198.51.100.4 (python-requests/2.32) 3 minutes ago."]])
    evidence_as_of: Time = Field(description="Calls up to this instant are in; later ones may follow.")


class StatusListVersion(Answered):
    """Which version of which status list tells verifiers."""

    uri: str = Field(examples=["https://keys.example.com/status-lists/0"])
    version: int = Field(examples=[17])


class ApiKey(Answered):
    """A key, which is an OAuth client."""

    client_id: str = Field(examples=["kt_7Q2M9XK4T1V8B0CD"])
    name: str = Field(examples=["Mobile App"])
    description: str
    group: Named
    scopes: list[str] = Field(description="What its group holds now.", examples=[["contacts:read"]])
    status: Literal["active", "revoked"]
    expiration_state: Literal["valid", "expiring_soon", "expired"]
    flags: list[Literal["rotating", "suspended", "never_used", "expiring_soon", "browser_use", "exposed"]]
    created_at: Time
    created_by: str
    expires_at: Time | None
    ip_allowlist: list[str] = Field(examples=[["203.0.113.0/24"]])
    last_used_at: Time | None
    last_used_ip: str | None
    last_used_client: str | None
    secrets: list[SecretShown] = Field(description="The secrets that work: two during a rotation with overlap.")
    tenant: Named | None
    rotation: Rotation = left_out(description="During a rotation with overlap, in answers about one key.")
    version: Version
    status_list: StatusListVersion = left_out(
        description="After a change that takes tokens back: the version that tells verifiers of it."
    )


class NewSecret(Answered):
    """What is shown this once."""

    client_secret: str = left_out(
        description="The secret: in this answer and never again. Absent from the answer to a repeated request.",
        examples=["kts_7Q2M9XK4T1V8B0CD_" + "x" * 43 + "_0aB3xY"],
    )


class Noticed(Answered):
    """What was read otherwise than it was written."""

    notices: list[str] = left_out(
        description="What became of address list lines that were saved otherwise than written; absent when none was.",
        examples=[["Line 2 saved as 10.0.0.0/24."]],
    )


class EditedApiKey(ApiKey, Noticed):
    """A key after an edit."""


class ApiKeyWithSecret(ApiKey, NewSecret):
    """A key and its new secret."""


class NewApiKey(ApiKeyWithSecret, Noticed):
    """A new key and its secret."""


class ResourceServer(ApiKey):
    """A key that may introspect the tokens of one audience."""

    audience: str = Field(examples=["https://api.example.com"])


class ResourceServerWithSecret(ResourceServer, NewSecret):
    """A resource server and its secret."""


class Group(Answered):
    """A named set of scopes."""

    id: str = Field(examples=["grp_full"])
    name: str = Field(examples=["Contacts and messaging"])
    type: Kind
    description: str
    scopes: list[str]
    built_in: bool
    keys: int = Field(description="How many keys of the list use it.")
    created_at: Time
    updated_at: Time
    version: Version


class Scope(Answered):
    """A product scope of the catalogue."""

    name: str = Field(examples=["contacts:read"])
    description: str
    created_at: Time


class Member(Answered):
    """A person of a tenant."""

    id: str = Field(examples=["mem_0123456789abcdef0123"])
    tenant: str
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
    role: Role
    operator: bool
    active: bool
    created_at: Time
    version: Version


class ResetLink(Answered):
    """A member's way back in."""

    reset_url: str = Field(description="Works once, for 24 hours; shown this once.")


class SigningKey(Answered):
    """A key that signs access tokens; the private half is never shown."""

    kid: str
    alg: Literal["ES256", "RS256", "PS256", "EdDSA"]
    state: Literal["next", "active", "verifying", "retired", "revoked"]
    published_at: Time
    usable_at: Time = Field(description="From when on every cached JWKS has it.")
    activated_at: Time | None
    deactivated_at: Time | None
    last_token_expires_at: Time | None
    ended_at: Time | None
    fetches: int = Field(description="How often a key set with this key was asked for.")
    fetched_at: Time | None = Field(description="When last; may lag by a minute.")


class Who(Answered):
    """Who or what, by kind and ID."""

    kind: str = Field(examples=["key"])
    id: str


class AuditEvent(Answered):
    """One state change."""

    chain: str
    number: int
    event: str = Field(examples=["key.rotated"])
    at: Time
    actor: Who
    address: str | None
    request_id: str | None
    object: Who
    before: dict[str, Any]
    after: dict[str, Any]
    link: str = Field(description="Binds this event to the one before it.")


def list_of(item: type[Answered], name: str) -> type[BaseModel]:
    """The model of a page of such items."""
    page: type[BaseModel] = create_model(
        name,
        __base__=Answered,
        __doc__="A page of a list.",
        items=(list[item], ...),  # type: ignore[valid-type]
        next=(str | None, Field(description="The cursor of the next page; null on the last one.")),
        total=(int | None, Field(description="How many items all pages have; null where nobody counts.")),
    )
    return page
