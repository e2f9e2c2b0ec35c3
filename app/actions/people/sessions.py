"""Sessions: which browser is signed in as whom, for how long, and when its person last proved to be there."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from app.actions.people.attempts import NotIn
from app.context import Context
from app.domain import credentials, scopes
from app.domain.events import Actor, Event
from app.domain.scopes import Role
from app.store import audit, facts, members, single_sign_on
from app.store import sign_ins as store

IDLE, ABSOLUTE, PROOF = timedelta(minutes=30), timedelta(hours=12), timedelta(minutes=15)
WRITE_EVERY = timedelta(minutes=1)  # when it was last seen is not worth a write with every page
COOKIE_BYTES = 32


class Signed(NamedTuple):
    """A signed-in browser: its session, its member and tenant, and what the member holds now."""

    row: Row[Any]
    scope: frozenset[str]

    @property
    def role(self) -> Role:
        """The member's role."""
        return Role(self.row.role)

    def proved(self, now: datetime) -> bool:
        """Whether the person proved to be there within the last minutes."""
        proved_at: datetime = self.row.proved_at
        return now - proved_at < PROOF

    def actor(self, address: str | None, request_id: str | None) -> Actor:
        """The member as the audit log names them, with what they may hand out."""
        unbound = self.role is Role.GLOBAL_ADMIN
        return Actor("member", self.row.member_id, self.row.tenant_id, self.scope, unbound, address, request_id)


def begin(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    now: datetime,
    *,
    client: str,
    sso: str | None = None,
    by_link: bool = False,
) -> str:
    """Begin a session inside the transaction that let its person in; the cookie's value, told once.

    actor     the member, and where their browser is
    client    what the browser calls itself
    sso       the connection that vouches for them
    by_link   they have just gone the way of a one-time link
    raises    NotIn when their tenant demands single sign-on and this is none
    """
    if sso is None:
        refuse_without_sso(connection, actor.id, by_link=by_link)
    cookie = new_cookie(ctx)
    store.forget_ended(connection, now)
    store.add_session(
        connection,
        id=f"ses_{ctx.entropy(10).hex()}",
        fingerprint=_fingerprint(ctx, cookie),
        member_id=actor.id,
        created_at=now,
        seen_at=now,
        proved_at=now,
        ends_at=now + IDLE,
        address=actor.address,
        client=client,
        sso_connection_id=sso,
    )
    record(ctx, connection, Event.MEMBER_SIGNED_IN, actor, now)
    return cookie


def refuse_without_sso(connection: Connection, member_id: str, *, by_link: bool = False) -> None:
    """Let in by single sign-on alone whose tenant demands it; NotIn.

    by_link   after a one-time link the last Global Admin may come in: else a broken provider locks a tenant for good
    """
    if not single_sign_on.required_of(connection, member_id):
        return
    member = members.by_id(connection, member_id)
    alone = member is not None and not members.other_global_admins(connection, member.tenant_id, member.id)
    if not (by_link and alone and member is not None and member.role == Role.GLOBAL_ADMIN):
        raise NotIn(sso_only=True)


def renew(ctx: Context, connection: Connection, signed: Signed, now: datetime) -> str:
    """Give a session whose person has just proved to be there another cookie; the old one is nobody's."""
    cookie = new_cookie(ctx)
    store.change_session(connection, signed.row.id, fingerprint=_fingerprint(ctx, cookie), proved_at=now)
    return cookie


def new_cookie(ctx: Context) -> str:
    """Draw a cookie that nobody can guess."""
    return base64.urlsafe_b64encode(ctx.entropy(COOKIE_BYTES)).decode().rstrip("=")


def find(ctx: Context, cookie: str, now: datetime) -> Signed | None:
    """The browser that holds this cookie; None when it is not, or no longer, signed in."""
    row = ctx.database.read(lambda connection: store.session(connection, _fingerprint(ctx, cookie), now))
    if row is None or now - row.created_at >= ABSOLUTE:
        return None
    if now - row.seen_at >= WRITE_EVERY:
        with ctx.database.transaction() as connection:
            ends_at = min(now + IDLE, row.created_at + ABSOLUTE)
            store.change_session(connection, row.id, seen_at=now, ends_at=ends_at)
    return Signed(row, scopes.of_role(Role(row.role), ctx.database.read(facts.product_scopes)))


def end(ctx: Context, signed: Signed, session_id: str, actor: Actor, now: datetime) -> bool:
    """End one of a member's own sessions; whether there was one."""
    own = session_id == signed.row.id
    with ctx.database.transaction() as connection:
        if not store.end_session(connection, signed.row.member_id, session_id):
            return False
        record(ctx, connection, Event.MEMBER_SIGNED_OUT if own else Event.SESSION_ENDED, actor, now)
        return True


def leave_notice(ctx: Context, signed: Signed, text: str) -> None:
    """Leave a sentence for the next page this browser opens. It must hold no secret."""
    with ctx.database.transaction() as connection:
        store.change_session(connection, signed.row.id, notice=text)


def record(ctx: Context, connection: Connection, event: Event, actor: Actor, now: datetime) -> None:
    """Write down what a member did about their own way in."""
    audit.record(
        connection,
        ctx.vault.audit_key,
        event,
        actor,
        now,
        tenant_id=actor.tenant_id,
        object_kind="member",
        object_id=actor.id,
    )


def _fingerprint(ctx: Context, cookie: str) -> bytes:
    # A cookie is whatever a browser sends; what is not ASCII is nobody's.
    return credentials.fingerprint(ctx.vault.derive("session"), cookie if cookie.isascii() else "")
