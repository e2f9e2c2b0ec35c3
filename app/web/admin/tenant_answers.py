"""What an answer about a tenant holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.web.admin.answers import Answered, Time, Version


class Tenant(Answered):
    """An organisation."""

    id: str = Field(examples=["ten_0123456789abcdef0123"])
    name: str = Field(examples=["Acme"])
    plan: Literal["standard", "enterprise"]
    key_limit: int | None = Field(description="How many usable keys it may have; null for any number.")
    rate_limit: int = Field(description="Calls a minute, of all its keys together.")
    time_zone: str = Field(examples=["Europe/Berlin"])
    api_access: bool
    max_overlap: int = Field(description="The longest overlap of a rotation in seconds.")
    token_lifetime: int | None = Field(description="Seconds; null for the deployment's own.")
    default_group: str | None = Field(description="ID of the group that new keys get when none is named.")
    key_managers: Literal["by_role", "global_admins"] = Field(
        description="Who manages keys: every member whose role says so, or Global Admins alone."
    )
    max_lifetime_days: int | None = Field(description="How far ahead a key may end at most; null for any time.")
    expiring_soon_days: int = Field(description="From how many days before its end a key counts as expiring soon.")
    confirmation_days: int = Field(
        description="For how many days after its last use the console has a key's name typed before it stops it."
    )
    require_ip_allowlist: bool = Field(description="Whether a key needs a list of addresses.")
    session_idle: int = Field(description="After so many seconds without a page somebody is signed out.")
    session_lifetime: int = Field(description="After so many seconds somebody is signed out in any case.")
    reauth_after: int = Field(description="After so many seconds somebody proves again that it is them.")
    require_mfa: bool = Field(description="Whether people sign in with a second factor or a passkey.")
    created_at: Time
    closed_at: Time | None
    version: Version


class TenantInUse(Tenant):
    """An organisation, looked at alone."""

    keys_used: int = Field(description="How many usable keys it has: neither revoked nor expired.")


class NewTenant(Tenant):
    """A tenant and the link that sets up its first Global Admin."""

    setup_url: str = Field(description="Works once, for 24 hours; shown this once.")
