"""What a tenant may be and lay down: its plan, what holds for its keys, what holds for its people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from app.domain import scopes
from app.domain.events import Actor
from app.domain.names import clean_name, fold
from app.domain.refusals import Forbidden, Invalid, Problem
from app.domain.scopes import Role
from app.domain.times import duration_text, zone
from app.store import groups, keys, members

STANDARD, ENTERPRISE = "standard", "enterprise"
PLAN_LIMITS: dict[str, tuple[int | None, int]] = {STANDARD: (5, 100), ENTERPRISE: (None, 1000)}
LONGEST_OVERLAP = timedelta(days=90)


class Number(NamedTuple):
    """A member that is a whole number: the column that keeps it, and its bounds."""

    column: str
    least: int
    most: int
    none: bool = False


NUMBERS = {
    "key_limit": Number("key_limit", 0, 10_000_000, none=True),
    "rate_limit": Number("rate_limit", 1, 1_000_000_000),
    "max_overlap": Number("max_overlap_seconds", 0, LONGEST_OVERLAP // timedelta(seconds=1)),
    "token_lifetime": Number("token_lifetime_seconds", 60, 3600, none=True),
    "max_lifetime_days": Number("max_lifetime_days", 1, 3650, none=True),
    "expiring_soon_days": Number("expiring_soon_days", 1, 90),
    "confirmation_days": Number("confirmation_days", 0, 365),
    "session_idle": Number("session_idle_seconds", 300, 86_400),
    "session_lifetime": Number("session_lifetime_seconds", 900, 2_592_000),
    "reauth_after": Number("reauth_seconds", 60, 43_200),
}
SWITCHES = ("api_access", "require_ip_allowlist", "require_mfa")


def columns(connection: Connection, row: Row[Any], given: dict[str, Any]) -> dict[str, Any]:
    """Turn the members that are to change into columns; raises Invalid listing every bad one.

    row     the tenant as it is, held
    given   as `app.actions.tenants.shown` gives them
    """
    problems: list[Problem] = []
    found: dict[str, Any] = {name: given[name] for name in SWITCHES if name in given}
    _plan(found, given, problems)
    for name, number in NUMBERS.items():
        if name in given:
            _number(found, problems, name, number, given[name])
    if "name" in given:
        found["name"] = clean_name(given["name"], problems, longest=100)
    if "time_zone" in given:
        found["time_zone"] = _time_zone(given["time_zone"], problems)
    if "key_managers" in given:
        found["key_managers"] = _key_managers(given["key_managers"], problems)
    if "default_group" in given:
        found["default_group_id"] = _default_group(connection, row.id, given["default_group"], problems)
    if not problems and _at("session_idle_seconds", found, row) > _at("session_lifetime_seconds", found, row):
        problems.append(Problem("session_idle", "range", "Must not be longer than the whole session."))
    if problems:
        raise Invalid(*problems)
    return found


def refuse_key_managers(connection: Connection, actor: Actor, row: Row[Any], found: dict[str, Any]) -> None:
    """Only Global Admins and the operator say who manages keys (CONSOLE.md §3.3); raises Forbidden."""
    if found.get("key_managers", row.key_managers) == row.key_managers:
        return
    if actor.unbound or actor.tenant_id is None:
        return
    if actor.kind == "key" and _acts_as_global_admin(connection, actor):
        return
    raise Forbidden("global_admin_only", "Unauthorized", ("Only a Global Admin says who manages API keys.",))


def _acts_as_global_admin(connection: Connection, actor: Actor) -> bool:
    # Any other key may be in the hands of somebody whom this very setting keeps away from keys.
    key = keys.find(connection, actor.tenant_id, "tenant_api_key", actor.id)
    if key is None or key.group_built_in != scopes.SAME_AS_CREATOR or key.created_by_member is None:
        return False
    creator = members.by_id(connection, key.created_by_member)
    return creator is not None and creator.active and creator.role == Role.GLOBAL_ADMIN


def _plan(found: dict[str, Any], given: dict[str, Any], problems: list[Problem]) -> None:
    if "plan" not in given:
        return
    if given["plan"] not in PLAN_LIMITS:
        problems.append(Problem("plan", "unknown", "Must be standard or enterprise."))
        return
    found["plan"] = given["plan"]
    found["key_limit"], found["rate_limit"] = PLAN_LIMITS[given["plan"]]


def _number(found: dict[str, Any], problems: list[Problem], name: str, number: Number, value: int | None) -> None:
    if (value is None and number.none) or (value is not None and number.least <= value <= number.most):
        found[number.column] = value
        return
    or_none = " or none" if number.none else ""
    problems.append(Problem(name, "range", f"Must be {_range(number)}{or_none}."))


def _range(number: Number) -> str:
    if not number.column.endswith("_seconds"):
        return f"a whole number from {number.least} to {number.most}"
    least, most = (duration_text(timedelta(seconds=end)) for end in (number.least, number.most))
    return f"from {least} to {most} ({number.least} to {number.most} whole seconds)"


def _time_zone(text: str, problems: list[Problem]) -> str:
    try:
        return zone(text).key
    except ValueError:
        example = "Must be a time zone of the IANA database, such as Europe/Berlin."
        problems.append(Problem("time_zone", "unknown", example))
        return ""


def _key_managers(text: str, problems: list[Problem]) -> str:
    if text not in scopes.KEY_MANAGERS:
        problems.append(Problem("key_managers", "unknown", f"Must be one of {', '.join(scopes.KEY_MANAGERS)}."))
    return text


def _default_group(connection: Connection, tenant_id: str, named: str | None, problems: list[Problem]) -> str | None:
    if not named:
        return None
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None or group.type != "tenant_api_key":
        problems.append(Problem("default_group", "unknown", "Must be a group of type Tenant API Key."))
        return None
    return str(group.id)


def _at(column: str, found: dict[str, Any], row: Row[Any]) -> int:
    return int(found.get(column, getattr(row, column)))
