"""Hands a new secret over to the one page that shows it (CONSOLE.md §3.6).

The row holds the secret sealed, the browser's cookie the key to it: neither alone tells it, and the first page that
brings them together uses the row up.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.actions.people.sessions import Signed
from app.actions.records import record
from app.context import Context
from app.domain.events import Actor, Event
from app.store import hand_overs

VALID_FOR = timedelta(minutes=5)
KEY_BYTES, NONCE_BYTES = 32, 12
GENERATED, ROTATED = "generated", "rotated"


class Shown(NamedTuple):
    """A secret that is being shown now (`secret`), or was at `at`; `why` it was made: GENERATED or ROTATED."""

    secret: str | None
    why: str
    at: datetime


def leave(ctx: Context, signed: Signed, key_id: str, secret: str, why: str, now: datetime) -> str:
    """Seal a secret for the page that shows it; what the browser's cookie must hold."""
    key, nonce = ctx.entropy(KEY_BYTES), ctx.entropy(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound(key_id, signed))
    with ctx.database.transaction() as connection:
        hand_overs.forget_ended(connection, now - VALID_FOR)
        hand_overs.leave(
            connection, key_id, signed.row.id, sealed=sealed, why=why, created_at=now, ends_at=now + VALID_FOR
        )
    return base64.urlsafe_b64encode(key).decode()


def take(ctx: Context, signed: Signed, actor: Actor, key_id: str, cookie: str | None, now: datetime) -> Shown | None:
    """Take the secret out, once; None when none was left for this browser and key.

    cookie    what `leave` gave the browser; without it the row stays as it is
    """
    row = ctx.database.read(lambda connection: hand_overs.find(connection, key_id, signed.row.id))
    if row is None:
        return None
    if row.sealed is None:
        return Shown(None, row.why, row.shown_at)
    secret = _opened(row.sealed, cookie, _bound(key_id, signed)) if row.ends_at > now else None
    if secret is None:
        return None
    with ctx.database.transaction() as connection:
        if not hand_overs.take(connection, key_id, signed.row.id, now):  # another tab was faster
            return Shown(None, row.why, now)
        record("key", ctx, connection, Event.SECRET_SHOWN, actor, actor.tenant_id, key_id, now)
    return Shown(secret, row.why, now)


def _bound(key_id: str, signed: Signed) -> bytes:
    return f"{key_id} {signed.row.id}".encode()


def _opened(sealed: bytes, cookie: str | None, bound: bytes) -> str | None:
    try:
        key = base64.urlsafe_b64decode(cookie or "")
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None
