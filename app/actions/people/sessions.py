"""Sessions: which browser is signed in as whom, for how long, and when its person last proved to be there."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from app.actions import records
from app.actions.people.attempts import NotIn
from app.context import Context
from app.domain import credentials, scopes
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict
from app.domain.scopes import Role
from app.store import facts, members, second_factors, single_sign_on, tenants
from app.store import sign_ins as store

WRITE_EVERY = timedelta(minutes=1)  # when it was last seen is not worth a write with every page
COOKIE_BYTES = 32


class Missing(Enum):
    """What a session lacks where the tenant requires a second factor."""

    FACTOR = "factor"  # the member has none yet
    USE = "use"  # they have one, and have not shown it in this session


class Signed(NamedTuple):
    """A signed-in browser: its session, its member and tenant, what the member holds now, and what they still lack."""

    row: Row[Any]
    scope: frozenset[str]
    missing: Missing | None = None

    @property
    def role(self) -> Role:
        """The member's role."""
        return Role(self.row.role)

    def proved(self, now: datetime) -> bool:
        """Whether the person proved to be there within the last minutes."""
        proved_at: datetime = self.row.proved_at
        return now - proved_at < timedelta(seconds=self.row.reauth_seconds)

    @property
    def idle(self) -> timedelta:
        """How long the session lasts without a page."""
        return timedelta(seconds=self.row.session_idle_seconds)

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
    two_factors: bool,
    sso: str | None = None,
    by_link: bool = False,
) -> str:
    """Begin a session inside the transaction that let its person in; the cookie's value, told once.

    actor         the member, and where their browser is
    client        what the browser calls itself
    two_factors   whether they showed a second factor, or a passkey, which is two
    sso           the connection that vouches for them
    by_link       they have just gone the way of a one-time link
    raises        NotIn when their tenant demands single sign-on and this is none
    """
    if sso is None:
        refuse_without_sso(connection, actor.id, by_link=by_link)
    cookie = new_cookie(ctx)
    idle = tenants.session_idle(connection, str(actor.tenant_id))
    store.forget_ended(connection, now)
    store.add_session(
        connection,
        id=f"ses_{ctx.entropy(10).hex()}",
        fingerprint=_fingerprint(ctx, cookie),
        member_id=actor.id,
        created_at=now,
        seen_at=now,
        proved_at=now,
        ends_at=now + idle,
        address=actor.address,
        client=client,
        two_factors=two_factors,
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


def renew(ctx: Context, connection: Connection, signed: Signed, now: datetime, *, two_factors: bool = False) -> str:
    """Give a session whose person has just proved to be there another cookie; the old one is nobody's.

    two_factors   whether they showed a second factor; what was shown before in the session counts on
    """
    cookie = new_cookie(ctx)
    shown = signed.row.two_factors or two_factors
    store.change_session(
        connection, signed.row.id, fingerprint=_fingerprint(ctx, cookie), proved_at=now, two_factors=shown
    )
    return cookie


def showed_factor(connection: Connection, signed: Signed) -> None:
    """Note that a member has just made a second factor in this session, and thereby shown it."""
    store.change_session(connection, signed.row.id, two_factors=True)


def keep_a_factor(connection: Connection, signed: Signed) -> None:
    """Where the tenant requires a second factor, nobody takes their last one away; raises Conflict (mfa_required)."""
    if signed.row.require_mfa and not second_factors.has_any(connection, signed.row.member_id):
        hint = "Add a passkey or an authenticator app before you remove this one."
        raise Conflict("mfa_required", "Your tenant requires a second factor.", (hint,))


def new_cookie(ctx: Context) -> str:
    """Draw a cookie that nobody can guess."""
    return base64.urlsafe_b64encode(ctx.entropy(COOKIE_BYTES)).decode().rstrip("=")


def find(ctx: Context, cookie: str, now: datetime) -> Signed | None:
    """The browser that holds this cookie; None when it is not, or no longer, signed in."""
    row = ctx.database.read(lambda connection: store.session(connection, _fingerprint(ctx, cookie), now))
    if row is None:
        return None
    # By what the tenant says now: a shorter time ends sessions that began under a longer one.
    idle, longest = timedelta(seconds=row.session_idle_seconds), timedelta(seconds=row.session_lifetime_seconds)
    if now - row.created_at >= longest or now - row.seen_at >= idle:
        return None
    if now - row.seen_at >= min(WRITE_EVERY, idle / 10):
        with ctx.database.transaction() as connection:
            store.change_session(connection, row.id, seen_at=now, ends_at=min(now + idle, row.created_at + longest))
    held = scopes.of_role(Role(row.role), ctx.database.read(facts.product_scopes), row.key_managers)
    return Signed(row, held | scopes.OPERATOR_MEMBER if row.operator else held, _missing(ctx, row))


def _missing(ctx: Context, row: Row[Any]) -> Missing | None:
    if not row.require_mfa or row.two_factors:
        return None
    has = ctx.database.read(lambda connection: second_factors.has_any(connection, row.member_id))
    return Missing.USE if has else Missing.FACTOR


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
    records.record("member", ctx, connection, event, actor, actor.tenant_id, actor.id, now)


def _fingerprint(ctx: Context, cookie: str) -> bytes:
    # A cookie is whatever a browser sends; what is not ASCII is nobody's.
    return credentials.fingerprint(ctx.vault.derive("session"), cookie if cookie.isascii() else "")
