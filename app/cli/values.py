"""Values that commands read: durations, instants, limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from app.domain.times import parse_duration, parse_instant


class Duration(click.ParamType[timedelta]):
    """A duration such as `24h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        try:
            return value if isinstance(value, timedelta) else parse_duration(value)
        except (ValueError, OverflowError):
            self.fail("Must be a whole number and s, m, h or d, such as 24h.", param, ctx)


class Limit(click.ParamType["int | str"]):
    """A whole number, or `none`."""

    name = "N|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Read it; `none` stays a word, because None is an option that was not given."""
        if value == "none":
            return "none"
        try:
            return int(value)
        except ValueError:
            self.fail("Must be a whole number or none.", param, ctx)


class Instant(click.ParamType[datetime]):
    """An RFC 3339 time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        try:
            return value if isinstance(value, datetime) else parse_instant(value)
        except ValueError:
            self.fail("Must be an RFC 3339 time with an offset, such as 2027-06-30T12:00:00Z.", param, ctx)
