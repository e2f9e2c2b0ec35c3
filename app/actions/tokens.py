"""Issue, introspect and take back access tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from app.actions import access
from app.actions.access import Caller
from app.actions.records import record
from app.context import Context
from app.domain import scopes
from app.domain.events import Actor, Event
from app.domain.networks import Address
from app.domain.pace import Allowance, Spent
from app.domain.policy import Attempt
from app.domain.refusals import Conflict, Reason, Refused, Unavailable, Verdict
from app.domain.status import LIST_BITS, LIST_SIZE
from app.domain.tokens import LARGEST_TOKEN, sign
from app.runtime.metrics import TOKENS
from app.settings import CLOCK_LEEWAY
from app.store import keys, revoked_tokens, status_changes

JTI_BYTES = 20
TENANT_KEY, RESOURCE_SERVER = "tenant_api_key", "resource_server"


class Grant(NamedTuple):
    """What a token was issued for. `expires_in` in whole seconds; `spent` is what it was paid from."""

    token: str
    scope: frozenset[str]
    expires_in: int
    spent: Spent | None = None


class InvalidTarget(Exception):
    """The `resource` asked for is no audience this key can have a token for (RFC 8707 §2)."""


class NotYours(Exception):
    """The token belongs to another key (RFC 7009 §2.1)."""


def audience_for(ctx: Context, caller: Caller, resources: list[str]) -> str:
    """Choose the one audience of a token (RFC 8707 §2).

    resources   the `resource` parameters, empty ones left out
    raises      InvalidTarget for more than one, an unknown one or another tenant's
    """
    wanted = set(resources)
    if not wanted:
        return ctx.settings.default_audience
    if len(wanted) > 1:  # RFC 9700 §2.3: one audience a token
        raise InvalidTarget
    audience = wanted.pop()
    if audience in {ctx.settings.default_audience, ctx.settings.admin_audience}:
        return audience
    tenant = caller.facts.tenant_id
    if not ctx.database.read(lambda connection: keys.audience_exists(connection, audience, tenant)):
        raise InvalidTarget
    return audience


def scope_within(ctx: Context, held: frozenset[str], audience: str) -> frozenset[str]:
    """The part of a scope that an audience knows: management scopes live at `<issuer>/admin` and nowhere else."""
    return scopes.management_part(held) if audience == ctx.settings.admin_audience else scopes.product_part(held)


def issue(
    ctx: Context, caller: Caller, audience: str, wanted: frozenset[str] | None, now: datetime, *, paid: bool = False
) -> Grant:
    """Sign an access token for a key that has just been admitted.

    audience   from `audience_for`
    wanted     scopes asked for; None asks for all that belong to the audience
    paid       whether the call that brings the token along has been paid for already
    raises     Refused (scope_refused) when more is wanted than held, or none is left, (rate_limited) when the tenant
               has no call left; Unavailable while no key may sign
    """
    held = scope_within(ctx, caller.terms.scope, audience)
    granted = held if wanted is None else wanted
    if wanted is not None:
        access.judge_scope(held, wanted)
    if not granted:
        raise Refused(Verdict(Reason.SCOPE_REFUSED, proven=True))
    spent = access.spend(ctx, caller, Allowance.TENANT) if not paid else None
    return sign_for(ctx, caller, audience, granted, now, spent)


def sign_for(
    ctx: Context, caller: Caller, audience: str, granted: frozenset[str], now: datetime, spent: Spent | None = None
) -> Grant:
    """Sign a token of exactly this scope; its end never lies beyond the key's, the secret's or the token's it is for.

    A caller that came with a token gets a copy with less in it: taking the one back takes the other back.
    """
    facts = caller.facts
    ring = ctx.ring.at(facts.signing_keys_version, now)
    if ring.signing is None or ring.usable_at is None or now < ring.usable_at:
        wait = int((ring.usable_at - now).total_seconds()) + 1 if ring.usable_at is not None else 5
        raise Unavailable("No signing key may be used yet.", retry_after=max(1, wait))
    issued_at = int(now.timestamp())
    expires_at = issued_at + _lifetime(ctx, caller, now)
    if expires_at <= issued_at:
        raise Refused(Verdict(Reason.EXPIRED, proven=True))
    text = scopes.pack(granted)
    entry = facts.status_reference or 0
    claims: dict[str, Any] = {
        "iss": ctx.settings.issuer,
        "sub": facts.key_id,
        "client_id": facts.key_id,
        "aud": audience,
        "iat": issued_at,
        "exp": expires_at,
        "jti": ctx.entropy(JTI_BYTES).hex() if caller.claims is None else caller.claims.jti,
        "scope": text,
        "status": {
            "status_list": {"idx": entry & (LIST_SIZE - 1), "uri": f"{ctx.settings.status_uri}{entry >> LIST_BITS}"}
        },
    }
    if facts.tenant_id is not None:
        claims["tenant"] = facts.tenant_id
    if facts.networks:
        claims["ip_restricted"] = True
    token = sign(ring.signing, orjson.dumps(claims))
    if len(token) > LARGEST_TOKEN:  # no door would read it: the caller must ask for fewer scopes
        raise Refused(Verdict(Reason.SCOPE_REFUSED, proven=True))
    ctx.metrics.count(TOKENS)
    return Grant(token, granted, expires_at - issued_at, spent)


def _lifetime(ctx: Context, caller: Caller, now: datetime) -> int:
    facts = caller.facts
    longest = ctx.settings.lifetime
    if facts.token_lifetime_seconds is not None:
        longest = min(longest, timedelta(seconds=facts.token_lifetime_seconds))
    if facts.expires_at is not None or facts.secret_ends_at is not None:
        ends = [end for end in (facts.expires_at, facts.secret_ends_at) if end is not None]
        longest = min(longest, min(ends) - now.replace(microsecond=0))
    if caller.claims is not None:
        longest = min(longest, timedelta(seconds=caller.claims.expires_at - int(now.timestamp())))
    return int(longest.total_seconds())


def introspect(
    ctx: Context, caller: Caller, token: str, client_address: Address | None, now: datetime, *, address_given: bool
) -> dict[str, Any] | None:
    """Say what a token is good for, to a caller that may know (RFC 7662 §2.2).

    caller          a resource server, or a key asking about its own tokens
    client_address  where the token was presented, if the caller says so (`address_given`)
    returns         the answer's members, or None for everything that is to be called inactive
    """
    try:
        owner = access.behind_token(ctx, token, now)
        if not _may_see(ctx, caller, owner):
            return None
        ctx.recorder.checked(owner.facts, now)
        access.judge(owner, Attempt(client_address), now, address_known=address_given)
    except Refused:
        return None
    claims = owner.claims
    if claims is None or (claims.scope and not owner.terms.scope):
        return None
    answer: dict[str, Any] = {
        "active": True,
        "client_id": claims.key_id,
        "token_type": "Bearer",
        "exp": claims.expires_at,
        "iat": claims.issued_at,
        "sub": claims.key_id,
        "aud": claims.audience,
        "iss": claims.issuer,
        "jti": claims.jti,
    }
    if owner.terms.scope:
        answer["scope"] = scopes.pack(owner.terms.scope)
    if claims.tenant is not None:
        answer["tenant"] = claims.tenant
    if owner.facts.networks and not address_given:
        answer["ip_allowlist"] = owner.facts.networks.split("\n")
    return answer


def _may_see(ctx: Context, caller: Caller, owner: Caller) -> bool:
    claims = owner.claims
    if claims is None:
        return False
    if caller.facts.kind != RESOURCE_SERVER:
        return caller.key_id == owner.key_id
    tenant = caller.facts.tenant_id
    return claims.audience == (caller.facts.audience or ctx.settings.default_audience) and tenant in {
        None,
        owner.facts.tenant_id,
    }


def owned_token(ctx: Context, caller: Caller, token: str, now: datetime) -> Caller | None:
    """Find a live token that a caller wants to take back.

    returns   None when there is nothing to take back: unknown, expired or revoked before (RFC 7009 §2.2)
    raises    NotYours when it belongs to another key
    """
    try:
        owner = access.behind_token(ctx, token, now)
    except Refused:
        return None
    if owner.key_id != caller.key_id:
        raise NotYours
    return owner


def revoke(ctx: Context, owner: Caller, actor: Actor, now: datetime) -> None:
    """Take one token back. In force on every node when this returns; raises Unavailable when it is not."""
    claims = owner.claims
    if claims is None:
        return
    jti, kept_until = claims.jti, datetime.fromtimestamp(claims.expires_at, UTC) + CLOCK_LEEWAY
    try:
        with ctx.database.transaction() as connection:
            if revoked_tokens.add(connection, jti, owner.key_id, now, kept_until):
                if owner.facts.status_reference is not None:
                    status_changes.ask_again_about_secret(connection, owner.facts.status_reference, now)
                record(
                    "key",
                    ctx,
                    connection,
                    Event.TOKEN_REVOKED,
                    actor,
                    owner.facts.tenant_id,
                    owner.key_id,
                    now,
                    after={"jti": jti},
                )
    except Conflict as conflict:  # two at once, and the other one did it; or else it has not been done
        if not ctx.database.read(lambda connection: revoked_tokens.known(connection, jti)):
            raise Unavailable("The token cannot be taken back now.") from conflict
