"""Members with what is known of them: how they sign in, when they last did, their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from app.models import Key, Member, Passkey, SignIn, SsoLink

_MEMBER: tuple[Any, ...] = tuple(Member.__table__.c)
_COLUMNS: tuple[Any, ...] = (
    *_MEMBER,
    SignIn.last_at,
    SignIn.password_hash.is_not(None).label("has_password"),
    SignIn.totp_sealed.is_not(None).label("has_totp"),
    select(func.count()).where(Passkey.member_id == Member.id).scalar_subquery().label("passkeys"),
    select(func.count()).where(SsoLink.member_id == Member.id).scalar_subquery().label("sso_links"),
    select(func.count())
    .where(Key.created_by_member == Member.id, Key.deleted_at.is_(None))
    .scalar_subquery()
    .label("keys_created"),
)


def page(
    connection: Connection, tenant_id: str, after: tuple[str, str] | None, limit: int, member_id: str | None = None
) -> Sequence[Row[Any]]:
    """A tenant's members by name, or the one with an ID.

    after   the last row's name and ID, for the next page
    """
    question = (
        select(*_COLUMNS)
        .outerjoin(SignIn, SignIn.member_id == Member.id)
        .where(Member.tenant_id == tenant_id, Member.removed_at.is_(None))
    )
    if member_id is not None:
        question = question.where(Member.id == member_id)
    if after is not None:
        question = question.where(or_(Member.name > after[0], (Member.name == after[0]) & (Member.id > after[1])))
    return connection.execute(question.order_by(Member.name, Member.id).limit(limit)).all()


def acting_keys(connection: Connection, member_id: str, now: datetime) -> Sequence[Row[Any]]:
    """The keys that work now and draw their permissions from a member, by name."""
    live = or_(Key.expires_at.is_(None), Key.expires_at > now)
    where = (Key.created_by_member == member_id, Key.group_id == "grp_creator", Key.revoked_at.is_(None), live)
    columns: tuple[Any, ...] = (Key.key_id, Key.name)
    return connection.execute(select(*columns).where(*where).order_by(Key.name_folded, Key.key_id)).all()
