"""What answers about use look like."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.domain.health import Question
from app.web.admin.answers import Answered, Time


class Counts(Answered):
    """Calls by what came of them; `checks` are introspections of the key's tokens."""

    ok: int
    unauthorized: int = Field(alias="401")
    forbidden: int = Field(alias="403")
    limited: int = Field(alias="429")
    other: int
    checks: int


class Day(Counts):
    """One day in the tenant's time zone."""

    day: str = Field(examples=["2026-11-21"], json_schema_extra={"format": "date"})


class UsedSecret(Answered):
    """What one secret was used for, its tokens included."""

    hint: str = Field(examples=["kts_7Q2M…x9Kd"])
    state: Literal["current", "running_out", "replaced"]
    created_at: Time
    ends_at: Time | None
    last_used_at: Time | None = Field(description="The last call that succeeded.")
    last_used_ip: str | None
    last_used_client: str | None
    last_call_at: Time | None = Field(description="The last call, whatever came of it.")
    calls_since_replaced: int
    origin: str | None = Field(description="Of a browser, if one was seen.")
    totals: Counts = Field(description="Of the period.")


class SeenCaller(Answered):
    """Who calls with the key: an address and a client."""

    ip: str | None = Field(examples=["198.51.100.4"])
    client: str | None = Field(
        examples=["python-requests/2.32"], description="From the User-Agent; null when it says nothing."
    )
    secret: str | None = Field(description="The hint of the secret; null when it did not verify.")
    first_at: Time
    last_at: Time
    calls: int
    refused: int = Field(description="With 401, 403 or 429.")
    origin: str | None
    new: bool = Field(description="First seen within the last 24 hours.")


class RefusedSince(Answered):
    """Calls with a key after it had been revoked."""

    since: Time
    calls: int
    callers: int
    last_at: Time | None


class UseEvent(Answered):
    """Something about a key's use that a timeline tells."""

    event: Literal["first_used", "used_from_new_ip"]
    at: Time
    ip: str


class Usage(Answered):
    """How a key was used."""

    client_id: str
    time_zone: str = Field(examples=["Europe/Berlin"], description="Whose days are meant.")
    first: str = Field(alias="from", json_schema_extra={"format": "date"})
    last: str = Field(alias="to", json_schema_extra={"format": "date"})
    days: list[Day]
    totals: Counts
    previous: Counts = Field(description="Of as many days before.")
    secrets: list[UsedSecret]
    callers: list[SeenCaller] = Field(description="At most 100, seen last first.")
    refused_since_revocation: RefusedSince | None
    events: list[UseEvent] = Field(description="At most 50, newest first; as far back as callers are kept.")
    evidence_as_of: Time = Field(description="Calls up to this instant are in; later ones may follow.")


class HealthFilter(Answered):
    """The filter of `GET /admin/api-keys` that shows the keys."""

    health: Question


class HealthCard(Answered):
    """One question about the keys of the tenant."""

    name: Question
    title: str
    count: int
    sentence: str
    filter: HealthFilter


class Health(Answered):
    """Which keys deserve a look."""

    cards: list[HealthCard] = Field(description="Worst first.")
    clear: bool = Field(description="Whether every count is zero.")
    evidence_as_of: Time
