"""Watches verifiers that poll with credentials: noted in memory, written every few seconds, never by a poll."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from multiprocessing.util import Finalize
from typing import Any

from sqlalchemy import Connection, Row

from app.domain import propagation
from app.domain.events import Actor, Event
from app.domain.propagation import Place, Poll, Progress
from app.domain.refusals import Conflict, Unavailable
from app.domain.times import CLOCK_LEEWAY
from app.runtime import log
from app.store import audit, propagations, verifiers
from app.store.database import Database

WRITE_EVERY_SECONDS = 2.0
# By then every process has written down whom it knew before: nobody is forgotten for being new.
HEARD_BY_ALL = timedelta(seconds=2 * WRITE_EVERY_SECONDS + 1)
MOST_NOTES, MOST_AT_ONCE, OPEN_AT_ONCE = 20_000, 500, 25
FORGET_EVERY = timedelta(hours=1)
LONGEST_TOKEN = timedelta(seconds=3600) + CLOCK_LEEWAY
_SYSTEM = Actor("system", "keyturn")


class VerifierWatch:
    """What one process has seen of verifiers and not yet written."""

    def __init__(self, database: Database, audit_key: bytes, status_uri: str, ttl: int) -> None:
        self._database, self._audit_key, self._uri = database, audit_key, status_uri
        self.patience = propagation.patience(ttl)
        self._notes: deque[Poll] = deque(maxlen=MOST_NOTES)  # beyond that the oldest go: the next poll says it again
        self._writing = threading.Lock()
        self._forgot_at: datetime | None = None

    def polled(self, poll: Poll) -> None:
        """Leave a note: all that a poll pays for."""
        self._notes.append(poll)

    def flush(self, now: datetime) -> None:
        """Write what was noted, and end the following of revocations that have reached everybody.

        raises   Unavailable when it cannot be written now; the notes are kept
        """
        with self._writing:
            if not self._notes and not self._database.read(propagations.any_open):
                return
            taken = [self._notes.popleft() for _ in range(min(len(self._notes), MOST_AT_ONCE))]
            try:
                self._write(taken, now)
            except (Unavailable, Conflict) as error:  # two processes may see a verifier for the first time at once
                self._notes.extendleft(reversed(taken))
                raise Unavailable("What verifiers hold cannot be written now.") from error

    def _write(self, taken: list[Poll], now: datetime) -> None:
        by_place = {
            place: list(polls) for place, polls in groupby(sorted(taken, key=_order), key=lambda poll: poll.place)
        }
        with self._database.transaction() as connection:
            verifiers.note(connection, by_place)
            if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
                self._forgot_at = now
                verifiers.forget(connection, now)
        # What is written twice says the same: a few at once, so that no revocation waits for those before it.
        rows = self._database.read(propagations.all_open)
        for start in range(0, len(rows), OPEN_AT_ONCE):
            with self._database.transaction() as connection:
                self._follow(connection, rows[start : start + OPEN_AT_ONCE], by_place, now)

    def _follow(
        self, connection: Connection, rows: Sequence[Row[Any]], by_place: Mapping[Place, Sequence[Poll]], now: datetime
    ) -> None:
        parts = propagations.add_parts(connection, rows, by_place)
        known = propagations.known(connection, rows, self.patience, parts)
        for row in rows:
            found = propagation.progress(known[row.number], row.at, now - self.patience)
            over = now >= row.at + HEARD_BY_ALL if found.complete else now > row.at + LONGEST_TOKEN
            if over and propagations.end(connection, row.number, now):
                self._record(connection, row, found, now)

    def _record(self, connection: Connection, row: Row[Any], found: Progress, now: datetime) -> None:
        if not found.verifiers:
            return  # nobody was there to prove anything
        after: dict[str, Any] = {
            "of": row.event,
            "status_list": {"uri": f"{self._uri}{row.list_number}", "version": row.version},
            "verifiers": found.verifiers,
            "enforced": found.enforced,
            "silent": found.silent,
            "last_after_seconds": found.last_after.total_seconds() if found.last_after is not None else None,
        }
        whose: dict[str, Any] = {"tenant_id": row.tenant_id, "object_kind": "key", "object_id": row.key_id}
        audit.record(connection, self._audit_key, Event.KEY_ENFORCED, _SYSTEM, now, after=after, **whose)

    # ---- the background

    def start(self, clock: Callable[[], datetime]) -> None:
        """Write every few seconds from now on, and when the process ends."""
        threading.Thread(target=self._keep_writing, args=(clock,), name="verifiers", daemon=True).start()
        Finalize(None, self._write_quietly, args=(clock,), exitpriority=9)

    def _keep_writing(self, clock: Callable[[], datetime]) -> None:
        pause = threading.Event()
        while True:
            pause.wait(WRITE_EVERY_SECONDS)
            self._write_quietly(clock)

    def _write_quietly(self, clock: Callable[[], datetime]) -> None:
        try:
            self.flush(clock())
        except Unavailable:
            log.warned("verifiers.kept", polls=len(self._notes))
        except Exception as error:  # noqa: BLE001 - one bad note must not end the watch
            log.failed("verifiers.dropped", error)


def _order(poll: Poll) -> tuple[Place, datetime]:
    return poll.place, poll.at
