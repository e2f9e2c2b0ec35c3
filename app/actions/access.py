"""Who is calling, and may they? The only caller of `policy.decide` (HOUSE.md §3.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app.context import Context
from app.domain import credentials, policy, scopes
from app.domain.credentials import Presented
from app.domain.networks import Address, networks
from app.domain.pace import Allowance, Spent
from app.domain.policy import Attempt, KeyTerms
from app.domain.refusals import ENDED, Reason, Refused, Verdict
from app.domain.status import reference
from app.domain.tokens import Claims, Unreadable, read
from app.store import facts as reads
from app.store.facts import Facts

_FORGOTTEN_TOKENS = 4096
OWN_CALLS = 120  # in 60 s, of `/revoke` and of `/admin`, for each key
_NAMES = {allowance: f"{allowance.value}:" for allowance in Allowance}


class Caller(NamedTuple):
    """A key that proved itself, or the key behind a token.

    facts     its row, read for this very request
    terms     the policy's side of them; `scope` is what the group holds now
    claims    of the token it came with, or None for a secret
    """

    facts: Facts
    terms: KeyTerms
    claims: Claims | None = None

    @property
    def key_id(self) -> str:
        """Its public name, which is its `client_id`."""
        return self.facts.key_id


def recognise(ctx: Context, presented: Presented, address: Address | None, now: datetime) -> Caller:
    """Find the key a secret belongs to, whatever its standing.

    presented   a well-formed secret
    address     where the call comes from; None is unknown
    raises      Refused: unknown_key, wrong_secret, guessing
    """
    wait = ctx.throttle.wait(presented.key_id, address, now)
    if wait:
        raise Refused(Verdict(Reason.GUESSING, retry_after=wait))
    fingerprint = credentials.fingerprint(ctx.vault.pepper, presented.text)
    found = reads.by_secret(ctx.database, presented.key_id, fingerprint)
    same = credentials.same_fingerprint(found.fingerprint if found is not None else None, fingerprint)
    if found is None:
        raise Refused(Verdict(Reason.UNKNOWN_KEY))
    if not same:
        wait = ctx.throttle.failed(presented.key_id, address)
        if wait:  # others guessed at the same moment: this answer would be one more than they may have
            raise Refused(Verdict(Reason.GUESSING, retry_after=wait), found)
        raise Refused(Verdict(Reason.WRONG_SECRET), found)
    return Caller(found, terms_of(ctx, found))


def behind_token(ctx: Context, token: str, now: datetime) -> Caller:
    """Find the key whose secret obtained a token, whatever its standing.

    token     as presented
    returns   `terms.scope` is what the token says and the group still holds
    raises    Refused: bad_token, token_expired, token_revoked
    """
    claims = verified_claims(ctx, token, now)
    place = reference(claims.status_list, claims.status_index)
    found = reads.by_status(ctx.database, place, claims.jti) if place is not None else None
    # A restored backup may have fewer secrets than tokens know: the key must be the one the token names.
    if found is None or found[0].key_id != claims.key_id:
        raise Refused(Verdict(Reason.BAD_TOKEN))
    facts, revoked = found
    if (
        claims.kid not in ctx.ring.at(facts.signing_keys_version, now).verifying
    ):  # another process may just have revoked it
        raise Refused(Verdict(Reason.BAD_TOKEN))
    if not claims.current(now):
        raise Refused(Verdict(Reason.TOKEN_EXPIRED), facts)
    if revoked:
        raise Refused(Verdict(Reason.TOKEN_REVOKED), facts)
    terms = terms_of(ctx, facts)
    return Caller(facts, terms._replace(scope=terms.scope & claims.scope), claims)


def verified_claims(ctx: Context, token: str, now: datetime) -> Claims:
    """Verify a token's signature, remembering the answer for the unchanged string; Refused (bad_token) when not ours.

    Only the signature is remembered, never the standing of the key or of the token.
    """
    seen = ctx.seen_tokens.get(token)
    if seen is not None:
        return seen
    keys = ctx.ring.current(now).verifying
    try:
        claims = read(token, keys, ctx.settings.issuer, ctx.settings.status_uri)
    except Unreadable as error:
        raise Refused(Verdict(Reason.BAD_TOKEN)) from error
    if len(ctx.seen_tokens) >= _FORGOTTEN_TOKENS:
        ctx.seen_tokens.clear()
    ctx.seen_tokens[token] = claims
    return claims


def judge(caller: Caller, attempt: Attempt, now: datetime, *, address_known: bool = True) -> None:
    """Let the policy decide about a recognised caller.

    address_known   False only at introspection without `client_address`: the list is then handed out instead
    raises          Refused; who showed the secret itself may be told why it works no more
    """
    terms = caller.terms if address_known else caller.terms._replace(networks=())
    verdict = policy.decide(terms, attempt, now)
    if verdict.reason is not None:
        proven = caller.claims is None or verdict.reason not in ENDED
        raise Refused(replace(verdict, proven=proven), caller.facts)


def judge_scope(held: frozenset[str], wanted: frozenset[str]) -> None:
    """Let the policy decide about scopes alone, for a caller it has just admitted; raises Refused."""
    verdict = policy.within_scope(held, wanted)
    if verdict.reason is not None:
        raise Refused(replace(verdict, proven=True))


def admit(ctx: Context, presented: Presented, attempt: Attempt, now: datetime) -> Caller:
    """Recognise a secret's key and let the policy decide; raises Refused with the first reason against it."""
    caller = recognise(ctx, presented, attempt.address, now)
    judge(caller, attempt, now)
    return caller


def admit_token(ctx: Context, token: str, audience: str, attempt: Attempt, now: datetime) -> Caller:
    """Verify a token for one audience and let the policy decide about its key; raises Refused."""
    caller = behind_token(ctx, token, now)
    if caller.claims is None or caller.claims.audience != audience:
        raise Refused(Verdict(Reason.BAD_TOKEN), caller.facts)
    judge(caller, attempt, now)
    return caller


def spend(ctx: Context, caller: Caller, allowance: Allowance) -> Spent | None:
    """Pay for a call that everything else allows; the last question of PRODUCT.md §7.

    The tenant's allowance is one for all its keys and doors, and its limit the one in the row just read. The others are
    each key's own, so that a leaked key cannot starve another one's revocation.

    returns   None for a key without a tenant, where the tenant would pay
    raises    Refused (rate_limited); Unavailable when calls cannot be counted
    """
    facts = caller.facts
    if allowance is Allowance.TENANT:
        if facts.tenant_id is None or facts.rate_limit is None:
            return None
        name, limit = facts.tenant_id, facts.rate_limit
    else:
        name, limit = facts.key_id, OWN_CALLS
    pace = ctx.limiter.spend(_NAMES[allowance] + name, limit)
    spent = Spent(allowance, pace)
    if not pace.admitted:
        raise Refused(Verdict(Reason.RATE_LIMITED, retry_after=pace.reset, proven=True, spent=spent))
    return spent


def terms_of(ctx: Context, facts: Facts) -> KeyTerms:
    """Turn a row into the policy's side of it."""
    return KeyTerms(
        deleted_at=facts.deleted_at,
        revoked_at=facts.revoked_at,
        secret_ended_at=facts.secret_ends_at,
        expires_at=facts.expires_at,
        suspended_by=_suspended_by(facts),
        networks=networks(facts.networks) if facts.networks else (),
        scope=_scope(ctx, facts),
        tenant=(facts.tenant_id, facts.tenant_name),
    )


def _suspended_by(facts: Facts) -> Reason | None:
    if facts.tenant_id is None:
        return None
    if facts.closed_at is not None:
        return Reason.TENANT_CLOSED
    if not facts.api_access:
        return Reason.API_ACCESS_OFF
    if facts.group_built_in == scopes.SAME_AS_CREATOR and not facts.creator_active:
        return Reason.CREATOR_INACTIVE
    return None


def _scope(ctx: Context, facts: Facts) -> frozenset[str]:
    if facts.group_built_in != scopes.SAME_AS_CREATOR:
        return scopes.unpack(facts.group_scopes)
    if facts.creator_role is None:
        return frozenset()
    product = ctx.database.read(reads.product_scopes)
    return scopes.of_role(scopes.Role(facts.creator_role), product, facts.key_managers or scopes.BY_ROLE)
