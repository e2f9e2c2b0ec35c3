"""What a group may hold, be called, and give its keys to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.domain import scopes as vocabulary
from app.domain.events import Actor
from app.domain.names import fold
from app.domain.refusals import Conflict, Invalid, Problem
from app.store import groups as store


def checked_scopes(connection: Connection, wanted: Sequence[str], problems: list[Problem]) -> frozenset[str]:
    """Check what a group of a tenant is to hold: product scopes, or management of its own affairs."""
    held = frozenset(wanted)
    known = store.hold_scopes(connection, sorted(held)) | vocabulary.TENANT_MANAGEMENT
    for name in sorted(held - known):
        if name in vocabulary.OPERATOR_ONLY:
            problems.append(Problem("scopes", "operator_only", f"{name} belongs to the operator of the deployment."))
        else:
            problems.append(Problem("scopes", "unknown", f"There is no scope {name[:100]!r}."))
    return held


def refuse_taken(connection: Connection, tenant_id: str, name: str) -> None:
    """Refuse a name, or an ID as a name, that a group of the tenant or a built-in one has."""
    if store.find(connection, tenant_id, name, fold(name)) is not None:
        raise Conflict("group_exists", "There is an authorization group of that name.")


def target(connection: Connection, actor: Actor, tenant_id: str, row: Row[Any], move_to: str | None) -> Row[Any] | None:
    """Find the group that another one's keys are to move to; Invalid, Forbidden when it holds more than the actor."""
    if move_to is None:
        return None
    chosen = store.find(connection, tenant_id, move_to, fold(move_to))
    if (
        chosen is None
        or chosen.id == row.id
        or chosen.type != row.type
        or chosen.built_in == vocabulary.SAME_AS_CREATOR
    ):
        raise Invalid(Problem("move_to", "unknown", "Must be another authorization group of the same type."))
    terms.refuse_handing_out(actor, vocabulary.unpack(chosen.scopes) - vocabulary.unpack(row.scopes))
    return chosen
