"""May this key be used for this attempt, now? The one place that decides (PRODUCT.md §7)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.domain.networks import Address, Network, within
from app.domain.refusals import Reason, Verdict

ALLOWED = Verdict()


class KeyTerms(NamedTuple):
    """What a key allows.

    deleted_at, revoked_at     when it was deleted or revoked, or None
    secret_ended_at            when the secret in question stopped (rotation), or None while it is current
    expires_at                 first instant at which it no longer works, or None for never
    suspended_by               why it is suspended, or None
    networks                   where it may be used from; empty means anywhere
    tenant                     what its tenant is called: ID and name
    scope                      scopes of its group, as of now
    """

    deleted_at: datetime | None = None
    revoked_at: datetime | None = None
    secret_ended_at: datetime | None = None
    expires_at: datetime | None = None
    suspended_by: Reason | None = None
    networks: tuple[Network, ...] = ()
    scope: frozenset[str] = frozenset()
    tenant: tuple[str | None, ...] = ()


class Attempt(NamedTuple):
    """What a caller wants: scopes to use, from an address, in a tenant.

    address   None is unknown and matches no list
    tenant    the ID or name of the tenant it believes to be in; None when it says nothing
    """

    address: Address | None = None
    scope: frozenset[str] = frozenset()
    tenant: str | None = None


def decide(terms: KeyTerms, attempt: Attempt, now: datetime) -> Verdict:
    """Say whether a key may be used for this attempt, at this instant.

    terms      the key's side, read from the database for this very request
    attempt    the caller's side
    now        the instant of the request
    returns    the first reason against it in the order of PRODUCT.md §7, or an allowing verdict
    """
    if terms.deleted_at is not None:
        return Verdict(Reason.DELETED, at=terms.deleted_at)
    if terms.revoked_at is not None:
        return Verdict(Reason.REVOKED, at=terms.revoked_at)
    if terms.secret_ended_at is not None and now >= terms.secret_ended_at:
        return Verdict(Reason.REPLACED, at=terms.secret_ended_at)
    if terms.expires_at is not None and now >= terms.expires_at:
        return Verdict(Reason.EXPIRED, at=terms.expires_at)
    if terms.suspended_by is not None:  # the tenant's switch, a closed tenant, an inactive creator
        return Verdict(terms.suspended_by)
    if terms.networks and not within(attempt.address, terms.networks):
        return Verdict(Reason.ADDRESS_REFUSED)
    if attempt.tenant is not None and attempt.tenant not in terms.tenant:
        return Verdict(Reason.OTHER_TENANT)
    return within_scope(terms.scope, attempt.scope)


def within_scope(held: frozenset[str], wanted: frozenset[str]) -> Verdict:
    """Say whether what is wanted is held: the last question of `decide`, and alone where an audience narrows it."""
    return ALLOWED if wanted <= held else Verdict(Reason.SCOPE_REFUSED, missing=wanted - held)
