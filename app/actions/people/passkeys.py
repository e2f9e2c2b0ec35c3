"""Passkeys (WebAuthn): added by their owner, good for signing in and for a proof. Each counts as two factors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row

from app.actions.people import attempts, halfway, proofs, sessions
from app.actions.people.attempts import NotIn
from app.actions.people.sessions import Signed
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.names import clean_name
from app.domain.refusals import Conflict, Invalid, NotFound, Problem
from app.domain.times import rfc3339
from app.store import second_factors as store

MOST, CHALLENGE_BYTES, LONGEST_NAME = 20, 32, 60
T = TypeVar("T")


class Challenge(NamedTuple):
    """What a browser's script is asked, and what its cookie holds meanwhile."""

    options: str
    held: str


def own(ctx: Context, signed: Signed) -> list[dict[str, Any]]:
    """A member's passkeys, oldest first."""
    rows = ctx.database.read(lambda connection: store.passkeys(connection, signed.row.member_id))
    return [
        {
            "id": row.id,
            "name": row.name,
            "created_at": rfc3339(row.created_at),
            "last_used_at": rfc3339(row.last_used_at) if row.last_used_at is not None else None,
        }
        for row in rows
    ]


def offer(ctx: Context, signed: Signed, now: datetime) -> Challenge:
    """Ask for a new passkey. Conflict when the member has as many as anybody may have."""
    member, challenge = signed.row, ctx.entropy(CHALLENGE_BYTES)
    with ctx.database.transaction() as connection:
        mine = store.passkeys(connection, member.member_id)
        if len(mine) >= MOST:
            raise Conflict("too_many_passkeys", f"You have {MOST} passkeys. Remove one you no longer use.")
        held = halfway.begin(ctx, connection, halfway.NEW_PASSKEY, now, member_id=member.member_id, challenge=challenge)
    webauthn = _library()
    options = webauthn.generate_registration_options(
        rp_id=_rp_id(ctx),
        rp_name="Keyturn",
        user_id=member.member_id.encode(),
        user_name=member.email,
        user_display_name=member.name,
        challenge=challenge,
        exclude_credentials=_named(mine),
        authenticator_selection=webauthn.helpers.structs.AuthenticatorSelectionCriteria(
            resident_key=webauthn.helpers.structs.ResidentKeyRequirement.REQUIRED,
            user_verification=webauthn.helpers.structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return Challenge(webauthn.options_to_json(options), held)


def add(ctx: Context, signed: Signed, actor: Actor, now: datetime, *, held: str | None, answer: str, name: str) -> None:
    """Add the passkey that an authenticator has made.

    held     what `offer` gave the browser
    answer   what the authenticator said, as JSON
    raises   Invalid
    """
    member_id = signed.row.member_id
    problems: list[Problem] = []
    name = clean_name(name, problems, shortest=1, longest=LONGEST_NAME)
    asked = halfway.take(ctx, held, halfway.NEW_PASSKEY, now)
    made = _read(lambda: _registered(ctx, asked, answer)) if asked is not None else None
    if made is None or asked is None or asked.member_id != member_id:
        problems.append(Problem("credential", "wrong", "The passkey was not added. Try again."))
    if problems or made is None:
        raise Invalid(*problems)
    with ctx.database.transaction() as connection:
        if store.passkey(connection, made.credential_id) is not None:
            raise Invalid(Problem("credential", "known", "This passkey is there already."))
        store.add_passkey(
            connection,
            id=f"pky_{ctx.entropy(10).hex()}",
            member_id=member_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=now,
        )
        sessions.showed_factor(connection, signed)
        sessions.record(ctx, connection, Event.PASSKEY_ADDED, actor, now)


def remove(ctx: Context, signed: Signed, actor: Actor, passkey_id: str, now: datetime) -> None:
    """Remove one of a member's passkeys; NotFound without it, Conflict (mfa_required) as in `codes.turn_off`."""
    with ctx.database.transaction() as connection:
        if not store.remove_passkeys(connection, signed.row.member_id, passkey_id):
            raise NotFound("passkey")
        sessions.keep_a_factor(connection, signed)
        sessions.record(ctx, connection, Event.PASSKEY_REMOVED, actor, now)


def ask(ctx: Context, now: datetime, signed: Signed | None = None) -> Challenge:
    """Ask for a passkey: of whoever has one here, or of somebody who is signed in."""
    challenge, mine = ctx.entropy(CHALLENGE_BYTES), []
    member_id = signed.row.member_id if signed is not None else None
    with ctx.database.transaction() as connection:
        if member_id is not None:
            mine = _named(store.passkeys(connection, member_id))
        held = halfway.begin(ctx, connection, halfway.PASSKEY, now, member_id=member_id, challenge=challenge)
    webauthn = _library()
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(ctx),
        challenge=challenge,
        allow_credentials=mine,
        user_verification=webauthn.helpers.structs.UserVerificationRequirement.REQUIRED,
    )
    return Challenge(webauthn.options_to_json(options), held)


def let_in(ctx: Context, held: str | None, answer: str, now: datetime, *, address: str | None, client: str) -> str:
    """Let somebody in with a passkey; the new session's cookie.

    raises   NotIn
    """
    asked = halfway.take(ctx, held, halfway.PASSKEY, now)
    with ctx.database.transaction() as connection:
        found = _used(ctx, connection, asked, answer, now)
        actor = Actor("member", found.member_id, found.tenant_id, address=address)
        attempts.succeeded(connection, found.member_id, now)
        return sessions.begin(ctx, connection, actor, now, client=client, two_factors=True)


def prove(ctx: Context, signed: Signed, actor: Actor, held: str | None, answer: str, now: datetime) -> str:
    """Prove with a passkey to be there; the session's new cookie.

    raises   NotIn
    """
    asked = halfway.take(ctx, held, halfway.PASSKEY, now)
    with ctx.database.transaction() as connection:
        found = _used(ctx, connection, asked, answer, now)
        if asked is None or not asked.member_id == found.member_id == signed.row.member_id:
            raise NotIn
        return proofs.proved(ctx, connection, signed, actor, now, two_factors=True)


def _used(ctx: Context, connection: Connection, asked: Row[Any] | None, answer: str, now: datetime) -> Row[Any]:
    if asked is None:
        raise NotIn
    given: Any = _read(lambda: json.loads(answer))
    credential_id = _read(lambda: _library().base64url_to_bytes(given["rawId"]))
    found = store.passkey(connection, credential_id) if credential_id is not None else None
    if found is None or not _read(lambda: _owner(given) in {None, found.member_id.encode()}):
        raise NotIn
    seen = _read(lambda: _verified(ctx, asked, found, given))
    if seen is None:
        raise NotIn
    store.change_passkey(connection, found.id, sign_count=seen.new_sign_count, last_used_at=now)
    return found


def _owner(given: dict[str, Any]) -> bytes | None:
    handle = given["response"].get("userHandle")
    return _library().base64url_to_bytes(handle) if handle else None


def _registered(ctx: Context, asked: Row[Any], answer: str) -> Any:
    return _library().verify_registration_response(
        credential=answer,
        expected_challenge=asked.challenge,
        expected_rp_id=_rp_id(ctx),
        expected_origin=_origin(ctx),
        require_user_verification=True,
    )


def _verified(ctx: Context, asked: Row[Any], found: Row[Any], given: dict[str, Any]) -> Any:
    return _library().verify_authentication_response(
        credential=given,
        expected_challenge=asked.challenge,
        expected_rp_id=_rp_id(ctx),
        expected_origin=_origin(ctx),
        credential_public_key=found.public_key,
        credential_current_sign_count=found.sign_count,
        require_user_verification=True,
    )


def _read(reading: Callable[[], T]) -> T | None:
    # Browsers send what they like, and the readers of JSON, CBOR and keys each trip over it in their own way.
    try:
        return reading()
    except Exception:  # noqa: BLE001 - whatever it is: it is no passkey of ours
        return None


def _library() -> Any:
    # It weighs 5 MB, which a worker holds only once somebody asks for a passkey.
    return import_module("webauthn")


def _named(rows: Any) -> list[Any]:
    structs = _library().helpers.structs
    return [structs.PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows]


def _rp_id(ctx: Context) -> str:
    return urlsplit(ctx.settings.console_base).hostname or ""


def _origin(ctx: Context) -> str:
    parts = urlsplit(ctx.settings.console_base)
    return f"{parts.scheme}://{parts.netloc}"
