"""Whether this process could do its work now.

Asked in a thread of its own: a database that hangs must not hang the question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from queue import SimpleQueue

from app.domain.refusals import Unavailable
from app.runtime import migrations
from app.runtime.ring import KeyRing
from app.runtime.vault import VaultError
from app.store import facts
from app.store.database import Database

PATIENCE_SECONDS = 2.0
OK, NO_ANSWER, UNKNOWN = "ok", "no answer", "unknown"
NO_KEY, TOO_YOUNG, SEALED = "no signing key", "not usable yet", "does not open with this master key"
Checks = dict[str, str]


class Readiness:
    """Asks one question at a time; who asks meanwhile gets the same answer."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._asked: SimpleQueue[tuple[Future[Checks], Callable[[], Checks]]] = SimpleQueue()
        self._pending: Future[Checks] | None = None

    def ask(self, database: Database, url: str, ring: KeyRing, now: datetime) -> Checks:
        """Name each check with `ok` or what is wrong."""
        with self._lock:
            if self._pending is None:
                threading.Thread(target=self._work, name="readiness", daemon=True).start()
            if self._pending is None or self._pending.done():
                self._pending = Future()
                self._asked.put((self._pending, lambda: checks(database, url, ring, now)))
            pending = self._pending
        try:
            return pending.result(self._patience)
        except TimeoutError:
            return {"database": NO_ANSWER, "migrations": UNKNOWN, "signing_key": UNKNOWN}

    def _work(self) -> None:
        while True:
            future, question = self._asked.get()
            try:
                future.set_result(question())
            except Exception as error:  # noqa: BLE001 - whatever it is, this process is not ready, and the next question counts
                future.set_result({"database": type(error).__name__, "migrations": UNKNOWN, "signing_key": UNKNOWN})


def checks(database: Database, url: str, ring: KeyRing, now: datetime) -> Checks:
    """Ask the database, its revision and the signing key.

    url       the database's address, for SQLAlchemy
    returns   what each check found; `ok` is good
    """
    found = {"database": OK, "migrations": UNKNOWN, "signing_key": UNKNOWN}
    try:
        # First on a connection with deadlines: the one that looks for the revision has none.
        database.read(lambda connection: connection.exec_driver_sql("SELECT 1").close())
        state = migrations.state(url)
        found["migrations"] = OK if state == migrations.CURRENT else state
        if state == migrations.EMPTY:
            return found
        found["signing_key"] = _signing_key(ring, facts.current_signing_keys_version(database), now)
    except Unavailable:
        found["database"] = NO_ANSWER
    return found


def _signing_key(ring: KeyRing, version: int | None, now: datetime) -> str:
    try:
        current = ring.at(version, now)
    except VaultError:
        return SEALED
    if current.signing is None or current.usable_at is None:
        return NO_KEY
    return OK if current.usable_at <= now else TOO_YOUNG
