"""Which credential a call at a door carries, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.actions import access
from app.actions.access import Caller
from app.domain import credentials, scopes
from app.domain.events import Actor
from app.domain.expiry import expiration_state, soon
from app.domain.pace import Allowance
from app.domain.policy import Attempt
from app.domain.refusals import Reason, Refused, Verdict
from app.domain.times import rfc3339
from app.web.faults import BadRequest
from app.web.request import Request, basic_credentials, bearer

BEARER, HEADER, BASIC, TOKEN = "bearer", "x-api-key", "basic", "token"


def presented(request: Request, *, basic: bool = True) -> tuple[str, str]:
    """Find the one credential of a call as (door, text); Refused when there is none, or more than one.

    basic   whether HTTP Basic is a door here
    """
    try:
        authorization = request.authorization()
    except BadRequest as error:
        raise Refused(Verdict(Reason.UNREADABLE_CREDENTIALS)) from error
    header = request.header("X-API-Key")
    if header is not None and "," in header:  # two fields arrive joined
        raise Refused(Verdict(Reason.AMBIGUOUS_CREDENTIALS))
    found = _from_authorization(authorization, basic=basic) if authorization is not None else None
    if header is not None and header.strip():
        if found is not None and found[1] != header:
            raise Refused(Verdict(Reason.AMBIGUOUS_CREDENTIALS))
        return found or (HEADER, header)
    if found is None:
        raise Refused(
            Verdict(Reason.CREDENTIALS_IN_QUERY if request.query_holds_credentials() else Reason.NO_CREDENTIALS)
        )
    return found


def _from_authorization(authorization: tuple[str, str], *, basic: bool) -> tuple[str, str]:
    scheme, rest = authorization
    if scheme == "basic" and basic:
        client_id, secret = basic_credentials(rest)
        if credentials.parse(secret).key_id != client_id:
            raise Refused(Verdict(Reason.MALFORMED_SECRET))
        return BASIC, secret
    if scheme != "bearer":
        raise Refused(Verdict(Reason.UNSUPPORTED_SCHEME))
    if not credentials.looks_like_secret(rest):  # a key pasted with a space in it deserves the hint about that
        bearer(rest)
    return (BEARER if credentials.looks_like_secret(rest) else TOKEN), rest


def enter(
    request: Request,
    audience: str,
    needed: frozenset[str],
    *,
    basic: bool = True,
    kinds: frozenset[str] | None = None,
    allowance: Allowance | None = Allowance.TENANT,
) -> tuple[Caller, str]:
    """Let a call in by whatever door it came, as (caller, door).

    audience    what an access token must be for
    needed      scopes the call wants to use
    kinds       of keys that may come in here; None is every kind
    allowance   what the call is paid from, when nothing else speaks against it; None when the caller of this sees to it
    raises      Refused
    """
    request.needed = needed
    door, text = presented(request, basic=basic)
    attempt = Attempt(request.address, needed, named_tenant(request))
    if door == TOKEN:
        caller = let_in(request, access.admit_token, text, audience, attempt)
    else:
        caller = let_in(request, access.admit, credentials.parse(text), attempt)
    if kinds is not None and caller.facts.kind not in kinds:
        raise Refused(Verdict(Reason.WRONG_KIND, proven=True))
    if allowance is not None:
        request.spent = access.spend(request.ctx, caller, allowance)
    return caller, door


def let_in(request: Request, admit: Callable[..., Caller], *asked: Any) -> Caller:
    """Let `access` decide, and remember whose call this is, whatever is decided: it is counted as that key's use."""
    try:
        caller = admit(request.ctx, *asked, request.now)
    except Refused as refused:
        request.facts = refused.facts
        raise
    request.facts = caller.facts
    return caller


def named_tenant(request: Request) -> str | None:
    """The tenant that a call says it is for in `X-Tenant`, by ID or name; None when it does not say."""
    named: str | None = request.environ.get("HTTP_X_TENANT")
    if named is None:
        return None
    # Granian empties a value that is not ASCII, so that an empty one may have named anybody: it is nobody's.
    return named.strip().encode("latin-1", "replace").decode("utf-8", "replace")  # names may be of any script


def expiry_headers(caller: Caller, request: Request) -> tuple[tuple[str, str], ...]:
    """`X-API-Key-Expires`, for a key that is about to; every door adds it to what it grants."""
    end = caller.facts.expires_at
    if end is None or expiration_state(end, request.now, soon(caller.facts.expiring_soon_days)) == "valid":
        return ()
    return (("X-API-Key-Expires", str(rfc3339(end))),)


def actor(caller: Caller, request: Request) -> Actor:
    """The caller as the audit log names it, with what it may hand out.

    A token says which management scopes it is for. It cannot speak of product scopes, which belong to other
    audiences (PRODUCT.md §5), so those are the key's own.
    """
    held = caller.terms.scope
    if caller.claims is not None:
        held |= scopes.product_part(access.terms_of(request.ctx, caller.facts).scope)
    address = str(request.address) if request.address is not None else None
    return Actor("key", caller.key_id, caller.facts.tenant_id, held, address=address, request_id=request.id)
