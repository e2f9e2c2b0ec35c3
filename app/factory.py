"""The only wiring: settings in, a WSGI application out."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from flask import Flask

from app.actions import key_jobs
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
from app.web import unanswered
from app.web.admin import blueprint as admin
from app.web.behind import Behind
from app.web.console import install as console
from app.web.front import Front
from app.web.routes import routes

PLANES = ("all", "public", "admin")


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


def openapi_document() -> dict[str, Any]:
    """Describe the management API."""
    document: dict[str, Any] = import_module("app.web.admin.openapi").document()
    return document


def create_app(
    settings: Settings, *, plane: str = "all", clock: Clock = utc_now, entropy: Entropy = os.urandom
) -> Flask:
    """Build the application of one plane.

    plane    `public`: protocol and doors; `admin`: management, console, readiness, metrics; `all`: both
    clock    read once a request
    """
    app = Flask("app")
    ctx = open_context(settings, clock=clock, entropy=entropy, app=app)
    app.extensions["keyturn"] = ctx
    behind = None
    if plane != "public":
        unanswered.install(app, ctx)
        admin.install(app, ctx)
        console.install(app, ctx)
        ctx.background.add(partial(key_jobs.work, ctx))
        behind = Behind(app.wsgi_app)
    app.wsgi_app = Front(ctx, routes(settings, plane), behind)  # type: ignore[method-assign]
    return app
