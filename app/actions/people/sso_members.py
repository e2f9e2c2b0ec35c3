"""Which member somebody is that a provider vouches for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import member_terms, members
from app.actions.records import record
from app.context import Context
from app.domain import single_sign_on
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict, Invalid
from app.domain.scopes import Role
from app.store import members as member_rows
from app.store import single_sign_on as store
from app.store import tenants

_record = partial(record, "sso_connection")


class Why(StrEnum):
    """Why single sign-on led nowhere."""

    STALE = "stale"
    DOWN = "down"
    REFUSED = "refused"
    UNTRUSTED = "untrusted"
    ADDRESS = "address"
    STRANGER = "stranger"
    INACTIVE = "inactive"
    SOMEBODY_ELSE = "somebody_else"


class NoWay(Exception):
    """Single sign-on led nowhere; nothing was changed.

    name     what the connection is called
    detail   a few words for an administrator
    """

    def __init__(self, why: Why, *, name: str = "", detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why, self.name, self.detail = why, name, detail


def known(
    ctx: Context, connection: Connection, sso: Row[Any], claims: dict[str, Any], now: datetime, *, address: str | None
) -> Row[Any]:
    """The member that a subject is; at their first sign-in found by e-mail address, or added where that is wanted.

    sso      the connection
    claims   of a good ID token
    raises   NoWay
    """
    email, subject = _address(sso, claims), claims["sub"]
    member = store.linked(connection, sso.id, subject)
    if member is not None and member.removed_at is not None:
        store.unlink(connection, sso.id, subject)
        member = None
    event = Event.SSO_SIGNED_IN
    if member is None:
        tenants.lock(connection, sso.tenant_id)  # two first sign-ins at once come one after the other
        member = store.linked(connection, sso.id, subject)
    if member is None:
        member, event = _first_time(ctx, connection, sso, email, claims, now), Event.SSO_LINKED
        store.link(
            connection,
            connection_id=sso.id,
            subject=subject,
            member_id=member.id,
            created_at=now,
            last_used_at=now,
        )
    if not member.active:
        raise NoWay(Why.INACTIVE, name=sso.name)
    store.used(connection, sso.id, subject, now)
    actor = Actor("member", member.id, member.tenant_id, address=address)
    for happened in dict.fromkeys((event, Event.SSO_SIGNED_IN)):
        _record(ctx, connection, happened, actor, sso.tenant_id, sso.id, now)
    return member


def _address(sso: Row[Any], claims: dict[str, Any]) -> str:
    email, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(email, str) or single_sign_on.domain_of(email) not in sso.domains.split():
        raise NoWay(Why.ADDRESS, name=sso.name, detail="its domain is none of the connection's")
    # Some providers say nothing about it; their word for the whole domain has to be taken by an administrator.
    if not (verified is True or verified == "true" or (verified is None and sso.trust_addresses)):
        raise NoWay(Why.ADDRESS, name=sso.name, detail="the provider has not verified it")
    return email.strip()


def _first_time(
    ctx: Context, connection: Connection, sso: Row[Any], email: str, claims: dict[str, Any], now: datetime
) -> Row[Any]:
    member = store.member_by_address(connection, sso.tenant_id, email.casefold())
    if member is None:
        return _added(ctx, connection, sso, email, claims, now)
    # A subject has taken this member's place before: an address given to another person opens nothing.
    if store.is_linked(connection, sso.id, member.id):
        raise NoWay(Why.ADDRESS, name=sso.name, detail="it belongs to another account of the provider")
    return member


def _added(
    ctx: Context, connection: Connection, sso: Row[Any], email: str, claims: dict[str, Any], now: datetime
) -> Row[Any]:
    if sso.new_role is None or len(email) > member_terms.LONGEST_EMAIL:
        raise NoWay(Why.STRANGER, name=sso.name)
    name = claims.get("name")
    said = " ".join(name.split())[: member_terms.LONGEST_NAME] if isinstance(name, str) and name.isprintable() else ""
    by_sso = Actor("system", "single-sign-on", unbound=True)
    try:
        made = members.add(
            ctx,
            connection,
            by_sso,
            sso.tenant_id,
            now,
            email=email,
            name=said or email.partition("@")[0],
            role=Role(sso.new_role),
        )
    except (Conflict, Invalid) as error:
        raise NoWay(Why.STRANGER, name=sso.name) from error
    found = member_rows.by_id(connection, made["id"])
    if found is None:
        raise NoWay(Why.STRANGER, name=sso.name)
    return found
