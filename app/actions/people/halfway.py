"""Halfway in: what a browser holds between two steps. It is no session, ends soon and is used once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.people import sessions
from app.context import Context
from app.domain import credentials
from app.store import second_factors as store

VALID_FOR = timedelta(minutes=10)
CODE, PASSKEY, NEW_PASSKEY, FORM = "code", "passkey", "new passkey", "form"


def begin(
    ctx: Context,
    connection: Connection,
    purpose: str,
    now: datetime,
    *,
    member_id: str | None = None,
    challenge: bytes | None = None,
) -> str:
    """Begin inside a transaction; what the browser is to hold, told once.

    purpose     what the next step is for; it is good for nothing else
    member_id   who is halfway, where that is known
    challenge   what the next step has to answer
    """
    held = sessions.new_cookie(ctx)
    store.forget_halfways(connection, now)
    store.add_halfway(
        connection,
        fingerprint=_fingerprint(ctx, held),
        purpose=purpose,
        member_id=member_id,
        challenge=challenge,
        created_at=now,
        ends_at=now + VALID_FOR,
    )
    return held


def keep(ctx: Context, form: bytes, now: datetime) -> str:
    """Keep a form whose sender must sign in first; what the browser is to hold, told once."""
    with ctx.database.transaction() as connection:
        return begin(ctx, connection, FORM, now, challenge=form)


def kept(ctx: Context, held: str | None, now: datetime) -> bytes | None:
    """A form that waits for its sender; None when there is none, or no more."""
    row = ctx.database.read(lambda connection: find(ctx, connection, held, FORM, now))
    return bytes(row.challenge) if row is not None else None


def find(ctx: Context, connection: Connection, held: str | None, purpose: str, now: datetime) -> Row[Any] | None:
    """Who is halfway with what a browser holds; None when that is over, used or for something else."""
    return store.halfway(connection, _fingerprint(ctx, held), purpose, now) if held else None


def take(ctx: Context, held: str | None, purpose: str, now: datetime) -> Row[Any] | None:
    """Find it and end it, whatever comes of it: a challenge is answered once."""
    with ctx.database.transaction() as connection:
        row = find(ctx, connection, held, purpose, now)
        return row if row is not None and store.end_halfway(connection, row.fingerprint) else None


def _fingerprint(ctx: Context, held: str) -> bytes:
    return credentials.fingerprint(ctx.vault.derive("halfway"), held if held.isascii() else "")
