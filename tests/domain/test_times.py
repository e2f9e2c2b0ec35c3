from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.times import parse_duration, parse_expiry, parse_instant, rfc3339, zone

BERLIN, SANTIAGO, NEW_YORK, TOKYO = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/Santiago", "America/New_York", "Asia/Tokyo")
)


@pytest.mark.parametrize(
    ("text", "end"), [("2026-12-31", "2026-12-31T22:59:59Z"), ("2026-07-01", "2026-07-01T21:59:59Z")]
)
def test_a_date_ends_with_its_last_second_where_the_tenant_is(text: str, end: str) -> None:
    assert rfc3339(parse_expiry(text, BERLIN)) == end


def test_a_day_whose_last_hour_comes_twice_ends_with_the_second_one() -> None:
    assert rfc3339(parse_expiry("2027-04-03", SANTIAGO)) == "2027-04-04T03:59:59Z"


@given(st.dates(date(2026, 1, 1), date(2100, 1, 1)), st.sampled_from([BERLIN, SANTIAGO, NEW_YORK, TOKYO]))
def test_a_second_after_a_dates_end_it_is_another_day_there(day: date, here: ZoneInfo) -> None:
    end = parse_expiry(day.isoformat(), here)
    assert end.astimezone(here).date() == day
    assert (end + timedelta(seconds=1)).astimezone(here).date() > day


@given(st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - hypothesis adds the zone
def test_an_exact_instant_is_read_to_the_second_whatever_its_offset(instant: datetime) -> None:
    whole = instant.astimezone(UTC).replace(microsecond=0)
    assert parse_instant(instant.astimezone(UTC).isoformat()) == whole
    assert parse_expiry(str(rfc3339(instant)), BERLIN) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "2026-12-31T12:00:00",
        "2026-12-31 12:00:00+00:00",
        "12:00:00Z",
        "\uff12\uff10\uff12\uff16-12-31",
        "2026-12-31\n",
        "\ud800",
        "0",
        "2026-12-31T25:00:00Z",
        "2026-12-31T12:00:00+99:00",
    ],
)
def test_what_is_neither_a_date_nor_an_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text, one kind of refusal
        parse_expiry(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("9999-12-31", NEW_YORK),
        ("0001-01-01T00:00:00+01:00", BERLIN),
        ("9999-12-31T23:59:59-01:00", BERLIN),
        ("0000-01-01", BERLIN),
    ],
)
def test_an_end_beyond_the_calendar_is_refused_like_any_other_nonsense(text: str, here: ZoneInfo) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text, one kind of refusal
        parse_expiry(text, here)


@given(st.text())
def test_any_text_is_an_end_or_refused(text: str) -> None:
    try:
        assert parse_expiry(text, BERLIN).tzinfo is UTC
    except ValueError:
        return


@given(st.integers(0, 999_999), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]))
def test_a_duration_is_a_number_and_a_unit(number: int, unit: tuple[str, int]) -> None:
    letter, seconds = unit
    assert parse_duration(f"{number}{letter}") == timedelta(seconds=number * seconds)
    assert parse_duration(f" {number} {letter} ") == timedelta(seconds=number * seconds)


@pytest.mark.parametrize("text", ["", "h", "24", "-1h", "1.5h", "1w", "1H", "1h30m", "1000000s", "\u0663h", "24h\n24h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe", "a\0b", "x" * 300, "\ud800"]
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        zone(name)


def test_a_time_zone_is_found_by_its_name() -> None:
    assert zone("Europe/Berlin").key == "Europe/Berlin"


def test_answers_write_instants_in_utc_to_the_second() -> None:
    assert rfc3339(datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=BERLIN)) == "2026-01-02T02:04:05Z"
    assert rfc3339(None) is None
