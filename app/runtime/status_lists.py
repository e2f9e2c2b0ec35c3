"""Status lists, signed: made anew when something changed, the same bytes in every process."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from app.domain import statements, status_list
from app.domain.refusals import Unavailable
from app.domain.status import LIST_SIZE
from app.domain.status_list import SIGNED_EVERY, Status, put
from app.domain.times import CLOCK_LEEWAY
from app.domain.tokens import Signer
from app.runtime.ring import KeyRing
from app.store import status_lists as store
from app.store.database import Database
from app.store.status_lists import Standing

TRIES = 3
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list as it is sent. It is right from one instant until another, while it stands as it stood.

    etag      of `body`; the one of `gzipped` is made from it
    version   how often the list had been changed
    """

    standing: Standing
    version: int
    etag: str
    body: bytes
    gzipped: bytes
    begins: datetime
    changes_at: datetime


@dataclass(slots=True)
class _Entries:
    """The entries of a list at an instant, and when time alone changed them last and will next."""

    bits: bytearray
    changed_at: datetime
    changes_at: datetime

    def note(self, instant: datetime, now: datetime) -> None:
        """An instant at which entries change."""
        if instant <= now:
            self.changed_at = max(self.changed_at, instant)
        else:
            self.changes_at = min(self.changes_at, instant)


class _Run(NamedTuple):
    """Entries that say the same since the same instant. `by_time`: only from that instant on, by whatever clock."""

    value: int
    since: datetime
    places: Iterable[int]
    by_time: bool = False


class StatusLists:
    """Keeps each list as it was last signed; a read of how it stands tells whether that is still right."""

    def __init__(self, database: Database, ring: KeyRing, uri: str, lifetime: int, ttl: int) -> None:
        self._database, self._ring, self._uri, self.ttl = database, ring, uri, ttl
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._signed: dict[int, SignedList] = {}

    def current(self, number: int, now: datetime) -> SignedList | None:
        """Give a list as the database has it at this instant; None when there is no such list.

        raises   Unavailable when the database does not answer, or no key can sign: an old list would pass for a new one
        """
        standing = store.standing(self._database, number)
        if standing is None or not standing.has(number):
            return None
        kept = self._kept(number, standing, now)
        if kept is not None:
            return kept
        with self._lock:
            return self._kept(number, standing, now) or self._make(number, now)

    def uris(self) -> list[str]:
        """The addresses of all lists."""
        standing = store.standing(self._database, 0)
        newest = standing.newest_secret if standing is not None else None
        return [f"{self._uri}{number}" for number in range((newest or 0) // LIST_SIZE + 1)]

    def _kept(self, number: int, standing: Standing, now: datetime) -> SignedList | None:
        kept = self._signed.get(number)
        if kept is None or kept.standing[:-1] != standing[:-1] or not kept.begins <= now < kept.changes_at:
            return None
        return kept

    def _make(self, number: int, now: datetime) -> SignedList:
        for _ in range(TRIES):
            standing = self._standing(number)
            entries = self._database.read(partial(self._entries, number, standing, now))
            if self._standing(number)[:-1] == standing[:-1]:
                break  # nobody changed it between the reads; otherwise it is called by the older version at least
        signed = self._signed[number] = self._sign(number, standing, entries, now)
        return signed

    def _standing(self, number: int) -> Standing:
        standing = store.standing(self._database, number)
        if standing is None:
            raise Unavailable("There is no deployment yet.")
        return standing

    def note_lifetime(self) -> None:
        """Remember how long the tokens of this process live: entries must outlast the longest. Raises Unavailable."""
        noted = self._database.read(store.longest_lifetime)
        if noted is None or noted < self._lifetime:
            with self._database.transaction() as connection:
                store.note_lifetime(connection, self._lifetime)

    def start(self) -> None:
        """Note the lifetime before the first token, or as soon as the database answers."""
        try:
            self.note_lifetime()
        except Unavailable:
            threading.Thread(target=self._note_later, name="lifetime", daemon=True).start()

    def _note_later(self) -> None:
        pause = threading.Event()
        while not pause.wait(RETRY_SECONDS):
            with suppress(Unavailable):
                self.note_lifetime()
                return

    # ---- what the entries say

    def _entries(self, number: int, standing: Standing, now: datetime, connection: Connection) -> _Entries:
        window = timedelta(seconds=max(self._lifetime, standing.longest_token_seconds or 0)) + CLOCK_LEEWAY
        signed_since = status_list.signed_since(now)
        # What is over, but was not when lists were last signed for time alone, tells when they changed since.
        since = signed_since - window
        entries = _Entries(
            status_list.empty(), max(signed_since, standing.changed_at or signed_since), signed_since + SIGNED_EVERY
        )
        first = number * LIST_SIZE
        for run in self._runs(connection, number, since, now):
            entries.note(run.since + window, now)
            if run.by_time:
                entries.note(run.since, now)
            if (run.since <= now or not run.by_time) and now < run.since + window:
                for place in run.places:
                    put(entries.bits, place - first, run.value)
        next_end = store.next_end(connection, now)
        if next_end is not None:
            entries.note(next_end, now)
        return entries

    @staticmethod
    def _runs(connection: Connection, number: int, since: datetime, now: datetime) -> Iterator[_Run]:
        # The strongest last: what is invalid is no more to be asked about.
        for mark in sorted(store.marks(connection, since), key=lambda mark: -mark.value):
            ends = mark.value == Status.INVALID
            yield _Run(mark.value, mark.since, store.marked(connection, mark, number, since), by_time=ends)
        for place, ended_at in store.ended_secrets(connection, number, since, now):
            yield _Run(Status.INVALID, ended_at, (place,), by_time=True)
        for place, revoked_at in store.revoked(connection, number, since):
            yield _Run(Status.INVALID, revoked_at, (place,))

    # ---- signing

    def _sign(self, number: int, standing: Standing, entries: _Entries, now: datetime) -> SignedList:
        signer = self._ring.at(standing.signing_keys_version, now).signing
        if signer is None:
            raise Unavailable("No signing key can be used.")
        issued_at = min(entries.changed_at, now)  # of a process whose clock is ahead of ours
        payload = status_list.claims(f"{self._uri}{number}", entries.bits, issued_at, self.ttl)
        body = statements.sign(signer, status_list.TYPE, payload)
        version = standing.version or 0
        etag = status_list.tag(number, version, issued_at, self._seal(signer))
        compressed = gzip.compress(body, 6, mtime=0)
        return SignedList(standing, version, etag, body, compressed, issued_at, entries.changes_at)

    def _seal(self, signer: Signer) -> str:
        return hashlib.sha256(f"{signer.kid} {self.ttl}".encode()).hexdigest()[:8]
