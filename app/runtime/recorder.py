"""Counts the use of keys in memory and writes the sums every few seconds: no call ever writes (HOUSE.md §3.4)."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from multiprocessing.util import Finalize

from sqlalchemy import Connection

from app.domain.clients import LONGEST_READ
from app.domain.evidence import WRITTEN_WITHIN
from app.domain.refusals import Conflict, Unavailable
from app.domain.times import zone
from app.domain.usage import NO_SECRET, NOBODY, Outcome, Use, add_up
from app.runtime import log
from app.runtime.fetches import Fetches
from app.store import signing_keys, usage_limits, usage_writes
from app.store.database import Database
from app.store.facts import Facts

WRITE_EVERY_SECONDS = WRITTEN_WITHIN.total_seconds() / 2
FORGET_EVERY, MOST_STEPS = timedelta(hours=1), 100
MOST_USES, MOST_UNTOLD = 20_000, 10_000  # told apart between two writes; beyond that without callers
AT_ONCE = 1000  # uses a transaction: a key is created in between
LOOK_AT_CALLERS_AFTER = 100
QUARTER = 900
NOTES_AT_ONCE = 256
Count = tuple[int, datetime, datetime]
Note = tuple[Facts, Outcome, datetime, object, str, str | None]


class Recorder:
    """What one process has counted and not yet written."""

    def __init__(self, database: Database, callers_for: timedelta, usage_for: timedelta) -> None:
        self._database, self._callers_for, self._usage_for = database, callers_for, usage_for
        self._lock, self._writing, self._wake = threading.Lock(), threading.Lock(), threading.Event()
        self._notes: deque[Note] = deque()
        self._counts: dict[Use, Count] = {}
        self._lost = 0
        self._fetches = Fetches()
        self._callers: Counter[str] = Counter()  # rows written for a key since its callers were last looked at
        self._forgot_at: datetime | None = None

    def used(
        self,
        facts: Facts,
        outcome: Outcome,
        now: datetime,
        address: object = NOBODY,
        user_agent: str = "",
        origin: str | None = None,
    ) -> None:
        """Leave a note of one call: all that a request pays for. Notes are added up together, every few hundred.

        facts        of the key, as of this call
        address      "" is unknown
        user_agent   and `origin` as sent; cleaned when they are written
        """
        self._notes.append((facts, outcome, now, address, user_agent, origin))
        if len(self._notes) >= NOTES_AT_ONCE:
            with self._lock:
                self._settle()

    @property
    def kept(self) -> int:
        """How many uses are told apart in memory."""
        with self._lock:
            self._settle()
            return len(self._counts)

    def _settle(self) -> None:
        notes = self._notes
        while notes:
            self._count(*notes.popleft())

    def _count(
        self, facts: Facts, outcome: Outcome, now: datetime, address: object, user_agent: str, origin: str | None
    ) -> None:
        number = facts.secret_number
        use = Use(
            facts.key_id,
            NO_SECRET if number is None else number,
            facts.tenant_id,
            facts.kind,
            outcome,
            str(address),
            user_agent if len(user_agent) <= LONGEST_READ else user_agent[:LONGEST_READ],
            origin if origin is None or len(origin) <= LONGEST_READ else origin[:LONGEST_READ],
            facts.secret_ends_at is not None,
            facts.revoked_at is not None,
            facts.expires_at is not None and now >= facts.expires_at,
            int(now.timestamp()) // QUARTER,
        )
        self._add(use, 1, now, now)

    def checked(self, facts: Facts, now: datetime) -> None:
        """Count a question about a token of this key."""
        self.used(facts, Outcome.CHECKS, now)

    def _add(self, use: Use, count: int, first: datetime, last: datetime) -> None:
        found = self._counts.get(use)
        if found is None and len(self._counts) >= MOST_USES:
            use = use._replace(address=NOBODY, user_agent=None, origin=None)
            found = self._counts.get(use)
            if found is None and len(self._counts) >= MOST_USES + MOST_UNTOLD:
                self._lost += count
                return
        if found is not None:
            self._counts[use] = (found[0] + count, min(found[1], first), max(found[2], last))
            return
        self._counts[use] = (count, first, last)
        if len(self._counts) == MOST_USES // 2:
            self._wake.set()

    def fetched(self, kids: tuple[str, ...], now: datetime) -> None:
        """Count a question for the key set that answered with these signing keys."""
        with self._lock:
            self._fetches.add(kids, now)

    # ---- writing

    def flush(self) -> None:
        """Write what was counted; what cannot be written now is kept and tried again.

        raises   Unavailable when something had to be kept
        """
        with self._writing:
            with self._lock:
                self._settle()
                taken, self._counts, lost, self._lost = sorted(self._counts.items(), key=_place), {}, self._lost, 0
                fetches, self._fetches = self._fetches, Fetches()
            self._write_fetches(fetches)
            if lost:
                log.warned("usage.lost", calls=lost)
            for start in range(0, len(taken), AT_ONCE):
                try:
                    self._write(taken[start : start + AT_ONCE])
                except (Unavailable, Conflict) as error:
                    self._keep(taken[start:])
                    raise Unavailable("Usage cannot be written now.") from error
                except Exception as error:  # noqa: BLE001 - what can never be written must not be in the way for ever
                    log.failed("usage.dropped", error, uses=AT_ONCE)

    def _write_fetches(self, fetches: Fetches) -> None:
        if not fetches.counts:
            return
        try:
            with self._database.transaction() as connection:
                signing_keys.fetched(connection, fetches.by_key())
        except (Unavailable, Conflict):  # evidence only: the calls that are counted next must not wait for it
            with self._lock:
                self._fetches.join(fetches)
        except Exception as error:  # noqa: BLE001 - as below
            log.failed("fetches.dropped", error)

    def _write(self, uses: list[tuple[Use, Count]]) -> None:
        tenants = {use.tenant_id for use, _ in uses}
        zones = self._database.read(lambda connection: usage_writes.time_zones(connection, tenants))
        sums = add_up(uses, partial(_day, zones))
        with self._database.transaction() as connection:
            usage_writes.add(connection, sums)
            self._look_at_callers(connection, Counter(key_id for key_id, *_ in sums.callers))

    def _look_at_callers(self, connection: Connection, written: Counter[str]) -> None:
        self._callers.update(written)
        for key_id in written:
            if self._callers[key_id] >= LOOK_AT_CALLERS_AFTER:
                usage_limits.trim_callers(connection, key_id)
                del self._callers[key_id]
        if len(self._callers) > MOST_USES:
            self._callers.clear()

    def _keep(self, uses: list[tuple[Use, Count]]) -> None:
        with self._lock:
            for use, (count, first, last) in uses:
                self._add(use, count, first, last)

    def forget(self, now: datetime) -> None:
        """Delete what has been kept long enough, by and by; raises Unavailable."""
        old = usage_limits.Old(now - self._callers_for, (now - self._usage_for).date())
        for _ in range(MOST_STEPS):
            if not self._database.read(lambda connection: usage_limits.any_old(connection, old)):
                return
            with self._database.transaction() as connection:
                usage_limits.forget(connection, old)

    # ---- the background

    def start(self, clock: Callable[[], datetime]) -> None:
        """Write every few seconds from now on, and when the process ends."""
        threading.Thread(target=self._keep_writing, args=(clock,), name="usage", daemon=True).start()
        # Unlike `atexit` this also runs at the end of a process that multiprocessing started.
        Finalize(None, self._write_quietly, exitpriority=10)

    def _keep_writing(self, clock: Callable[[], datetime]) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait(WRITE_EVERY_SECONDS)
            self._write_quietly()
            self._forget_quietly(clock())
            if self._wake.is_set():
                self._wake.clear()
                pause.wait(1)  # many uses are no reason to write without a break

    def _write_quietly(self) -> None:
        try:
            self.flush()
        except Unavailable:
            log.warned("usage.kept", uses=len(self._counts))

    def _forget_quietly(self, now: datetime) -> None:
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return
        self._forgot_at = now
        try:
            self.forget(now)
        except (Unavailable, Conflict):
            log.warned("usage.not_forgotten")


def _place(counted: tuple[Use, Count]) -> tuple[str, int]:
    return counted[0].key_id, counted[0].secret


def _day(zones: dict[str | None, str], use: Use) -> date:
    return _local_day(use.quarter, zones.get(use.tenant_id, "UTC"))


@lru_cache(maxsize=4096)
def _local_day(quarter: int, time_zone: str) -> date:
    return datetime.fromtimestamp(quarter * QUARTER, UTC).astimezone(zone(time_zone)).date()
