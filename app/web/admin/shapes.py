"""What all request models share: nothing unknown gets in, nothing left out is made up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.times import parse_duration, parse_instant

MOST_SCOPES = 1000
MOST_LINES = 1000


class Shape(BaseModel):
    """A request's members: those named and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Shape):
    """No members."""


class PageQuery(Shape):
    """Which page of a list."""

    per: int = Field(50, ge=1, le=100, description="How many items a page has.")
    after: str | None = Field(
        None, validation_alias=AliasChoices("after", "cursor"), description="`next` of the page before."
    )


def left_out(**more: Any) -> Any:
    """A member that may be left out, which is something else than null."""
    return Field(default=None, json_schema_extra=_without_default, **more)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _seconds(value: Any) -> Any:
    if isinstance(value, str) and not value.strip().isdecimal():
        return int(parse_duration(value).total_seconds())
    return value


def _is_duration(value: str) -> str:
    parse_duration(value)
    return value


def _is_instant(value: str) -> str:
    try:
        parse_instant(value)
    except ValueError as error:
        raise ValueError("must be an RFC 3339 time with an offset") from error
    return value


Lines = Annotated[list[str], Field(max_length=MOST_LINES)]
ScopeNames = Annotated[list[str], Field(max_length=MOST_SCOPES)]
Seconds = Annotated[
    int, BeforeValidator(_seconds), Field(description="Seconds, or a duration such as `24h`.", examples=[86400])
]
Duration = Annotated[str, AfterValidator(_is_duration), Field(pattern=r"^\s*\d{1,6}\s*[smhd]\s*$", examples=["24h"])]
Instant = Annotated[
    str,
    AfterValidator(_is_instant),
    Field(examples=["2026-12-31T12:00:00Z"], json_schema_extra={"format": "date-time"}),
]
Expiry = Annotated[
    str,
    Field(
        description="A date, worked through to its end in the tenant's time zone, or an RFC 3339 time with an offset.",
        examples=["2027-06-30"],
    ),
]
Reason = Literal["scheduled", "leak", "staff_change", "other"]
