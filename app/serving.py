"""The application as a server loads it: settings from the environment, logs to standard error."""

from __future__ import annotations

import os

from app.factory import create_app
from app.runtime import log
from app.settings import load

PLANE = "KEYTURN_SERVE_PLANE"  # set by `keyturn serve` for its workers; not a setting

_plane = os.environ.pop(PLANE, "all")
_settings = load()
log.configure(_settings.log_level)
application = create_app(_settings, plane=_plane)
