"""What about a key deserves a look: each question is a condition, counted and listed by the same words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.domain import health
from app.domain.scopes import FULL_ACCESS
from app.models import Group, Key, KeyUse, Secret, SecretUse

STILL = timedelta(days=7)
LONG_OVERLAP = timedelta(hours=24)
OLD_SECRET, UNUSED, NEVER_USED = timedelta(days=90), timedelta(days=90), timedelta(days=30)

_Use = aliased(KeyUse)  # a list in the order of last use has the table itself already


def _live(now: datetime) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), or_(Key.expires_at.is_(None), Key.expires_at > now))


def _use(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_Use.key_id == Key.key_id, *which)


def _secret(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Secret.key_id == Key.key_id, *which)


def _expired_but_called(now: datetime) -> ColumnElement[bool]:
    called = _use(_Use.dead_call_at >= Key.expires_at, _Use.dead_call_at >= now - STILL)
    return and_(Key.revoked_at.is_(None), Key.expires_at <= now, called)


def _revoked_but_called(now: datetime) -> ColumnElement[bool]:
    called = _use(_Use.dead_call_at >= Key.revoked_at, _Use.dead_call_at >= now - STILL)
    return and_(Key.revoked_at.is_not(None), called)


def _browser_use(now: datetime) -> ColumnElement[bool]:
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > now)
    seen = exists().where(SecretUse.secret_number == Secret.number, SecretUse.origin.is_not(None))
    return and_(_live(now), _secret(works, seen))


def _expiring_soon(now: datetime, soon: datetime) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), Key.expires_at > now, Key.expires_at <= soon)


def _long_overlap(now: datetime) -> ColumnElement[bool]:
    replaced_long_ago = _secret(Secret.ends_at.is_(None), Secret.created_at <= now - LONG_OVERLAP)
    return and_(_live(now), _secret(Secret.ends_at > now), replaced_long_ago)


def _full_access(now: datetime) -> ColumnElement[bool]:
    return and_(_live(now), Key.group_id.in_(select(Group.id).where(Group.built_in == FULL_ACCESS)))


def _no_allowlist(now: datetime) -> ColumnElement[bool]:
    return and_(_live(now), Key.networks == "")


def _never_expires(_now: datetime) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), Key.expires_at.is_(None))


def _old_secret(now: datetime) -> ColumnElement[bool]:
    return and_(_live(now), _secret(Secret.ends_at.is_(None), Secret.created_at <= now - OLD_SECRET))


def _never_used(now: datetime) -> ColumnElement[bool]:
    return and_(_live(now), Key.created_at <= now - NEVER_USED, _use(_Use.last_used_at.is_(None)))


def _idle(now: datetime) -> ColumnElement[bool]:
    return and_(_live(now), _use(_Use.last_used_at <= now - UNUSED))


_QUESTIONS: dict[health.Question, Callable[[datetime], ColumnElement[bool]]] = {
    "expired_but_called": _expired_but_called,
    "revoked_but_called": _revoked_but_called,
    "browser_use": _browser_use,
    "long_overlap": _long_overlap,
    "full_access": _full_access,
    "no_ip_allowlist": _no_allowlist,
    "never_expires": _never_expires,
    "old_secret": _old_secret,
    "never_used": _never_used,
    "idle": _idle,
}


def condition(question: health.Question, now: datetime, soon: datetime) -> ColumnElement[bool]:
    """Which keys a question finds at an instant; `soon` is until when a key's end is near."""
    return _expiring_soon(now, soon) if question == "expiring_soon" else _QUESTIONS[question](now)


def counts(connection: Connection, tenant_id: str, kind: str, now: datetime, soon: datetime) -> Sequence[int]:
    """How many keys of a tenant each question of `app.domain.health` finds; deleted keys do not count."""
    found: list[Any] = [func.sum(case((condition(question, now, soon), 1), else_=0)) for question in health.QUESTIONS]
    question: Any = select(*found).where(Key.tenant_id == tenant_id, Key.kind == kind, Key.deleted_at.is_(None))
    return [int(count or 0) for count in connection.execute(question).one()]
