"""What a key may be given: group, expiry, room in the tenant's limit, overlap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row

from app.domain import scopes
from app.domain.events import Actor
from app.domain.names import fold
from app.domain.refusals import Conflict, Forbidden, Invalid, Problem
from app.domain.times import parse_expiry, rfc3339, zone
from app.store import facts, groups, keys, members

TENANT_KEY_TYPE = "tenant_api_key"
LEAK = "leak"
LONGEST_REASON, REASON_FORM = 200, r"^[^\x00-\x1f\x7f]*$"
REASONS = ("scheduled", LEAK, "staff_change", "other")


class Keep(Enum):
    """A rotation that leaves the expiry as it is."""

    KEEP = "keep"


KEEP = Keep.KEEP


def version_conflict(kind: str = "key") -> Conflict:
    """Somebody else was first."""
    return Conflict(
        "version_conflict",
        f"The {kind} was changed by somebody else meanwhile.",
        ("Read it again and repeat the change if it still makes sense.",),
    )


def key_revoked() -> Conflict:
    """Revocation is final."""
    return Conflict(
        "key_revoked", "This key has been revoked and cannot be changed any more.", ("Generate a new key instead.",)
    )


def refuse_closed(tenant: Row[Any]) -> None:
    """A closed tenant gets no new keys."""
    if tenant.closed_at is not None:
        raise Conflict("tenant_closed", "This tenant has been closed.")


def refuse_over_limit(connection: Connection, tenant: Row[Any], now: datetime) -> None:
    """Keep a tenant within its key limit; its row is locked, so the count holds until the transaction ends."""
    used = keys.usable_count(connection, tenant.id, now) if tenant.key_limit is not None else 0
    if tenant.key_limit is not None and used >= tenant.key_limit:
        raise Conflict(
            "key_limit_reached",
            f"This tenant has {used} of {tenant.key_limit} API Keys.",
            ("Revoke a key you no longer need.", "Contact support to raise the limit."),
        )


def group_for(
    connection: Connection,
    actor: Actor,
    tenant: Row[Any],
    named: str | None,
    creator: str | None,
    problems: list[Problem],
) -> Row[Any] | None:
    """Find the group a key is to have, and make sure that the actor may hand it out.

    named     an ID or name; None takes the tenant's default group
    creator   the member who creates the key, if one does
    returns   None when something was added to `problems`
    raises    Forbidden (group_exceeds_caller)
    """
    named = named or tenant.default_group_id
    if named is None:
        problems.append(Problem("group", "missing", "An authorization group is required."))
        return None
    group = groups.find(connection, tenant.id, named, fold(named))
    if group is None or group.type != TENANT_KEY_TYPE:
        problems.append(Problem("group", "unknown", "There is no authorization group of that name for API keys."))
        return None
    if group.built_in == scopes.SAME_AS_CREATOR:
        held = _of_creator(connection, tenant.id, creator, tenant.key_managers, problems)
    else:
        held = scopes.unpack(group.scopes)
    refuse_handing_out(actor, held)
    return group


def _of_creator(
    connection: Connection, tenant_id: str, creator: str | None, key_managers: str, problems: list[Problem]
) -> frozenset[str]:
    member = members.find(connection, tenant_id, creator) if creator is not None else None
    if member is None:
        problems.append(
            Problem("group", "no_creator", "Same as the key's creator needs a member of the tenant as creator.")
        )
        return frozenset()
    return scopes.of_role(scopes.Role(member.role), facts.product_scopes(connection), key_managers)


def refuse_handing_out(actor: Actor, held: frozenset[str], code: str = "group_exceeds_caller") -> None:
    """Nobody gives more than they hold, except the operator and Global Admins; raises Forbidden with this code."""
    if not actor.unbound and not held <= actor.scope:
        missing = ", ".join(sorted(held - actor.scope)[:5])
        raise Forbidden(code, "Unauthorized", (f"You cannot hand out more than you hold; you lack {missing}.",))


def refuse_stronger(connection: Connection, actor: Actor, row: Row[Any]) -> None:
    """Nobody gets at the secret of a key that may do more than they may; raises Forbidden."""
    if row.group_built_in == scopes.SAME_AS_CREATOR:
        held = _of_creator(connection, row.tenant_id, row.created_by_member, row.key_managers, [])
    else:
        held = scopes.unpack(row.group_scopes)
    refuse_handing_out(actor, held)


def future_expiry(text: str, time_zone: str, now: datetime, problems: list[Problem]) -> datetime | None:
    """Read an expiry that lies ahead: a later date than today's in the tenant's zone, or a later instant."""
    here = zone(time_zone)
    try:
        end = parse_expiry(text, here)
    except ValueError:
        problems.append(
            Problem("expires_at", "format", "Must be a date such as 2026-12-31 or an RFC 3339 time with an offset.")
        )
        return None
    today = now.astimezone(here).date().isoformat()
    # Of dates only: where today has begun earlier than in UTC, an instant ahead may be written with yesterday's date.
    if end <= now or (len(text) == len(today) and text <= today):
        problems.append(Problem("expires_at", "past", "Must lie in the future."))
        return None
    return end


def chosen_end(tenant: Row[Any], wanted: str | None, now: datetime, problems: list[Problem]) -> datetime | None:
    """Read the end that a key is to have, and hold it to the tenant's maximum lifetime.

    wanted   as written in the request; None for never
    """
    end = future_expiry(wanted, tenant.time_zone, now, problems) if wanted is not None else None
    days = tenant.max_lifetime_days
    if days is None or (end is None and wanted is not None):
        return end
    here = zone(tenant.time_zone)
    # The day counts whole: a key made today may be given the date so many days ahead.
    last = parse_expiry((now.astimezone(here).date() + timedelta(days=days)).isoformat(), here)
    if end is None or end > last:
        problems.append(Problem("expires_at", "max_lifetime", f"Your tenant allows at most {days} days."))
    return end


def check_allowlist(tenant: Row[Any], networks: Sequence[str], problems: list[Problem]) -> None:
    """Hold a key's address list to a tenant that requires one; a range of every address is none.

    networks   as they are stored
    """
    if tenant.require_ip_allowlist and (not networks or any(line.endswith("/0") for line in networks)):
        text = "Your tenant requires an IP allowlist: name the addresses this key is used from."
        problems.append(Problem("ip_allowlist", "required", text))


def rotated_expiry(
    connection: Connection, tenant: Row[Any], row: Row[Any], wanted: str | Keep | None, now: datetime
) -> datetime | None:
    """The end a rotation gives a key; an expired key needs a new one, and room in the limit.

    raises   Invalid, Conflict (key_expired, key_limit_reached)
    """
    expired = row.expires_at is not None and now >= row.expires_at
    if isinstance(wanted, Keep):
        if expired:
            raise Conflict(
                "key_expired", "This key has expired.", ("Rotate it with a new expires_at, or with null for no end.",)
            )
        end: datetime | None = row.expires_at
        return end
    problems: list[Problem] = []
    end = chosen_end(tenant, wanted, now, problems)
    if problems:
        raise Invalid(*problems)
    if expired:
        refuse_over_limit(connection, tenant, now)
    return end


def check_reason(reason: str | None) -> None:
    """Refuse a reason for a revocation that is too long or not one line of text; raises Invalid."""
    if reason is not None and (len(reason) > LONGEST_REASON or not re.fullmatch(REASON_FORM, reason)):
        raise Invalid(Problem("reason", "length", f"A reason is one line of at most {LONGEST_REASON} characters."))


def check_overlap(tenant: Row[Any], overlap: timedelta, reason: str | None) -> None:
    """Hold an overlap to the tenant's maximum; a leaked secret gets none. Raises Invalid."""
    longest = timedelta(seconds=tenant.max_overlap_seconds)
    problems = []
    if reason is not None and reason not in REASONS:
        problems.append(Problem("reason", "unknown", f"Must be one of {', '.join(REASONS)}."))
    if not timedelta(0) <= overlap <= longest:
        problems.append(Problem("overlap", "range", f"Must be at most {int(longest.total_seconds()) // 3600} h."))
    elif overlap and reason == LEAK:
        problems.append(Problem("overlap", "leak", "A leaked secret should stop now, so an overlap is not offered."))
    if problems:
        raise Invalid(*problems)


def extended_overlap(tenant: Row[Any], rotated_at: datetime, end: datetime, now: datetime) -> datetime:
    """Check a new end of an overlap: ahead, and at most the tenant's maximum after the rotation. Raises Invalid."""
    latest = rotated_at.astimezone(UTC) + timedelta(seconds=tenant.max_overlap_seconds)
    if not now < end <= latest:
        raise Invalid(Problem("extend_to", "range", f"Must lie ahead, and not beyond {rfc3339(latest)}."))
    return end
