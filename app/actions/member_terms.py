"""What a member may be, and who may make, change or remove one."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.domain import scopes
from app.domain.events import Actor
from app.domain.refusals import Conflict, Forbidden, Problem
from app.domain.scopes import Role
from app.store import facts, tenants
from app.store import members as store

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)*")
LONGEST_EMAIL, LONGEST_NAME = 254, 100  # RFC 5321 §4.5.3.1.3 leaves 254 characters for an address


def clean_email(text: str, problems: list[Problem]) -> str:
    """Read an e-mail address; what is wrong with it is added to the problems."""
    email = text.strip()
    if len(email) > LONGEST_EMAIL or _EMAIL.fullmatch(email) is None:
        problems.append(Problem("email", "format", "Must be an e-mail address."))
    return email


def read_role(text: str, problems: list[Problem]) -> Role | None:
    """Read a role; None, and a problem, when there is none of that name."""
    try:
        return Role(text)
    except ValueError:
        problems.append(Problem("role", "unknown", f"Must be one of {', '.join(Role)}."))
        return None


def refuse_role(connection: Connection, actor: Actor, role: Role) -> None:
    """Nobody makes or unmakes a member who holds more than they do; raises Forbidden."""
    # A Tenant administrator holds the same scopes, and still must not make or unmake a Global Admin.
    if role is Role.GLOBAL_ADMIN and actor.kind == "member" and not actor.unbound:
        raise Forbidden("role_exceeds_caller", "Unauthorized", ("Ask a Global Admin.",))
    tenant = tenants.find(connection, actor.tenant_id) if actor.tenant_id is not None else None
    managers = tenant.key_managers if tenant is not None else scopes.BY_ROLE
    held = scopes.of_role(role, facts.product_scopes(connection), managers)
    terms.refuse_handing_out(actor, held, "role_exceeds_caller")


def refuse_operator(actor: Actor) -> None:
    """Only the operator of the deployment says who manages its signing keys; raises Forbidden."""
    # A Global Admin is unbound within the tenant; the deployment's signing keys are beyond it.
    if not actor.unbound or actor.tenant_id is not None:
        raise Forbidden("operator_only", "Unauthorized", ("Only the operator of the deployment may do this.",))


def keep_a_global_admin(connection: Connection, row: Row[Any], role: str, *, active: bool) -> None:
    """A tenant keeps an active Global Admin, whoever asks; raises Conflict (last_global_admin)."""
    was, stays = row.role == Role.GLOBAL_ADMIN and row.active, role == Role.GLOBAL_ADMIN and active
    if was and not stays and not store.other_global_admins(connection, row.tenant_id, row.id):
        raise Conflict(
            "last_global_admin",
            "This is the tenant's last active Global Admin.",
            ("Make another member Global Admin first.",),
        )
