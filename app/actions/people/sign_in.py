"""Signing in with e-mail address and password, and setting the first one through a one-time link."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import Connection, Row

from app.actions import member_terms, members
from app.actions.people import attempts, codes, halfway, passwords, sessions
from app.actions.people.attempts import NotIn
from app.context import Context
from app.domain import credentials
from app.domain.events import Actor, Event
from app.domain.names import clean_name
from app.domain.passwords import clean_password
from app.domain.refusals import Invalid, NotFound, Problem
from app.domain.scopes import Role
from app.store import deployment, second_factors
from app.store import members as member_rows
from app.store import sign_ins as store
from app.store import tenants as tenant_rows


class Way(NamedTuple):
    """What a one-time link leads to. `member` is None where the first Global Admin is to be made."""

    fingerprint: bytes
    tenant_id: str
    tenant_name: str
    member: Row[Any] | None


class Entered(NamedTuple):
    """How far somebody is. `complete`: the cookie is a session's; else it is of one who is halfway."""

    cookie: str
    complete: bool


def with_password(
    ctx: Context,
    email: str,
    password: str,
    now: datetime,
    *,
    address: str | None,
    client: str,
    by_link: bool = False,
) -> Entered:
    """Let somebody in, or halfway in where a code is asked for as well.

    by_link  they have just set this password through a one-time link
    raises   NotIn, the same for an unknown address, a wrong password and a person who has none
    """
    folded = email.strip().casefold()
    found = ctx.database.read(lambda connection: store.candidates(connection, folded))
    if not found:
        _refuse_stranger(ctx, folded, password, now)
    waiting = [row.not_before for row in found if row.not_before is not None and row.not_before > now]
    if len(waiting) == len(found):
        raise NotIn(min(waiting))
    tried = [row for row in found if row.not_before is None or row.not_before <= now]
    right = [row for row in tried if passwords.matches(row.password_hash, password)]
    with ctx.database.transaction() as connection:
        if right:
            attempts.hold(connection, right[0].member_id, now)
            sessions.refuse_without_sso(connection, right[0].member_id, by_link=by_link)
            if right[0].totp_sealed is not None:  # failures stay counted until the code is there
                member_id = right[0].member_id
                return Entered(halfway.begin(ctx, connection, halfway.CODE, now, member_id=member_id), complete=False)
            attempts.succeeded(connection, right[0].member_id, now)
            cookie = sessions.begin(
                ctx,
                connection,
                Actor("member", right[0].member_id, right[0].tenant_id, address=address),
                now,
                client=client,
                two_factors=False,
                by_link=by_link,
            )
            return Entered(cookie, complete=True)
        for row in tried:
            attempts.failed(connection, row.member_id, now)
    raise NotIn


def _refuse_stranger(ctx: Context, folded: str, password: str, now: datetime) -> NoReturn:
    # As much work, as long a wait and the same words as for an address that somebody has.
    fingerprint = hmac.digest(ctx.vault.derive("stranger"), folded.encode(), "sha256")
    ctx.database.read(lambda connection: attempts.hold_stranger(connection, fingerprint, now))
    passwords.matches(None, password)
    with ctx.database.transaction() as connection:
        attempts.failed_stranger(connection, fingerprint, now)
    raise NotIn


def is_halfway(ctx: Context, held: str | None, now: datetime) -> bool:
    """Whether a browser holds what a right password left behind."""
    return ctx.database.read(lambda connection: halfway.find(ctx, connection, held, halfway.CODE, now)) is not None


def with_code(ctx: Context, held: str | None, code: str, now: datetime, *, address: str | None, client: str) -> str:
    """Let somebody in who is halfway, with a code of their app or a recovery code; the new session's cookie.

    held     what `with_password` gave the browser
    raises   NotIn; NotFound when there was no right password within the last minutes
    """
    with ctx.database.transaction() as connection:
        row = halfway.find(ctx, connection, held, halfway.CODE, now)
        member = member_rows.by_id(connection, row.member_id) if row is not None else None
        if row is None or member is None or not member.active:
            raise NotFound("sign-in")
        attempts.hold(connection, member.id, now)
        actor = Actor("member", member.id, member.tenant_id, address=address)
        if codes.use(ctx, connection, actor, code, now):
            second_factors.end_halfway(connection, row.fingerprint)
            attempts.succeeded(connection, member.id, now)
            return sessions.begin(ctx, connection, actor, now, client=client, two_factors=True)
        attempts.failed(connection, member.id, now)
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

    Whoever was locked out has neither app nor passkey: both are forgotten, and every session ends.

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
        by_themselves = Actor("member", member_id, found.tenant_id)
        codes.forget(ctx, connection, by_themselves, member_id, now)
        store.keep(connection, member_id, totp_offered=None)
        second_factors.remove_passkeys(connection, member_id)
        second_factors.end_halfways(connection, member_id)
        store.keep(connection, member_id, password_hash=hashed, password_changed_at=now, failures=0, not_before=None)
        store.end_sessions(connection, member_id)
        sessions.record(ctx, connection, Event.MEMBER_PASSWORD_SET, by_themselves, now)
