"""A deployment opened by its settings, without anything of the web: what a command needs."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from flask import Flask

from app.clock import Clock, utc_now
from app.context import Context
from app.domain.credentials import Entropy
from app.runtime import log, vault
from app.runtime.limiter import Limiter
from app.runtime.limiter.host import HostCounters
from app.runtime.limiter.valkey import Valkey
from app.runtime.metrics import AUDIT
from app.runtime.recorder import Recorder
from app.runtime.ring import KeyRing
from app.runtime.status_lists import StatusLists
from app.runtime.throttle import GuessingThrottle
from app.runtime.verifier_watch import VerifierWatch
from app.settings import Settings
from app.store.database import Database


def open_context(
    settings: Settings, *, clock: Clock = utc_now, entropy: Entropy = os.urandom, app: Flask | None = None
) -> Context:
    """Open the master key and the database.

    app      the Flask application the engines belong to; a bare one when None
    raises   VaultError when there is no master key
    """
    keys = vault.load(settings.keys_dir, settings.master_key.get_secret_value())
    database = Database(app or Flask("keyturn"), settings.database)
    counting = _counting(settings, clock)
    kept = (timedelta(days=days) for days in (settings.keep_callers_days, settings.keep_usage_days))
    recorder = Recorder(database, *kept)
    ring = KeyRing(database, keys)
    lists = StatusLists(database, ring, settings.status_uri, settings.token_lifetime, settings.status_ttl)
    watch = VerifierWatch(database, keys.audit_key, settings.status_uri, settings.status_ttl)
    ctx = Context(settings, keys, database, ring, *counting, recorder, lists, watch, clock, entropy)

    def told(event: str, **members: Any) -> None:
        log.told(event, **members)
        ctx.metrics.count(AUDIT, members["recorded"])

    database.told = told
    return ctx


def _counting(settings: Settings, clock: Clock) -> tuple[Limiter, GuessingThrottle]:
    shared = Valkey(settings.valkey) if settings.valkey else None
    calls = HostCounters(settings.data_dir / "pace.1", clock)
    failures = HostCounters(settings.data_dir / "guesses.1", clock, forgetful=True)
    # Wrong secrets have no plan that hosts could divide: each host refuses after as many.
    return Limiter(calls, shared, settings.hosts), GuessingThrottle(failures, Limiter(failures, shared))
