"""Instants, dates and durations as people and programs write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DURATION = re.compile(r"([0-9]{1,6})\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
# Where clocks go back at midnight this second comes twice; a day ends with the later one.
LAST_SECOND = time(23, 59, 59, fold=1)
# How far the clocks of processes may be apart.
CLOCK_LEEWAY = timedelta(seconds=5)


def zone(name: str) -> ZoneInfo:
    """Find a time zone of the IANA database.

    name     such as `Europe/Berlin`
    raises   ValueError when there is none of that name
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone of the IANA database") from error


def parse_expiry(text: str, time_zone: ZoneInfo) -> datetime:
    """Read when something ends: a date, worked through to its end in the tenant's zone, or an exact instant.

    text        `2026-12-31`, or RFC 3339 with an offset
    time_zone   the tenant's
    returns     aware UTC; for a date its 23:59:59
    raises      ValueError when it is neither
    """
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return _in_utc(datetime.combine(date.fromisoformat(text), LAST_SECOND, time_zone))
    return parse_instant(text)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant.

    returns   aware UTC, whole seconds
    raises    ValueError when it is none, or has no offset
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or "T" not in text.upper():
        raise ValueError("an instant needs a date, a time and an offset")
    return _in_utc(instant).replace(microsecond=0)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `24h`, `7d`, `90m` or `0s`; ValueError when it is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("a duration is a whole number and s, m, h or d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_text(length: timedelta) -> str:
    """Write a duration of whole seconds as `parse_duration` reads it, in the largest unit that it fills."""
    seconds = length // timedelta(seconds=1)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def rfc3339(instant: datetime | None) -> str | None:
    """Write an instant in UTC, to the second, as every answer does."""
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant beyond the calendar") from error
