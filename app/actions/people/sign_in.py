"""Signing in with e-mail address and password, and setting the first one through a one-time link."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from app.actions import member_terms, members
from app.actions.people import attempts, passwords, sessions
from app.actions.people.attempts import NotIn
from app.context import Context
from app.domain import credentials
from app.domain.events import Actor, Event
from app.domain.names import clean_name
from app.domain.passwords import clean_password
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.scopes import Role
from app.store import deployment
from app.store import members as member_rows
from app.store import sign_ins as store
from app.store import tenants as tenant_rows


class Way(NamedTuple):
    """What a one-time link leads to. `member` is None where the first Global Admin is to be made."""

    fingerprint: bytes
    tenant_id: str
    tenant_name: str
    member: Row[Any] | None


def with_password(ctx: Context, email: str, password: str, now: datetime, *, address: str | None, client: str) -> str:
    """Let somebody in; the new session's cookie.

    raises   NotIn, the same for an unknown address, a wrong password and a person who has none
    """
    found = ctx.database.read(lambda connection: store.candidates(connection, email.strip().casefold()))
    waiting = [row.not_before for row in found if row.not_before is not None and row.not_before > now]
    if found and len(waiting) == len(found):
        raise NotIn(min(waiting))
    tried = [row for row in found if row.not_before is None or row.not_before <= now]
    right = [row for row in tried if passwords.matches(row.password_hash, password)]
    if not tried:
        passwords.matches(None, password)
    with ctx.database.transaction() as connection:
        if right:
            attempts.hold(connection, right[0].member_id, now)
            attempts.succeeded(connection, right[0].member_id, now)
            return sessions.begin(ctx, connection, right[0], now, address=address, client=client)
        for row in tried:
            attempts.failed(connection, row.member_id, now)
    raise NotIn


def way(ctx: Context, token: str, now: datetime) -> Way:
    """Look where a one-time link leads, without using it up; NotFound for one that is used, over or unknown."""
    fingerprint = credentials.fingerprint(ctx.vault.derive("one-time-link"), token if token.isascii() else "")

    def look(connection: Connection) -> Way:
        link = deployment.link(connection, fingerprint)
        if link is None or link.used_at is not None or link.expires_at <= now:
            raise NotFound("link")
        tenant = tenant_rows.find(connection, link.tenant_id)
        member = member_rows.by_id(connection, link.member_id) if link.member_id is not None else None
        if tenant is None or tenant.closed_at is not None or (link.member_id is not None and member is None):
            raise NotFound("link")
        return Way(fingerprint, tenant.id, tenant.name, member)

    return ctx.database.read(look)


def set_up(ctx: Context, found: Way, now: datetime, *, email: str, name: str, password: str, repeated: str) -> None:
    """Go the way of a one-time link: make the first Global Admin, or give a member a new password.

    email, name   of the person who becomes the Global Admin; a member that is there keeps theirs
    raises        Invalid, NotFound (the link is used up), Conflict
    """
    problems: list[Problem] = []
    if found.member is not None:
        email, name = found.member.email, found.member.name
    else:
        name = clean_name(name, problems, shortest=1, longest=member_terms.LONGEST_NAME)
    password = clean_password(password, (email, name, found.tenant_name), problems)
    if password != clean_password(repeated, (), []):
        problems.append(Problem("repeated", "different", "The two passwords differ."))
    if problems:
        raise Invalid(*problems)
    hashed = passwords.hasher().hash(password)
    by_link = Actor("system", "one-time-link", unbound=True)
    with ctx.database.transaction() as connection:
        if not deployment.use_link(connection, found.fingerprint, now):
            raise NotFound("link")
        member_id = found.member.id if found.member is not None else ""
        if found.member is None:
            made = members.add(
                ctx, connection, by_link, found.tenant_id, now, email=email, name=name, role=Role.GLOBAL_ADMIN
            )
            member_id = made["id"]
        store.keep(connection, member_id, password_hash=hashed, password_changed_at=now, failures=0, not_before=None)
        store.end_sessions(connection, member_id)
        sessions.record(ctx, connection, Event.MEMBER_PASSWORD_SET, Actor("member", member_id, found.tenant_id), now)
