"""What a deployment needs in order to work, looked at piece by piece."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions import deployment, schema
from app.context import Context
from app.domain.refusals import Unavailable
from app.domain.times import rfc3339
from app.runtime.limiter import COUNTERS, OK, VALKEY
from app.settings import CLOCK_LEEWAY
from app.store import audit, durability
from app.store.checkpoints import SAFE_WAL_RESET, checkpoints_safely


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, whether it is as it should be, and what was seen."""

    name: str
    ok: bool
    detail: str


def examine(ctx: Context, now: datetime) -> Iterator[Check]:
    """Look at database, master key, tables, keys, clock and durability, and stop where nothing further can be seen."""
    where = deployment.place(ctx)
    try:
        begun = deployment.check_master_key(ctx) if deployment.has_file(ctx) else None
        yield Check("database", begun is not None, where if begun is not None else f"there is none at {where}")
        if begun is None:
            return
        tables = schema.state(ctx)
        yield Check("tables", tables == schema.CURRENT, tables)
        if begun:
            yield Check("master key of the database", ok=True, detail="the same")
            yield _signing(ctx, now)
            yield _clock(ctx, now)
            if not ctx.database.is_sqlite:
                yield _synchronous_commit(ctx)
    except deployment.WrongMasterKey:
        yield Check("master key of the database", ok=False, detail="the database belongs to another one")
    except Unavailable:
        yield Check("database", ok=False, detail=f"{where} does not answer")
    yield _sqlite(ctx)
    for name, found in ctx.limiter.checks().items():
        yield Check({COUNTERS: "counters of calls", VALKEY: "Valkey"}[name], found == OK, found)


def _signing(ctx: Context, now: datetime) -> Check:
    ring = ctx.ring.current(now)
    if ring.signing is None or ring.usable_at is None:
        return Check("signing key", ok=False, detail="none is active")
    return Check(
        "signing key",
        now >= ring.usable_at,
        f"{ring.signing.alg} {ring.signing.kid}, usable from {rfc3339(ring.usable_at)}",
    )


def _clock(ctx: Context, now: datetime) -> Check:
    newest = ctx.database.read(lambda connection: audit.page(connection, None, after=None, limit=1, filters={}))
    latest = newest[0].at if newest else now
    seen = f"{rfc3339(now)}, the newest audit event {rfc3339(latest)}"
    return Check("clock", latest <= now + CLOCK_LEEWAY, seen)


def _synchronous_commit(ctx: Context) -> Check:
    found = ctx.database.read(durability.synchronous_commit)
    name = "PostgreSQL's synchronous_commit"
    if found == durability.LOSES_CHANGES:
        return Check(name, ok=False, detail=f"{found}: a crash of the database may undo a revocation that was answered")
    return Check(name, ok=True, detail=found)


def _sqlite(ctx: Context) -> Check:
    version = sqlite3.sqlite_version
    if not ctx.database.is_sqlite or checkpoints_safely():
        return Check("SQLite library", ok=True, detail=version)
    safe = ".".join(map(str, SAFE_WAL_RESET))
    return Check(
        "SQLite library", ok=True, detail=f"{version}, older than {safe}: one process writes its log back for all"
    )
