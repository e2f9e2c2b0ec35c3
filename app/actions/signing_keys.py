"""Signing keys: prepare, activate, verify only, retire; revoke in an emergency (PRODUCT.md §6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from app.actions.records import record
from app.context import Context
from app.domain.events import Actor, Event
from app.domain.refusals import Conflict, NotFound
from app.domain.times import rfc3339
from app.runtime.keypairs import KeyPair, from_pem, generate
from app.runtime.ring import place
from app.settings import CLOCK_LEEWAY, JWKS_MAX_AGE
from app.store import deployment
from app.store import signing_keys as store

LONGEST_TOKEN = timedelta(
    seconds=3600
)  # the most KEYTURN_TOKEN_LIFETIME allows: another process may have another setting


def all_keys(ctx: Context, now: datetime) -> list[dict[str, Any]]:
    """Every signing key with its state at this instant, newest first."""
    retire_due(ctx, now)
    return [shown(row) for row in ctx.database.read(store.all_keys)]


def shown(row: Row[Any]) -> dict[str, Any]:
    """A signing key as answers give it; there is no private half in it."""
    return {
        "kid": row.kid,
        "alg": row.alg,
        "state": row.state,
        "published_at": rfc3339(row.published_at),
        "usable_at": rfc3339(row.usable_at),
        "activated_at": rfc3339(row.activated_at),
        "deactivated_at": rfc3339(row.deactivated_at),
        "last_token_expires_at": rfc3339(row.last_token_expires_at),
        "ended_at": rfc3339(row.ended_at),
        "fetches": row.fetches,
        "fetched_at": rfc3339(row.fetched_at),
    }


def begin(ctx: Context, connection: Connection, actor: Actor, now: datetime) -> None:
    """Publish the first key, which signs at once, and the next one. Nobody holds an older JWKS yet."""
    first = _publish(ctx, connection, generate(ctx.settings.signing_alg), actor, now, usable_at=now)
    store.move(connection, first, ("next",), state="active", activated_at=now)
    _record(ctx, connection, Event.SIGNING_KEY_ACTIVATED, first, actor, now)
    _publish(ctx, connection, generate(ctx.settings.signing_alg), actor, now)


def prepare(
    ctx: Context, actor: Actor, now: datetime, alg: str | None = None, pem: bytes | None = None
) -> dict[str, Any]:
    """Publish another key, not used yet.

    alg       the deployment's algorithm when None
    pem       an own private key in place of a new one
    returns   the key
    raises    Invalid for an unfit key, Conflict when it is known already
    """
    chosen = alg or ctx.settings.signing_alg
    pair = generate(chosen) if pem is None else from_pem(pem, chosen)
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        if store.find(connection, pair.kid) is not None:
            raise Conflict("signing_key_exists", "This key has been used here before.")
        _publish(
            ctx,
            connection,
            pair,
            actor,
            now,
            event=Event.SIGNING_KEY_PREPARED if pem is None else Event.SIGNING_KEY_IMPORTED,
        )
        return shown(_found(connection, pair.kid))


def activate(ctx: Context, actor: Actor, now: datetime, kid: str | None = None) -> dict[str, Any]:
    """Sign with a prepared key from now on; the one before verifies until its last token has expired.

    kid       the oldest prepared key when None
    returns   the key that signs now
    raises    Conflict (signing_key_too_young) before every cache of the JWKS has learnt of it
    """
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        chosen = _next(connection, kid)
        if now < chosen.usable_at:
            raise Conflict(
                "signing_key_too_young",
                "Resource servers may not know this key yet.",
                (f"It may sign from {rfc3339(chosen.usable_at)} on, when every cached JWKS has it.",),
            )
        _switch(ctx, connection, chosen.kid, actor, now)
        return shown(_found(connection, chosen.kid))


def revoke(ctx: Context, actor: Actor, now: datetime, kid: str) -> dict[str, Any]:
    """Stop a key at once, its tokens included (emergency). A revoked signing key is followed by the next one.

    raises   NotFound, or Conflict when it has ended already
    """
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        row = _found(connection, kid)
        if not store.move(connection, kid, store.PUBLISHED, state="revoked", ended_at=now, sealed_private=None):
            raise Conflict("signing_key_ended", "This key has been retired or revoked before.")
        _record(ctx, connection, Event.SIGNING_KEY_REVOKED, kid, actor, now, state=row.state)
        if row.state == "active":
            _switch(ctx, connection, _next(connection, None).kid, actor, now)
        elif row.state == "next":
            _keep_a_next(ctx, connection, actor, now)
        return shown(_found(connection, kid))


def retire_due(ctx: Context, now: datetime) -> int:
    """Retire the keys whose last token has expired; how many there were. Nothing is written when there are none."""
    if not ctx.database.read(lambda connection: store.due_for_retirement(connection, now)):
        return 0
    system = Actor("system", "keyturn")
    with ctx.database.transaction() as connection:
        deployment.lock(connection)
        due = store.due_for_retirement(connection, now)
        for kid in due:
            store.move(connection, kid, ("verifying",), state="retired", ended_at=now)
            _record(ctx, connection, Event.SIGNING_KEY_RETIRED, kid, system, now)
    return len(due)


def _next(connection: Connection, kid: str | None) -> Row[Any]:
    waiting = [row for row in store.published(connection) if row.state == "next" and kid in {None, row.kid}]
    if not waiting:
        if kid is not None and store.find(connection, kid) is not None:
            raise Conflict("signing_key_not_prepared", "Only a prepared key can be activated.")
        raise NotFound("prepared signing key")
    return waiting[0]


def _found(connection: Connection, kid: str) -> Row[Any]:
    row = store.find(connection, kid)
    if row is None:
        raise NotFound("signing key")
    return row


def _switch(ctx: Context, connection: Connection, kid: str, actor: Actor, now: datetime) -> None:
    for row in store.published(connection):
        if row.state == "active":
            last = now + LONGEST_TOKEN + CLOCK_LEEWAY
            # The private half is not needed to verify, and what is gone cannot leak.
            store.move(
                connection,
                row.kid,
                ("active",),
                state="verifying",
                deactivated_at=now,
                last_token_expires_at=last,
                sealed_private=None,
            )
    store.move(connection, kid, ("next",), state="active", activated_at=now)
    _record(ctx, connection, Event.SIGNING_KEY_ACTIVATED, kid, actor, now)
    _keep_a_next(ctx, connection, actor, now)


def _keep_a_next(ctx: Context, connection: Connection, actor: Actor, now: datetime) -> None:
    if all(row.state != "next" for row in store.published(connection)):
        _publish(ctx, connection, generate(ctx.settings.signing_alg), actor, now)


def _publish(
    ctx: Context,
    connection: Connection,
    pair: KeyPair,
    actor: Actor,
    now: datetime,
    *,
    usable_at: datetime | None = None,
    event: Event = Event.SIGNING_KEY_PREPARED,
) -> str:
    store.add(
        connection,
        kid=pair.kid,
        alg=pair.alg,
        state="next",
        public_jwk=pair.public_jwk,
        published_at=now,
        sealed_private=ctx.vault.seal(pair.private_der, place(pair.kid)),
        usable_at=usable_at or now + JWKS_MAX_AGE + CLOCK_LEEWAY,
    )
    _record(ctx, connection, event, pair.kid, actor, now, alg=pair.alg)
    return pair.kid


def _record(
    ctx: Context, connection: Connection, event: Event, kid: str, actor: Actor, now: datetime, **after: Any
) -> None:
    record("signing_key", ctx, connection, event, actor, None, kid, now, after=after)
