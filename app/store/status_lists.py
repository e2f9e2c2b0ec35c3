"""Status lists read from the rows they are about: how they stand, and their entries that are not zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, update

from app.domain.status import LIST_BITS, LIST_SIZE
from app.models import Deployment, Key, Secret, StatusList, StatusMark
from app.store.database import Database
from app.store.prepared import Prepared

SAME_AS_CREATOR = "grp_creator"


class Standing(NamedTuple):
    """How a list stands at this moment.

    version         how often it was changed
    changed_at      when last; None is never
    newest_secret   the row number of the newest secret of all; None without one
    """

    signing_keys_version: int
    longest_token_seconds: int | None
    version: int | None
    changed_at: datetime | None
    newest_secret: int | None

    def has(self, number: int) -> bool:
        """Whether there is a list of this number: one that a secret is in, or will be next."""
        return number <= (self.newest_secret or 0) >> LIST_BITS


_STANDING = Prepared(
    select(
        Deployment.signing_keys_version,
        Deployment.longest_token_seconds,
        StatusList.version,
        StatusList.changed_at,
        select(func.max(Secret.number)).scalar_subquery().label("newest_secret"),
    )
    .select_from(Deployment)
    .outerjoin(StatusList, StatusList.number == bindparam("list_number"))
)


def standing(database: Database, number: int) -> Standing | None:
    """Ask how a list stands, as every hot question is asked; None before `init`. Raises what `Database.first` does."""
    row = database.first(_STANDING, {"list_number": number})
    return None if row is None else Standing._make(row)


def ended_secrets(connection: Connection, number: int, since: datetime, until: datetime) -> Iterable[Any]:
    """Place and end of the secrets in a list that ended after one instant and not after another."""
    ended = (Secret.ends_at > since, Secret.ends_at <= until)
    return connection.execute(select(Secret.status_reference, Secret.ends_at).where(*ended, _in_list(number)))


def next_end(connection: Connection, now: datetime) -> datetime | None:
    """When the next secret of any list ends; None when none is to."""
    found: datetime | None = connection.execute(
        select(func.min(Secret.ends_at)).where(Secret.ends_at.is_not(None), Secret.ends_at > now)
    ).scalar_one()
    return found


def revoked(connection: Connection, number: int, since: datetime) -> Iterable[Any]:
    """Place and instant of the secrets in a list whose key was revoked or deleted after an instant."""
    question = select(Secret.status_reference, Key.revoked_at).join(Key, Key.key_id == Secret.key_id)
    alive = or_(Secret.ends_at.is_(None), Secret.ends_at > since)
    return connection.execute(question.where(Key.revoked_at > since, alive, _in_list(number)))


def marks(connection: Connection, since: datetime) -> Sequence[Any]:
    """Every mark from after an instant, those for later included."""
    columns = (StatusMark.kind, StatusMark.object_id, StatusMark.value, StatusMark.since)
    return connection.execute(select(*columns).where(StatusMark.since > since)).all()


def marked(connection: Connection, mark: Any, number: int, since: datetime) -> Iterable[Any]:
    """The places in a list that a mark means: of secrets made before it that had tokens after an instant."""
    if mark.kind == "secret":
        return [int(mark.object_id)] if int(mark.object_id) >> LIST_BITS == number else []
    question = select(Secret.status_reference).join(Key, Key.key_id == Secret.key_id)
    alive = (
        Secret.created_at <= mark.since,
        or_(Secret.ends_at.is_(None), Secret.ends_at > since),
        or_(Key.revoked_at.is_(None), Key.revoked_at > since),
    )
    return connection.execute(question.where(_WHOSE[mark.kind](mark.object_id), *alive, _in_list(number))).scalars()


_WHOSE: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "key": lambda key_id: Key.key_id == key_id,
    "group": lambda group_id: Key.group_id == group_id,
    "tenant": lambda tenant_id: Key.tenant_id == tenant_id,
    "member": lambda member_id: and_(Key.created_by_member == member_id, Key.group_id == SAME_AS_CREATOR),
}


def _in_list(number: int) -> ColumnElement[bool]:
    first = number << LIST_BITS
    # A sum, which no index has: what changed is rare, and nearly every secret there is may be in the list.
    return (Secret.status_reference + 0).between(first, first + LIST_SIZE - 1)


def places_of(connection: Connection, key_id: str) -> list[int]:
    """The places of a key's secrets, newest first."""
    question = select(Secret.status_reference).where(Secret.key_id == key_id).order_by(Secret.number.desc())
    return [place for place in connection.execute(question).scalars() if place is not None]


def longest_lifetime(connection: Connection) -> int | None:
    """The longest lifetime, in seconds, that any process has given tokens; None when none has said."""
    return connection.execute(select(Deployment.longest_token_seconds)).scalar()


def note_lifetime(connection: Connection, seconds: int) -> None:
    """Remember the longest lifetime that any process has given tokens."""
    shorter = or_(Deployment.longest_token_seconds.is_(None), Deployment.longest_token_seconds < seconds)
    connection.execute(update(Deployment).where(shorter).values(longest_token_seconds=seconds))
