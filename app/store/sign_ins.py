"""What people sign in with, and the browsers that are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, false, func, insert, select, update

from app.models import Member, Session, SignIn, Tenant

MOST_CANDIDATES = 5  # tenants in which one e-mail address is a member: each costs a password hash
_SESSION: tuple[Any, ...] = tuple(column for column in Session.__table__.c if column.name != "member_id")
_TASTE: tuple[Any, ...] = (
    func.coalesce(SignIn.theme, "").label("theme"),
    func.coalesce(SignIn.shortcuts, false()).label("shortcuts"),
)
_EVERY: tuple[Any, ...] = tuple(SignIn.__table__.c)
_SIGN_IN: tuple[Any, ...] = tuple(column for column in SignIn.__table__.c if column.name != "member_id")
_MEMBER: tuple[Any, ...] = (
    Member.id.label("member_id"),
    Member.tenant_id,
    Member.email,
    Member.name,
    Member.role,
    Member.operator,
    Member.active,
    Member.version,
    Tenant.name.label("tenant_name"),
    Tenant.time_zone,
    Tenant.api_access,
    Tenant.closed_at,
    Tenant.key_managers,
    Tenant.expiring_soon_days,
    Tenant.confirmation_days,
    Tenant.session_idle_seconds,
    Tenant.session_lifetime_seconds,
    Tenant.reauth_seconds,
    Tenant.require_mfa,
)

# Asked with every page: building it anew took longer than its answer.
_VISITING = (
    select(*_SESSION, *_MEMBER, *_TASTE)
    .join(Member, Member.id == Session.member_id)
    .join(Tenant, Tenant.id == Member.tenant_id)
    .outerjoin(SignIn, SignIn.member_id == Member.id)
    .where(Session.fingerprint == bindparam("fingerprint"), Session.ends_at > bindparam("now"))
    .where(Member.active, Member.removed_at.is_(None), Tenant.closed_at.is_(None))
)


def candidates(connection: Connection, email_folded: str) -> Sequence[Row[Any]]:
    """The active members with an e-mail address, oldest first, each with what it signs in with."""
    return connection.execute(
        select(*_MEMBER, *_SIGN_IN)
        .join(Tenant, Tenant.id == Member.tenant_id)
        .outerjoin(SignIn, SignIn.member_id == Member.id)
        .where(Member.email_folded == email_folded, Member.active, Member.removed_at.is_(None))
        .where(Tenant.closed_at.is_(None))
        .order_by(Member.created_at, Member.id)
        .limit(MOST_CANDIDATES)
    ).all()


def find(connection: Connection, member_id: str) -> Row[Any] | None:
    """What a member signs in with; None before the first password."""
    return connection.execute(select(*_EVERY).where(SignIn.member_id == member_id)).first()


def hold(connection: Connection, member_id: str) -> Row[Any] | None:
    """What a member signs in with, held until the transaction ends; None before the first password."""
    held = select(*_EVERY).where(SignIn.member_id == member_id).with_for_update()
    return connection.execute(held).first()


def keep(connection: Connection, member_id: str, **columns: Any) -> None:
    """Write what a member signs in with, whether there was anything before or not."""
    done = connection.execute(update(SignIn).where(SignIn.member_id == member_id).values(**columns))
    if done.rowcount == 0:
        connection.execute(insert(SignIn).values(member_id=member_id, **{"failures": 0, **columns}))


def add_session(connection: Connection, **columns: Any) -> None:
    """Insert a session; only its fingerprint is stored."""
    connection.execute(insert(Session).values(**columns))


def session(connection: Connection, fingerprint: bytes, now: datetime) -> Row[Any] | None:
    """A session that has not ended, with its member and tenant; None when either may no longer be there."""
    return connection.execute(_VISITING, {"fingerprint": fingerprint, "now": now}).first()


def sessions(connection: Connection, member_id: str, now: datetime) -> Sequence[Row[Any]]:
    """A member's sessions that have not ended, the one seen last first."""
    return connection.execute(
        select(*_SESSION)
        .where(Session.member_id == member_id, Session.ends_at > now)
        .order_by(Session.seen_at.desc(), Session.id)
    ).all()


def change_session(connection: Connection, session_id: str, **columns: Any) -> None:
    """Change a session."""
    connection.execute(update(Session).where(Session.id == session_id).values(**columns))


def end_session(connection: Connection, member_id: str, session_id: str) -> bool:
    """End one session of a member; whether there was one."""
    where = (Session.id == session_id, Session.member_id == member_id)
    return connection.execute(delete(Session).where(*where)).rowcount == 1


def end_sessions(connection: Connection, member_id: str, but: str | None = None) -> int:
    """End all sessions of a member, except one; how many there were."""
    return connection.execute(delete(Session).where(Session.member_id == member_id, Session.id != (but or ""))).rowcount


def forget_ended(connection: Connection, now: datetime) -> None:
    """Remove sessions that ended by time."""
    connection.execute(delete(Session).where(Session.ends_at <= now))
