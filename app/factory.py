"""The only wiring: settings in, a WSGI application out."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from typing import Any

from flask import Flask

from app.actions import key_jobs
from app.clock import Clock, utc_now
from app.domain.credentials import Entropy
from app.opening import open_context
from app.settings import Settings
from app.web import unanswered
from app.web.admin import blueprint as admin
from app.web.behind import Behind
from app.web.console import install as console
from app.web.front import Front
from app.web.routes import routes

PLANES = ("all", "public", "admin")


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
