"""The application as any WSGI server loads it: settings from the environment, logs to standard error, both planes."""

from __future__ import annotations

from app.factory import create_app
from app.runtime import log
from app.settings import load

_settings = load()
log.configure(_settings.log_level)
application = create_app(_settings)
_ctx = application.extensions["keyturn"]
_ctx.recorder.start(_ctx.clock)
_ctx.status_lists.start()
_ctx.verifiers.start(_ctx.clock)
