"""Proving again to be there, before something that only the person themselves may do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from app.actions.people import attempts, codes, passwords, sessions
from app.actions.people.attempts import NotIn
from app.actions.people.sessions import Missing, Signed
from app.context import Context
from app.domain.events import Actor, Event
from app.store import sign_ins as store


def with_password(ctx: Context, signed: Signed, actor: Actor, password: str, now: datetime) -> str:
    """Prove it with the password.

    returns   the session's new cookie; the old one ends
    raises    NotIn, also where the tenant requires the second factor that the member has
    """
    if signed.missing is Missing.USE:
        raise NotIn
    prove_password(ctx, signed.row.member_id, password, now)
    with ctx.database.transaction() as connection:
        return proved(ctx, connection, signed, actor, now)


def with_code(ctx: Context, signed: Signed, actor: Actor, code: str, now: datetime) -> str:
    """Prove it with a code of the authenticator app or a recovery code; as `with_password`."""
    with ctx.database.transaction() as connection:
        attempts.hold(connection, signed.row.member_id, now)
        if codes.use(ctx, connection, actor, code, now):
            attempts.succeeded(connection, signed.row.member_id, now)
            return proved(ctx, connection, signed, actor, now, two_factors=True)
        attempts.failed(connection, signed.row.member_id, now)
    raise NotIn


def prove_password(ctx: Context, member_id: str, password: str, now: datetime) -> None:
    """Take a member's password, and count it when it is wrong; NotIn."""
    row = ctx.database.read(lambda connection: store.find(connection, member_id))
    if row is not None and row.not_before is not None and row.not_before > now:
        raise NotIn(row.not_before)
    right = passwords.matches(row.password_hash if row is not None else None, password)
    with ctx.database.transaction() as connection:
        if right:
            attempts.hold(connection, member_id, now)
            attempts.succeeded(connection, member_id, now)
            return
        attempts.failed(connection, member_id, now)
    raise NotIn


def proved(
    ctx: Context, connection: Connection, signed: Signed, actor: Actor, now: datetime, *, two_factors: bool = False
) -> str:
    """Note inside a transaction that somebody proved to be there; the session's new cookie."""
    sessions.record(ctx, connection, Event.MEMBER_PROVED, actor, now)
    return sessions.renew(ctx, connection, signed, now, two_factors=two_factors)
