"""What about a key deserves a look: each question is a condition, counted and listed by the same words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from app.domain import health
from app.domain.scopes import FULL_ACCESS
from app.models import Group, Key, KeyUse, Secret, SecretUse
from app.store.plans import planned_for_values

STILL = timedelta(days=7)
LONG_OVERLAP = timedelta(hours=24)
OLD_SECRET, UNUSED, NEVER_USED = timedelta(days=90), timedelta(days=90), timedelta(days=30)

Use = aliased(KeyUse)  # a list in the order of last use has the table itself already


@dataclass(frozen=True, slots=True)
class About:
    """Whose keys a condition is about, and when; `soon` is until when the end of a key is near.

    apart   whether the keys with a certain use are found first, all of them, which is best where every key is looked
            at; otherwise each key is asked for its own use, which is best where a list soon is full
    """

    tenant_id: str
    kind: str
    now: datetime
    soon: datetime
    apart: bool = False


def used(about: About, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a key's use is such; `which` speak of `Use`."""
    if not about.apart:
        # Not EXISTS, of which PostgreSQL makes a join that reads all keys and all their uses for a page of fifty.
        return select(true()).where(Use.key_id == Key.key_id, *which).scalar_subquery().is_(True)
    mine = (Use.tenant_id == about.tenant_id, Use.kind == about.kind)
    return Key.key_id.in_(select(Use.key_id).where(*mine, *which))


def _live(about: About) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), or_(Key.expires_at.is_(None), Key.expires_at > about.now))


def _secret(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Secret.key_id == Key.key_id, *which)


def _called_dead(about: About, since: Any) -> ColumnElement[bool]:
    # Such keys are few, so that they are found first, whatever is done with them.
    lately = used(replace(about, apart=True), Use.dead_call_at >= about.now - STILL)
    return and_(lately, used(replace(about, apart=False), Use.dead_call_at >= since))


def _expired_but_called(about: About) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), Key.expires_at <= about.now, _called_dead(about, Key.expires_at))


def _revoked_but_called(about: About) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_not(None), _called_dead(about, Key.revoked_at))


def _browser_use(about: About) -> ColumnElement[bool]:
    works = or_(Secret.ends_at.is_(None), Secret.ends_at > about.now)
    seen = select(SecretUse.key_id).join(Secret, Secret.number == SecretUse.secret_number)
    return and_(_live(about), Key.key_id.in_(seen.where(SecretUse.origin.is_not(None), works)))


def _expiring_soon(about: About) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), Key.expires_at > about.now, Key.expires_at <= about.soon)


def _long_overlap(about: About) -> ColumnElement[bool]:
    replaced_long_ago = _secret(Secret.ends_at.is_(None), Secret.created_at <= about.now - LONG_OVERLAP)
    overlapping = Key.key_id.in_(select(Secret.key_id).where(Secret.ends_at > about.now))
    return and_(_live(about), overlapping, replaced_long_ago)


def _full_access(about: About) -> ColumnElement[bool]:
    # There is one such group, and a list in order must not begin at the index of groups and sort all that it finds.
    group_id = select(Group.id).where(Group.built_in == FULL_ACCESS).limit(1).scalar_subquery()
    return and_(_live(about), (Key.group_id if about.apart else func.coalesce(Key.group_id, "")) == group_id)


def _no_allowlist(about: About) -> ColumnElement[bool]:
    return and_(_live(about), Key.networks == "")


def _never_expires(_about: About) -> ColumnElement[bool]:
    return and_(Key.revoked_at.is_(None), Key.expires_at.is_(None))


def _old_secret(about: About) -> ColumnElement[bool]:
    # No secret is older than its key.
    old = about.now - OLD_SECRET
    return and_(_live(about), Key.created_at <= old, _secret(Secret.ends_at.is_(None), Secret.created_at <= old))


def _never_used(about: About) -> ColumnElement[bool]:
    return and_(_live(about), Key.created_at <= about.now - NEVER_USED, used(about, Use.last_used_at.is_(None)))


def _idle(about: About) -> ColumnElement[bool]:
    return and_(_live(about), used(about, Use.last_used_at <= about.now - UNUSED))


# In the order of `app.domain.health`.
QUESTIONS: dict[health.Question, Callable[[About], ColumnElement[bool]]] = {
    "expired_but_called": _expired_but_called,
    "revoked_but_called": _revoked_but_called,
    "browser_use": _browser_use,
    "expiring_soon": _expiring_soon,
    "long_overlap": _long_overlap,
    "full_access": _full_access,
    "no_ip_allowlist": _no_allowlist,
    "never_expires": _never_expires,
    "old_secret": _old_secret,
    "never_used": _never_used,
    "idle": _idle,
}
# A revoked key is an answer to none of the others.
STILL_ACTIVE = frozenset(QUESTIONS) - {"revoked_but_called"}


def counts(connection: Connection, tenant_id: str, kind: str, now: datetime, soon: datetime) -> Sequence[int]:
    """How many keys of a tenant each question finds, in the order of QUESTIONS; deleted keys do not count."""
    # One by one: each walks where it has the least to look at, which all of them together could not.
    mine = (Key.tenant_id == tenant_id, Key.kind == kind, Key.deleted_at.is_(None))
    about = About(tenant_id, kind, now, soon, apart=True)
    found = [select(func.count()).select_from(Key).where(*mine, condition(about)) for condition in QUESTIONS.values()]
    with planned_for_values(connection):
        row = connection.execute(select(*(question.scalar_subquery() for question in found))).one()
    return [int(count) for count in row]
