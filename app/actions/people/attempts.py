"""Attempts to prove who somebody is: after a few failures each waits longer than the one before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.store import sign_ins as store

FREE_FAILURES, LONGEST_DELAY = 5, timedelta(minutes=15)


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
    failures = (row.failures if row is not None else 0) + 1
    delay = min(timedelta(seconds=2 ** max(0, min(failures - FREE_FAILURES, 30))), LONGEST_DELAY)
    not_before = now + delay if failures >= FREE_FAILURES else None
    store.keep(connection, member_id, failures=failures, not_before=not_before)


def succeeded(connection: Connection, member_id: str, now: datetime) -> None:
    """Forget the failures of somebody who proved who they are."""
    store.keep(connection, member_id, failures=0, not_before=None, last_at=now)
