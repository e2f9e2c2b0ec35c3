"""What the forms of the tenant's settings hold: read from what was sent, written from what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.domain.refusals import Problem
from app.domain.times import duration_text, parse_duration
from app.web.forms import Form

DURATIONS = ("max_overlap", "token_lifetime", "session_idle", "session_lifetime", "reauth_after")
UNITS = "smhd"  # each a choice beside the number
UNLESS_CHOSEN = {"max_overlap": "7d", "token_lifetime": "m"}
MAY_BE_EMPTY = frozenset({"token_lifetime"})
GENERAL, POLICY, SESSIONS = "general", "policy", "sessions"
Changes = dict[str, Any]
Reader = Callable[[Form, list[Problem]], Changes]


def general(form: Form, problems: list[Problem]) -> Changes:  # noqa: ARG001 - every reader has this shape
    """Name and time zone; the action says what is wrong with them."""
    return {"name": form.get("name", ""), "time_zone": form.get("time_zone", "")}


def policy(form: Form, problems: list[Problem]) -> Changes:
    """What holds for keys. Who manages them is in the form of a Global Admin alone."""
    overlap = _seconds(form, "max_overlap", problems) if form.get("allow_overlap") else 0
    longest = form.get("max_lifetime_days")
    changes = {
        "default_group": form.get("default_group"),
        "max_lifetime_days": _number(form, "max_lifetime_days", problems) if longest else None,
        "expiring_soon_days": _number(form, "expiring_soon_days", problems),
        "confirmation_days": _number(form, "confirmation_days", problems),
        "require_ip_allowlist": "require_ip_allowlist" in form,
        "max_overlap": overlap,
        "token_lifetime": _seconds(form, "token_lifetime", problems),
    }
    return {**changes, "key_managers": form["key_managers"]} if "key_managers" in form else changes


def sessions(form: Form, problems: list[Problem]) -> Changes:
    """What holds for people who sign in."""
    lengths = {name: _seconds(form, name, problems) for name in ("session_idle", "session_lifetime", "reauth_after")}
    return {**lengths, "require_mfa": "require_mfa" in form}


READERS: dict[str, Reader] = {GENERAL: general, POLICY: policy, SESSIONS: sessions}


def shown(tenant: dict[str, Any]) -> dict[str, str]:
    """The fields as they stand before anybody types; a box that is not ticked is not there."""
    fields = {name: str(value) for name, value in tenant.items() if value is not None and not isinstance(value, bool)}
    for name in DURATIONS:
        text = duration_text(timedelta(seconds=tenant[name])) if tenant[name] else UNLESS_CHOSEN[name]
        fields |= {name: text[:-1], unit(name): text[-1]}
    fields |= {name: "on" for name in ("require_ip_allowlist", "require_mfa") if tenant[name]}
    return {**fields, "allow_overlap": "on"} if tenant["max_overlap"] else fields


def unit(name: str) -> str:
    """The field beside a duration's number that says what it counts."""
    return f"{name}_unit"


def _number(form: Form, name: str, problems: list[Problem]) -> int | None:
    text = form.get(name, "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= len("3650"):
        return int(text)
    problems.append(Problem(name, "format", "Must be a whole number of days."))
    return None


def _seconds(form: Form, name: str, problems: list[Problem]) -> int | None:
    text = form.get(name, "").strip()
    if not text and name in MAY_BE_EMPTY:
        return None
    counted = form.get(unit(name), "")
    if counted in UNITS and text.isdecimal():
        text += counted
    try:
        return parse_duration(text) // timedelta(seconds=1)
    except ValueError:
        problems.append(Problem(name, "format", "Must be a whole number."))
        return None
