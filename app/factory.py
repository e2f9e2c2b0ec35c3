"""The only wiring: settings in, a WSGI application out."""

from __future__ import annotations

import secrets

from flask import Flask

from app.clock import Clock, utc_now
from app.context import Context
from app.domain.credentials import Entropy
from app.runtime import log, vault
from app.runtime.ring import KeyRing
from app.settings import Settings
from app.store.database import Database
from app.web import unanswered
from app.web.admin import blueprint as admin
from app.web.front import Front
from app.web.routes import routes

PLANES = ("all", "public", "admin")


def open_context(settings: Settings, *, clock: Clock = utc_now, entropy: Entropy = secrets.token_bytes, app: Flask | None = None) -> Context:
    """Open the master key and the database.

    app      the Flask application the engines belong to; a bare one when None
    raises   VaultError when there is no master key
    """
    keys = vault.load(settings.keys_dir, settings.master_key.get_secret_value())
    database = Database(app or Flask("keyturn"), settings.database)
    database.told = log.told
    return Context(settings, keys, database, KeyRing(database, keys), clock, entropy)


def create_app(settings: Settings, *, plane: str = "all", clock: Clock = utc_now, entropy: Entropy = secrets.token_bytes) -> Flask:
    """Build the application of one plane.

    plane    `public`: protocol and doors; `admin`: management, console, readiness, metrics; `all`: both
    clock    read once a request
    """
    app = Flask("app")
    ctx = open_context(settings, clock=clock, entropy=entropy, app=app)
    app.extensions["keyturn"] = ctx
    unanswered.install(app, ctx)
    if plane != "public":
        admin.install(app, ctx)
    app.wsgi_app = Front(ctx, routes(settings, plane), app.wsgi_app)  # type: ignore[method-assign]
    return app
