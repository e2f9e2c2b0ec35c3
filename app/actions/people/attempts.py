"""Attempts to prove who somebody is: after a few failures each waits longer than the one before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.store import sign_ins as store
from app.store import strangers

FREE_FAILURES, LONGEST_DELAY = 5, timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)  # without any: whoever comes back then is no guesser


class NotIn(Exception):
    """No way in with this.

    until     when the next attempt counts, if attempts have to wait
    sso_only  it was right, but the tenant lets people in by single sign-on alone
    """

    def __init__(self, until: datetime | None = None, *, sso_only: bool = False) -> None:
        super().__init__("E-mail or password is not correct.")
        self.until, self.sso_only = until, sso_only


def hold(connection: Connection, member_id: str, now: datetime) -> None:
    """Hold a member's attempts, so that many at once count one by one; NotIn while they have to wait."""
    row = store.hold(connection, member_id)
    if row is not None and row.not_before is not None and row.not_before > now:
        raise NotIn(row.not_before)


def failed(connection: Connection, member_id: str, now: datetime) -> None:
    """Count a failure; from the fifth on the next attempt waits, twice as long each time."""
    row = store.hold(connection, member_id)
    before = row.not_before if row is not None else None
    known = row.failures if row is not None and before is not None and before > now - FORGOTTEN_AFTER else 0
    store.keep(connection, member_id, failures=known + 1, not_before=_next(known + 1, now))


def _next(failures: int, now: datetime) -> datetime:
    if failures < FREE_FAILURES:
        return now
    return now + min(timedelta(seconds=2 ** min(failures - FREE_FAILURES, 30)), LONGEST_DELAY)


def hold_stranger(connection: Connection, fingerprint: bytes, now: datetime) -> None:
    """Hold attempts with an address that nobody has just as long; NotIn while they have to wait."""
    until = strangers.not_before(connection, fingerprint)
    if until is not None and until > now:
        raise NotIn(until)


def failed_stranger(connection: Connection, fingerprint: bytes, now: datetime) -> None:
    """Count a failure of an address that nobody has, as of one that somebody has."""
    strangers.forget(connection, now - FORGOTTEN_AFTER)
    failures = strangers.count(connection, fingerprint, now, now - FORGOTTEN_AFTER)
    strangers.wait(connection, fingerprint, _next(failures, now))


def succeeded(connection: Connection, member_id: str, now: datetime) -> None:
    """Forget the failures of somebody who proved who they are."""
    store.keep(connection, member_id, failures=0, not_before=None, last_at=now)
