"""Codes of an authenticator app (RFC 6238), and the recovery codes for the day it is lost."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyotp
from sqlalchemy import Connection, Row

from app.actions.people import sessions
from app.actions.people.sessions import Signed
from app.context import Context
from app.domain import credentials
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict, Invalid, Problem
from app.store import second_factors
from app.store import sign_ins as store

STEP, DRIFT = 30, 1  # seconds; how many steps a phone's clock may be off
RECOVERY_CODES, RECOVERY_LENGTH = 10, 10
_ALIKE = str.maketrans("OIL", "011")


class Offer(NamedTuple):
    """A secret for an authenticator app, as text and as the address in its QR code."""

    secret: str
    uri: str


class State(NamedTuple):
    """Whether codes are asked for at sign-in, and how many recovery codes are left."""

    on: bool
    left: int


def state(ctx: Context, signed: Signed) -> State:
    """How a member's codes stand."""

    def look(connection: Connection) -> State:
        row = store.find(connection, signed.row.member_id)
        on = row is not None and row.totp_sealed is not None
        return State(on, second_factors.codes_left(connection, signed.row.member_id))

    return ctx.database.read(look)


def offer(ctx: Context, signed: Signed) -> Offer:
    """Offer a new secret; it counts only once a code of it is there. Conflict when codes are on."""
    if state(ctx, signed).on:
        raise Conflict("totp_on", "Codes of an authenticator app are on already.")
    secret = pyotp.random_base32()
    sealed = ctx.vault.seal(secret.encode(), _place(signed.row.member_id))
    with ctx.database.transaction() as connection:
        store.keep(connection, signed.row.member_id, totp_offered=sealed)
    return _offer(ctx, signed, secret)


def offered(ctx: Context, signed: Signed) -> Offer:
    """The secret that was offered last; Conflict without one."""
    row = ctx.database.read(lambda connection: store.find(connection, signed.row.member_id))
    return _offer(ctx, signed, _opened(ctx, row, "totp_offered"))


def turn_on(ctx: Context, signed: Signed, actor: Actor, code: str, now: datetime) -> list[str]:
    """Ask for codes from now on, if this is one; the recovery codes, told once.

    raises   Invalid, Conflict (nothing was offered)
    """
    member_id = signed.row.member_id
    with ctx.database.transaction() as connection:
        row = store.hold(connection, member_id)
        step = _step(_opened(ctx, row, "totp_offered"), code, now, None)
        if row is None or step is None:
            raise Invalid(Problem("code", "wrong", "This code is not correct. Enter the one shown now."))
        store.keep(connection, member_id, totp_sealed=row.totp_offered, totp_offered=None, totp_step=step)
        sessions.showed_factor(connection, signed)
        sessions.record(ctx, connection, Event.TOTP_TURNED_ON, actor, now)
        return _recovery_codes(ctx, connection, actor, member_id, now)


def turn_off(ctx: Context, signed: Signed, actor: Actor, now: datetime) -> None:
    """Ask for codes no more; Conflict (mfa_required) where the tenant requires a second factor and this is the last."""
    with ctx.database.transaction() as connection:
        forget(ctx, connection, actor, signed.row.member_id, now)
        sessions.keep_a_factor(connection, signed)


def forget(ctx: Context, connection: Connection, actor: Actor, member_id: str, now: datetime) -> None:
    """Forget a member's authenticator app and recovery codes inside a transaction."""
    row = store.hold(connection, member_id)
    if row is None or row.totp_sealed is None:
        return
    store.keep(connection, member_id, totp_sealed=None, totp_offered=None, totp_step=None)
    second_factors.replace_codes(connection, member_id, ())
    sessions.record(ctx, connection, Event.TOTP_TURNED_OFF, actor, now)


def new_recovery_codes(ctx: Context, signed: Signed, actor: Actor, now: datetime) -> list[str]:
    """Make other recovery codes, told once; those before are void. Conflict when codes are off."""
    if not state(ctx, signed).on:
        raise Conflict("totp_off", "Codes of an authenticator app are off.")
    with ctx.database.transaction() as connection:
        return _recovery_codes(ctx, connection, actor, signed.row.member_id, now)


def use(ctx: Context, connection: Connection, actor: Actor, code: str, now: datetime) -> bool:
    """Use a code of the app or a recovery code up, inside a transaction; whether it was right and new."""
    row = store.hold(connection, actor.id)
    if row is None or row.totp_sealed is None:
        return False
    if re.fullmatch(r"\d{6}", re.sub(r"\s", "", code), re.ASCII):
        step = _step(_opened(ctx, row, "totp_sealed"), code, now, row.totp_step)
        if step is not None:
            store.keep(connection, actor.id, totp_step=step)
        return step is not None
    if not second_factors.use_code(connection, actor.id, _fingerprint(ctx, actor.id, code), now):
        return False
    sessions.record(ctx, connection, Event.RECOVERY_CODE_USED, actor, now)
    return True


def _step(secret: str, code: str, now: datetime, last: int | None) -> int | None:
    # A code is good for one use (RFC 6238 §5.2): its step must be later than that of the last one.
    given, one = re.sub(r"\s", "", code), pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(one.generate_otp(step).encode(), given.encode()) and (last is None or step > last):
            return step
    return None


def _recovery_codes(ctx: Context, connection: Connection, actor: Actor, member_id: str, now: datetime) -> list[str]:
    made = [_recovery_code(ctx) for _ in range(RECOVERY_CODES)]
    second_factors.replace_codes(connection, member_id, [_fingerprint(ctx, member_id, code) for code in made])
    sessions.record(ctx, connection, Event.RECOVERY_CODES_MADE, actor, now)
    return made


def _recovery_code(ctx: Context) -> str:
    text = "".join(credentials.CROCKFORD[byte % 32] for byte in ctx.entropy(RECOVERY_LENGTH))
    return f"{text[:5]}-{text[5:]}"


def _fingerprint(ctx: Context, member_id: str, code: str) -> bytes:
    read = re.sub(r"[\s-]", "", code).upper().translate(_ALIKE)
    return hmac.digest(ctx.vault.derive("recovery-code"), f"{member_id} {read}".encode(), "sha256")


def _offer(ctx: Context, signed: Signed, secret: str) -> Offer:
    issuer = f"Keyturn ({urlsplit(ctx.settings.console_base).hostname})"
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=signed.row.email, issuer_name=issuer))


def _opened(ctx: Context, row: Row[Any] | None, column: str) -> str:
    sealed: bytes | None = getattr(row, column, None)
    if row is None or sealed is None:
        raise Conflict("totp_not_offered", "Start again: there is nothing to confirm.")
    return ctx.vault.open(sealed, _place(row.member_id)).decode()


def _place(member_id: str) -> str:
    return f"sign_ins {member_id} totp"
