"""The way to an OpenID provider and back: to sign in, or to prove again to be there."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row

from app.actions.people import attempts, halfway, proofs, sessions, sso_members, sso_terms
from app.actions.people.sessions import Signed
from app.actions.people.sso_members import NoWay, Why
from app.context import Context
from app.domain import credentials, single_sign_on
from app.domain.events import Actor
from app.domain.refusals import NotFound
from app.domain.single_sign_on import ProviderError
from app.runtime.openid import Provider
from app.store import single_sign_on as store

if TYPE_CHECKING:
    from app.runtime.provider import Client

VALID_FOR = timedelta(minutes=10)
KEPT_FORM = "kept form"


class Leaving(NamedTuple):
    """Where a browser is sent, and what it holds meanwhile."""

    address: str
    held: str


class Arrived(NamedTuple):
    """Who came back: the session's cookie, the place they wanted, and the form that waited for a proof."""

    cookie: str
    place: str
    kept: str


class _Part(StrEnum):
    STATE, NONCE, VERIFIER = "state", "nonce", "verifier"


def offered(ctx: Context, email: str) -> list[dict[str, str]]:
    """The connections that take an e-mail address, by its domain alone: `id`, `name` and `tenant`."""
    domain = single_sign_on.domain_of(email)
    rows = ctx.database.read(lambda connection: store.of_domain(connection, domain)) if domain else []
    return [{"id": row.id, "name": row.name, "tenant": row.tenant_name} for row in rows]


def connection_name(ctx: Context, sso_id: str) -> str:
    """What a connection is called; NotFound."""
    return str(_connection(ctx, sso_id).name)


def begin(ctx: Context, sso_id: str, now: datetime, *, place: str, email: str = "") -> Leaving:
    """Send a browser to a provider to sign in.

    place    where it goes afterwards
    email    what the provider may fill in
    raises   NotFound, NoWay
    """
    return _leave(ctx, sso_id, now, place=place, kept="", session_id=None, **({"login_hint": email} if email else {}))


def keep(ctx: Context, signed: Signed, place: str, kept: str, now: datetime) -> str:
    """Keep what waits for a proof, while its person is asked whether to go for it; the word that finds it again."""
    with ctx.database.transaction() as connection:
        said = f"{place}\n{kept}".encode()
        return halfway.begin(ctx, connection, KEPT_FORM, now, member_id=signed.row.member_id, challenge=said)


def begin_proof(ctx: Context, signed: Signed, word: str, now: datetime) -> Leaving:
    """Send a browser to its own session's provider to prove that somebody is there; raises as `begin`.

    word   what `keep` gave
    """
    row, sso_id = halfway.take(ctx, word, KEPT_FORM, now), signed.row.sso_connection_id
    if row is None or row.member_id != signed.row.member_id or sso_id is None:
        raise NoWay(Why.STALE)
    place, _, kept = (row.challenge or b"").decode().partition("\n")
    again = {"prompt": "login", "max_age": "0", "login_hint": signed.row.email}
    return _leave(ctx, sso_id, now, place=place, kept=kept, session_id=signed.row.id, **again)


def come_back(
    ctx: Context,
    sso_id: str,
    held: str | None,
    said: Mapping[str, str],
    now: datetime,
    *,
    signed: Signed | None,
    address: str | None,
    client: str,
) -> Arrived:
    """Take what a provider sent a browser back with.

    held     what `begin` gave the browser
    said     the parameters of the address
    signed   who is signed in, for a proof
    raises   NoWay; NotFound without the connection
    """
    row = _connection(ctx, sso_id)
    attempt = _taken(ctx, sso_id, held, said, now)
    if attempt is None or held is None:
        raise NoWay(Why.STALE, name=row.name)
    claims = _claims(ctx, row, held, said, now)
    if attempt.session_id is not None:
        return _proof(ctx, row, attempt, claims, signed, now)
    with ctx.database.transaction() as connection:
        member = sso_members.known(ctx, connection, row, claims, now, address=address)
        actor = Actor("member", member.id, member.tenant_id, address=address)
        attempts.succeeded(connection, member.id, now)
        # Whether a second factor is shown is the provider's to ask.
        cookie = sessions.begin(ctx, connection, actor, now, client=client, two_factors=True, sso=sso_id)
        return Arrived(cookie, attempt.place, "")


def _leave(
    ctx: Context, sso_id: str, now: datetime, *, place: str, kept: str, session_id: str | None, **parameters: str
) -> Leaving:
    row = _connection(ctx, sso_id)
    asking, held = sso_terms.client(ctx, row), sessions.new_cookie(ctx)
    provider = _provider(ctx, asking, row, now)
    with ctx.database.transaction() as connection:
        store.add_attempt(
            connection,
            now,
            fingerprint=_fingerprint(ctx, held),
            connection_id=sso_id,
            session_id=session_id,
            place=place,
            kept=kept,
            ends_at=now + VALID_FOR,
        )
    address = asking.authorization_address(
        provider.metadata["authorization_endpoint"],
        _part(ctx, held, _Part.VERIFIER),
        state=_part(ctx, held, _Part.STATE),
        nonce=_part(ctx, held, _Part.NONCE),
        **parameters,
    )
    return Leaving(address, held)


def _taken(ctx: Context, sso_id: str, held: str | None, said: Mapping[str, str], now: datetime) -> Row[Any] | None:
    if not held:
        return None
    right = hmac.compare_digest(said.get("state", "").encode(), _part(ctx, held, _Part.STATE).encode())
    with ctx.database.transaction() as connection:
        attempt = store.take_attempt(connection, _fingerprint(ctx, held), now) if right else None
    return attempt if attempt is not None and attempt.connection_id == sso_id else None


def _claims(ctx: Context, row: Row[Any], held: str, said: Mapping[str, str], now: datetime) -> dict[str, Any]:
    asking = sso_terms.client(ctx, row)
    provider = _provider(ctx, asking, row, now)
    # RFC 9207 §2.4: an answer in another provider's name, or in nobody's where one was promised, is no answer.
    if said.get("iss", provider.issuer if not provider.names_itself else None) != provider.issuer:
        raise NoWay(Why.UNTRUSTED, name=row.name, detail="its answer named another issuer")
    code = said.get("code")
    if "error" in said or not code:
        raise NoWay(Why.REFUSED, name=row.name, detail=_code(said.get("error", "")))
    verifier, nonce = _part(ctx, held, _Part.VERIFIER), _part(ctx, held, _Part.NONCE)
    try:
        endpoint = provider.metadata["token_endpoint"]
        tokens = asking.redeem(endpoint, provider.client_methods, code, verifier)
        claims = ctx.providers.claims(asking, provider, tokens.get("id_token"), nonce, now)
        return _with_address(asking, provider, claims)
    except ProviderError as error:
        raise NoWay(Why.UNTRUSTED, name=row.name, detail=str(error)) from error


def _with_address(asking: Client, provider: Provider, claims: dict[str, Any]) -> dict[str, Any]:
    # OpenID Connect Core §5.4: with an access token a provider may tell the address at its UserInfo endpoint only.
    endpoint = provider.metadata.get("userinfo_endpoint")
    if "email" in claims or endpoint is None:
        return claims
    told = asking.userinfo(endpoint)
    if told.get("sub") != claims["sub"]:
        raise ProviderError("it told of another person")
    return {**{name: told[name] for name in ("email", "email_verified", "name") if name in told}, **claims}


def _proof(
    ctx: Context, row: Row[Any], attempt: Row[Any], claims: dict[str, Any], signed: Signed | None, now: datetime
) -> Arrived:
    if signed is None or signed.row.id != attempt.session_id:
        raise NoWay(Why.STALE, name=row.name)
    at = claims.get("auth_time")
    if not isinstance(at, int | float) or at < (attempt.created_at - single_sign_on.LEEWAY).timestamp():
        raise NoWay(Why.UNTRUSTED, name=row.name, detail="it did not ask again who is there")
    with ctx.database.transaction() as connection:
        member = store.linked(connection, row.id, claims["sub"])
        if member is None or member.id != signed.row.member_id:
            raise NoWay(Why.SOMEBODY_ELSE, name=row.name)
        actor = Actor("member", member.id, member.tenant_id, address=signed.row.address)
        cookie = proofs.proved(ctx, connection, signed, actor, now, by_sso=True)
        return Arrived(cookie, attempt.place, attempt.kept)


def _provider(ctx: Context, asking: Client, row: Row[Any], now: datetime) -> Provider:
    try:
        return ctx.providers.find(asking, row.issuer, now, loopback=sso_terms.loopback(ctx))
    except ProviderError as error:
        raise NoWay(Why.DOWN, name=row.name, detail=str(error)) from error


def _connection(ctx: Context, sso_id: str) -> Row[Any]:
    def look(connection: Connection) -> Row[Any]:
        row = store.find(connection, sso_id)
        if row is None:
            raise NotFound("connection")
        return row

    return ctx.database.read(look)


def _part(ctx: Context, held: str, part: _Part) -> str:
    # Derived, so that the database holds nothing a browser has to bring back.
    key = ctx.vault.derive(f"sso-{part}")
    digest = hmac.digest(key, held.encode("latin-1", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _fingerprint(ctx: Context, held: str) -> bytes:
    return credentials.fingerprint(ctx.vault.derive("sso-attempt"), held if held.isascii() else "")


def _code(text: str) -> str:
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in "_-"))[:60]
