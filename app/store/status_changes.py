"""What changes status lists: told where it happens, counted once at the end of the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.status import LIST_BITS
from app.domain.status_list import SIGNED_EVERY, Status
from app.domain.times import CLOCK_LEEWAY
from app.models import Instant, Key, Propagation, Secret, StatusList, StatusMark

TOUCHED, FOLLOWED, LISTS = "status_lists_touched", "revocations_followed", "status_lists_of_keys"
# The longest that a mark can matter: the longest lifetime a token may be given, and until every list is signed anew.
_KEPT_FOR = timedelta(seconds=3600) + CLOCK_LEEWAY + 2 * SIGNED_EVERY
_UPSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Followed(NamedTuple):
    """A revocation whose way to the verifiers is to be followed."""

    key_id: str
    tenant_id: str | None
    event: str
    lists: frozenset[int]
    at: datetime


def keys_changed(connection: Connection, key_ids: Sequence[str], now: datetime) -> Mapping[str, frozenset[int]]:
    """Something changed for every secret of some keys; the numbers of the lists they are in, by key ID.

    The keys are held or written to first: before that, somebody else may be giving them a secret.
    """
    lists = _lists_of(connection, key_ids)
    _touch(connection, frozenset().union(*(lists[key_id] for key_id in key_ids)), now)
    return lists


def follow(connection: Connection, key_ids: Sequence[str], tenant_id: str | None, event: str, now: datetime) -> None:
    """What keys lose with this transaction is to be followed to the verifiers."""
    lists = keys_changed(connection, key_ids, now)
    followed: list[Followed] = connection.info.setdefault(FOLLOWED, [])
    followed += [Followed(key_id, tenant_id, event, lists[key_id], now) for key_id in key_ids]


def ask_again_about_secret(connection: Connection, reference: int, now: datetime) -> None:
    """Tokens of one secret, issued until now, are to be asked about: one of them was taken back."""
    _mark(connection, "secret", [str(reference)], Status.ASK_AGAIN, now)
    _touch(connection, {reference >> LIST_BITS}, now)


def ask_again_about_each(connection: Connection, key_ids: Sequence[str], now: datetime) -> None:
    """Tokens of some keys, issued until now, are to be asked about."""
    _mark(connection, "key", key_ids, Status.ASK_AGAIN, now)
    keys_changed(connection, key_ids, now)


def ask_again_about_keys_of(connection: Connection, group_id: str, now: datetime) -> None:
    """As `ask_again_about_each`, for every key that has a group now and may have another one soon."""
    value = int(Status.ASK_AGAIN)
    columns = (literal("key"), Key.key_id, literal(value), literal(now, Instant))
    theirs = select(*columns).where(Key.group_id == group_id, Key.revoked_at.is_(None))
    new = _UPSERT[connection.dialect.name](StatusMark).from_select(["kind", "object_id", "value", "since"], theirs)
    connection.execute(_or_later(new))
    _touch(connection, _every_list(connection), now)


def ask_again_about_group(connection: Connection, group_id: str, now: datetime) -> None:
    """Tokens of every key of a group, issued until now, are to be asked about."""
    _mark(connection, "group", [group_id], Status.ASK_AGAIN, now)
    _touch(connection, _every_list(connection), now)


def ask_again_about_creator(connection: Connection, member_id: str, now: datetime) -> None:
    """Tokens of every key that acts as a member, issued until now, are to be asked about."""
    _mark(connection, "member", [member_id], Status.ASK_AGAIN, now)
    _touch(connection, _every_list(connection), now)


def suspended(connection: Connection, kind: str, object_id: str, now: datetime) -> None:
    """A tenant's keys, or those that act as a member (`kind`), do nothing from now on."""
    _mark(connection, kind, [object_id], Status.SUSPENDED, now)
    _touch(connection, _every_list(connection), now)


def resumed(connection: Connection, kind: str, object_id: str, now: datetime) -> None:
    """They work again, and so do tokens that are left."""
    where = (StatusMark.kind == kind, StatusMark.object_id == object_id, StatusMark.value == int(Status.SUSPENDED))
    connection.execute(delete(StatusMark).where(*where))
    _touch(connection, _every_list(connection), now)


def ends(connection: Connection, key_id: str, at: datetime | None, now: datetime) -> None:
    """A key's end was moved: tokens from before may lie beyond the new one; None is no end."""
    where = (StatusMark.kind == "key", StatusMark.object_id == key_id, StatusMark.value == int(Status.INVALID))
    connection.execute(delete(StatusMark).where(*where))
    if at is not None:
        _mark(connection, "key", [key_id], Status.INVALID, now, at)
    keys_changed(connection, [key_id], now)


def settle(connection: Connection) -> None:
    """Count the changes of a transaction, as the last thing it does: the rows are locked until it is committed."""
    touched: dict[int, datetime] = connection.info.pop(TOUCHED, {})
    followed: list[Followed] = connection.info.pop(FOLLOWED, [])
    connection.info.pop(LISTS, None)
    versions = {number: _count(connection, number, touched[number]) for number in sorted(touched)}
    rows = [_way(one, number, versions[number]) for one in followed for number in sorted(one.lists)]
    if rows:
        connection.execute(insert(Propagation), rows)


def _way(one: Followed, number: int, version: int) -> dict[str, Any]:
    whose = {"key_id": one.key_id, "tenant_id": one.tenant_id}
    return {**whose, "list_number": number, "version": version, "at": one.at, "event": one.event}


def forget(connection: Connection) -> None:
    """Drop what was told in a transaction that was rolled back."""
    connection.info.pop(TOUCHED, None)
    connection.info.pop(FOLLOWED, None)
    connection.info.pop(LISTS, None)


def _lists_of(connection: Connection, key_ids: Sequence[str]) -> Mapping[str, frozenset[int]]:
    """The numbers of the lists that the secrets of keys are in, asked once a transaction.

    A secret that the transaction itself adds has no tokens yet, so that its list need not hear of it.
    """
    known: dict[str, frozenset[int]] = connection.info.setdefault(LISTS, {})
    missing = [key_id for key_id in key_ids if key_id not in known]
    if missing:
        found: dict[str, set[int]] = {key_id: set() for key_id in missing}
        places = select(Secret.key_id, Secret.status_reference).where(Secret.key_id.in_(missing))
        for key_id, place in connection.execute(places):
            if place is not None:
                found[key_id].add(place >> LIST_BITS)
        known.update((key_id, frozenset(lists)) for key_id, lists in found.items())
    return known


def _touch(connection: Connection, lists: Iterable[int], now: datetime) -> None:
    touched: dict[int, datetime] = connection.info.setdefault(TOUCHED, {})
    touched.update(dict.fromkeys(lists, now))


def _every_list(connection: Connection) -> range:
    newest = connection.execute(select(func.max(Secret.number))).scalar_one()
    return range(((newest or 0) >> LIST_BITS) + 1)


def _count(connection: Connection, number: int, now: datetime) -> int:
    new = _UPSERT[connection.dialect.name](StatusList).values(number=number, version=1, changed_at=now)
    # A clock that is behind must not make a list look older than the one before.
    latest = func.max if connection.dialect.name == "sqlite" else func.greatest
    changed_at = latest(StatusList.changed_at, new.excluded.changed_at)
    counted = new.on_conflict_do_update(
        index_elements=["number"], set_={"version": StatusList.version + 1, "changed_at": changed_at}
    )
    version: int = connection.execute(counted.returning(StatusList.version)).scalar_one()
    return version


def _mark(
    connection: Connection,
    kind: str,
    object_ids: Sequence[str],
    value: Status,
    now: datetime,
    since: datetime | None = None,
) -> None:
    if not connection.info.get(TOUCHED):  # once a transaction: what no list will ever show again
        connection.execute(delete(StatusMark).where(StatusMark.since < now - _KEPT_FOR))
    mark = {"kind": kind, "value": int(value), "since": since or now}
    new = _or_later(_UPSERT[connection.dialect.name](StatusMark))
    connection.execute(new, [{**mark, "object_id": object_id} for object_id in object_ids])


def _or_later(new: Any) -> Any:
    return new.on_conflict_do_update(index_elements=["kind", "object_id", "value"], set_={"since": new.excluded.since})
