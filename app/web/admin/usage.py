"""How keys are used: counts and callers of one, the health of all."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.actions import usage
from app.actions.usage import Period
from app.web import sheets
from app.web.admin import usage_answers
from app.web.admin.operations import Call, Operations, Reply
from app.web.admin.shapes import Shape

operations = Operations("API keys")
_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_COLUMNS = {"days": ("day", *usage.OUTCOMES.values()), "callers": tuple(usage_answers.SeenCaller.model_fields)}


def _is_day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("must be a date such as 2026-11-21") from error
    return value


Day = Annotated[
    str,
    AfterValidator(_is_day),
    Field(pattern=r"^2\d{3}-\d{2}-\d{2}$", examples=["2026-11-21"], json_schema_extra={"format": "date"}),
]


class UsageQuery(Shape):
    """Which days, and in which form."""

    range: Literal["7d", "30d", "90d"] = Field(
        "30d", description="The last so many days, unless `from` says otherwise."
    )
    first: Day | None = Field(None, alias="from", description="The first day, in the tenant's time zone.")
    last: Day | None = Field(None, alias="to", description="The last day; today when left out.")
    format: Literal["json", "csv"] | None = Field(None, description="Wins over `Accept`.")
    table: Literal["days", "callers"] = Field("days", description="Which part a CSV has.")


@operations.add(
    "GET",
    "/admin/api-keys/{id}/usage",
    "api_keys:read",
    "See how a key is used",
    query=UsageQuery,
    answer=usage_answers.Usage,
    csv=True,
)
def show_api_key_usage(call: Call) -> Reply:
    """GET /admin/api-keys/<id>/usage."""
    asked = call.query
    period = Period(_DAYS[asked.range], *(day and date.fromisoformat(day) for day in (asked.first, asked.last)))
    found = usage.show(call.ctx, call.tenant_id, call.path["id"], period, call.now)
    if asked.format == "csv" or (asked.format is None and "text/csv" in (call.http.header("Accept") or "")):
        return Reply(table=b"".join(sheets.csv_pieces(_COLUMNS[asked.table], found[asked.table])).decode())
    return Reply(found)


@operations.add(
    "GET", "/admin/api-keys/health", "api_keys:read", "See which keys deserve a look", answer=usage_answers.Health
)
def show_api_key_health(call: Call) -> Reply:
    """GET /admin/api-keys/health."""
    return Reply(usage.key_health(call.ctx, call.tenant_id, call.now))
