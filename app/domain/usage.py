"""What is counted about the use of a key, and what counted calls add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.clients import OTHERS, client_name, origin_name


class Outcome(StrEnum):
    """What came of a call; the names of the columns that count it."""

    OK = "ok"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    LIMITED = "limited"
    OTHER = "other"
    CHECKS = "checks"


REFUSED = frozenset({Outcome.UNAUTHORIZED, Outcome.FORBIDDEN, Outcome.LIMITED})
NO_SECRET = 0  # stands for a secret that did not verify
NOBODY = ""


class Use(NamedTuple):
    """What calls must share to be counted together.

    secret       the number of the secret that verified, or NO_SECRET
    address      "" is unknown
    user_agent   as sent; None when callers are no longer told apart
    origin       as sent, or None
    late         the secret had been replaced, be it within an overlap or after its end
    revoked      the key had been revoked or deleted
    expired      the key had expired
    quarter      the quarter of an hour since 1970: no day of any time zone begins within one
    """

    key_id: str
    secret: int
    tenant_id: str | None
    kind: str
    outcome: Outcome
    address: str = NOBODY
    user_agent: str | None = ""
    origin: str | None = None
    late: bool = False
    revoked: bool = False
    expired: bool = False
    quarter: int = 0


Row = dict[str, Any]
Uses = Iterable[tuple[Use, tuple[int, datetime, datetime]]]

# What new rows begin with. The flood of a million keys goes through here, so that rows are copied and not computed.
_NO_CALLS: Row = {str(outcome): 0 for outcome in Outcome}
_NEW_CALLER: Row = {"calls": 0, "refused": 0, "late_calls": 0, "revoked_calls": 0, "origin": None}
_UNUSED: Row = {"last_used_at": None, "last_used_address": None, "last_used_client": None}
_NEW_SECRET: Row = {
    **_UNUSED,
    **dict.fromkeys(("last_call_at", "last_check_at", "origin", "origin_at")),
    "calls": 0,
    "late_calls": 0,
}


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows to be added to those that are there, by their primary keys."""

    keys: dict[str, Row] = field(default_factory=dict)
    secrets: dict[int, Row] = field(default_factory=dict)
    days: dict[tuple[str, date, int], Row] = field(default_factory=dict)
    callers: dict[tuple[str, int, str, str], Row] = field(default_factory=dict)


def add_up(uses: Uses, day_of: Callable[[Use], date]) -> Sums:
    """Add up counted calls.

    uses      each with (how many, the first, the last)
    day_of    the day a use belongs to
    returns   one row for each key, secret, day and caller
    """
    sums = Sums()
    for use, (count, first, last) in uses:
        _add_to_day(sums, use, day_of(use), count)
        if use.outcome == Outcome.CHECKS:
            _later(_secret(sums, use), "last_check_at", last)
            continue
        client = OTHERS if use.user_agent is None else client_name(use.user_agent)
        origin = origin_name(use.origin) if use.origin and use.secret != NO_SECRET else None
        _add_to_caller(sums, use, client, origin, count, first, last)
        if use.secret != NO_SECRET:
            _add_to_key(sums, use, client, last)
            _add_to_secret(sums, use, client, origin, count, last)
    return sums


def _add_to_day(sums: Sums, use: Use, day: date, count: int) -> None:
    place = (use.key_id, day, use.secret)
    row = sums.days.get(place)
    if row is None:
        row = sums.days[place] = {"key_id": use.key_id, "day": day, "secret_number": use.secret, **_NO_CALLS}
    row[use.outcome] += count


def _add_to_caller(
    sums: Sums, use: Use, client: str, origin: str | None, count: int, first: datetime, last: datetime
) -> None:
    place = (use.key_id, use.secret, use.address, client)
    row = sums.callers.get(place)
    if row is None:
        row = sums.callers[place] = {
            "key_id": use.key_id,
            "secret_number": use.secret,
            "address": use.address,
            "client": client,
            "first_at": first,
            "last_at": last,
            **_NEW_CALLER,
        }
    elif first < row["first_at"]:
        row["first_at"] = first
    row["last_at"] = max(row["last_at"], last)
    row["calls"] += count
    row["refused"] += count * (use.outcome in REFUSED)
    row["late_calls"] += count * use.late
    row["revoked_calls"] += count * use.revoked
    row["origin"] = origin or row["origin"]


def _add_to_key(sums: Sums, use: Use, client: str, last: datetime) -> None:
    row = sums.keys.get(use.key_id)
    if row is None:
        row = sums.keys[use.key_id] = {
            "key_id": use.key_id,
            "tenant_id": use.tenant_id,
            "kind": use.kind,
            **_UNUSED,
            "dead_call_at": None,
        }
    if use.outcome == Outcome.OK:
        _use_last(row, use, client, last)
    if use.revoked or use.expired:
        _later(row, "dead_call_at", last)


def _add_to_secret(sums: Sums, use: Use, client: str, origin: str | None, count: int, last: datetime) -> None:
    row = _secret(sums, use)
    if use.outcome == Outcome.OK:
        _use_last(row, use, client, last)
    if origin is not None:
        row["origin"] = origin
        _later(row, "origin_at", last)
    _later(row, "last_call_at", last)
    row["calls"] += count
    row["late_calls"] += count * use.late


def _secret(sums: Sums, use: Use) -> Row:
    row = sums.secrets.get(use.secret)
    if row is None:
        row = sums.secrets[use.secret] = {"secret_number": use.secret, "key_id": use.key_id, **_NEW_SECRET}
    return row


def _use_last(row: Row, use: Use, client: str, at: datetime) -> None:
    if row["last_used_at"] is None or at >= row["last_used_at"]:
        row["last_used_at"], row["last_used_address"], row["last_used_client"] = at, use.address, client


def _later(row: Row, name: str, at: datetime) -> None:
    if row[name] is None or at >= row[name]:
        row[name] = at
