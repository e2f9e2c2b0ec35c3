"""Connections to identity providers, the members they know, and browsers on their way to one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app.models import Member, Session, SsoAttempt, SsoConnection, SsoLink, Tenant

_SSO: tuple[Any, ...] = tuple(SsoConnection.__table__.c)
_ATTEMPT: tuple[Any, ...] = tuple(SsoAttempt.__table__.c)
_MEMBER: tuple[Any, ...] = tuple(Member.__table__.c)
_TENANT_NAME: tuple[Any, ...] = (Tenant.name.label("tenant_name"),)
_MEMBERS: tuple[Any, ...] = (
    select(func.count()).where(SsoLink.connection_id == SsoConnection.id).scalar_subquery().label("members"),
)
MOST_OF_A_DOMAIN = 10


def connections(connection: Connection, tenant_id: str) -> Sequence[Row[Any]]:
    """A tenant's connections by name, each with how many `members` came by it."""
    mine = select(*_SSO, *_MEMBERS).where(SsoConnection.tenant_id == tenant_id)
    return connection.execute(mine.order_by(SsoConnection.name, SsoConnection.id)).all()


def find(connection: Connection, sso_id: str, tenant_id: str | None = None) -> Row[Any] | None:
    """A connection by ID with its tenant's name; of one tenant, or of any that is not closed."""
    question = select(*_SSO, *_MEMBERS, *_TENANT_NAME).join(Tenant, Tenant.id == SsoConnection.tenant_id)
    where = SsoConnection.tenant_id == tenant_id if tenant_id is not None else Tenant.closed_at.is_(None)
    return connection.execute(question.where(SsoConnection.id == sso_id, where)).first()


def of_domain(connection: Connection, domain: str) -> Sequence[Row[Any]]:
    """The connections of every open tenant that take addresses of a domain, oldest first."""
    padded = " " + SsoConnection.domains + " "
    return connection.execute(
        select(*_SSO, *_TENANT_NAME)
        .join(Tenant, Tenant.id == SsoConnection.tenant_id)
        .where(padded.contains(f" {domain} ", autoescape=True), Tenant.closed_at.is_(None))
        .order_by(SsoConnection.created_at, SsoConnection.id)
        .limit(MOST_OF_A_DOMAIN)
    ).all()


def add(connection: Connection, **columns: Any) -> None:
    """Insert a connection."""
    connection.execute(insert(SsoConnection).values(**columns))


def change(connection: Connection, sso_id: str, **columns: Any) -> None:
    """Change a connection; it gets another version."""
    changed = update(SsoConnection).where(SsoConnection.id == sso_id)
    connection.execute(changed.values(**columns, version=SsoConnection.version + 1))


def remove(connection: Connection, sso_id: str) -> None:
    """Remove a connection, whom it knew, and every session that began with it."""
    connection.execute(delete(Session).where(Session.sso_connection_id == sso_id))
    connection.execute(delete(SsoAttempt).where(SsoAttempt.connection_id == sso_id))
    forget_links(connection, sso_id)
    connection.execute(delete(SsoConnection).where(SsoConnection.id == sso_id))


def forget_links(connection: Connection, sso_id: str) -> None:
    """Forget whom a connection knew: another issuer's subjects are other people."""
    connection.execute(delete(SsoLink).where(SsoLink.connection_id == sso_id))


def require(connection: Connection, tenant_id: str, since: datetime | None) -> None:
    """Let a tenant's members in by single sign-on alone from now on, or (None) in any way."""
    changed = update(Tenant).where(Tenant.id == tenant_id)
    connection.execute(changed.values(sso_required_at=since, version=Tenant.version + 1))


def end_other_sessions(connection: Connection, tenant_id: str) -> int:
    """End every session of a tenant's members that did not begin with single sign-on; how many there were."""
    people = select(Member.id).where(Member.tenant_id == tenant_id)
    others = delete(Session).where(Session.member_id.in_(people), Session.sso_connection_id.is_(None))
    return connection.execute(others).rowcount


def required_of(connection: Connection, member_id: str) -> bool:
    """Whether a member's tenant lets people in by single sign-on alone."""
    question = select(Tenant.sso_required_at).join(Member, Member.tenant_id == Tenant.id)
    return connection.execute(question.where(Member.id == member_id)).scalar_one_or_none() is not None


def linked(connection: Connection, sso_id: str, subject: str) -> Row[Any] | None:
    """The member that a subject is, removed ones too; None at the first sign-in."""
    question = select(*_MEMBER).join(SsoLink, SsoLink.member_id == Member.id)
    return connection.execute(question.where(SsoLink.connection_id == sso_id, SsoLink.subject == subject)).first()


def member_by_address(connection: Connection, tenant_id: str, email_folded: str) -> Row[Any] | None:
    """The member of a tenant with an e-mail address."""
    where = (Member.tenant_id == tenant_id, Member.email_folded == email_folded, Member.removed_at.is_(None))
    return connection.execute(select(*_MEMBER).where(*where)).first()


def link(connection: Connection, **columns: Any) -> None:
    """Insert whom a subject is."""
    connection.execute(insert(SsoLink).values(**columns))


def is_linked(connection: Connection, sso_id: str, member_id: str) -> bool:
    """Whether a connection knows a member as any subject."""
    where = (SsoLink.connection_id == sso_id, SsoLink.member_id == member_id)
    return connection.execute(select(SsoLink.subject).where(*where)).first() is not None


def used(connection: Connection, sso_id: str, subject: str, now: datetime) -> None:
    """Note that a subject signed in."""
    where = (SsoLink.connection_id == sso_id, SsoLink.subject == subject)
    connection.execute(update(SsoLink).where(*where).values(last_used_at=now))


def unlink(connection: Connection, sso_id: str, subject: str) -> None:
    """Forget whom a subject was."""
    connection.execute(delete(SsoLink).where(SsoLink.connection_id == sso_id, SsoLink.subject == subject))


def add_attempt(connection: Connection, now: datetime, **columns: Any) -> None:
    """Insert a browser on its way, and forget those whose time is over."""
    connection.execute(delete(SsoAttempt).where(SsoAttempt.ends_at <= now))
    connection.execute(insert(SsoAttempt).values(created_at=now, **columns))


def take_attempt(connection: Connection, fingerprint: bytes, now: datetime) -> Row[Any] | None:
    """End a browser's way, once; None when it is over, done or was never begun."""
    where = (SsoAttempt.fingerprint == fingerprint, SsoAttempt.ends_at > now)
    row = connection.execute(select(*_ATTEMPT).where(*where)).first()
    gone = connection.execute(delete(SsoAttempt).where(SsoAttempt.fingerprint == fingerprint)).rowcount
    return row if gone == 1 else None
