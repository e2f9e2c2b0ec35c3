"""An opened deployment for the length of one command."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actions import deployment, tenants
from app.context import Context
from app.domain.events import Actor
from app.opening import open_context
from app.runtime import log
from app.settings import Settings, load

MOST = 500


@dataclass(frozen=True)
class Session:
    """What a command acts with: the deployment, who acts, and the one instant of the command."""

    ctx: Context
    actor: Actor
    now: datetime

    def tenant(self, named: str) -> str:
        """Find a tenant's ID by ID or name; NotFound without it."""
        found: str = tenants.show(self.ctx, named)["id"]
        return found


def settings() -> Settings:
    """Read the settings and send logs to standard error, quietly unless a level was asked for."""
    loaded = load()
    log.configure(loaded.log_level if "log_level" in loaded.model_fields_set else "warning")
    return loaded


@contextmanager
def begin(loaded: Settings) -> Iterator[Session]:
    """Open master key and database without asking whether there is a deployment in it."""
    ctx = open_context(loaded)
    try:
        yield Session(ctx, Actor("command_line", operator_name(), unbound=True), ctx.clock())
    finally:
        ctx.database.close()


@contextmanager
def opened() -> Iterator[Session]:
    """Open a deployment that has begun; anything else says where it was looked for and creates nothing."""
    with begin(settings()) as session:
        deployment.require(session.ctx)
        yield session


def operator_name() -> str:
    """Whom the audit log names: the operating system's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return "unknown"


def every(page: Callable[[str | None, int], list[dict[str, Any]]], last: str = "id") -> Iterator[dict[str, Any]]:
    """Walk all pages of a list whose cursor is one member of its rows."""
    after = None
    while True:
        items = page(after, MOST)
        yield from items
        if len(items) < MOST:
            return
        after = str(items[-1][last])
