"""Every refusal's answer: one table, one column per audience, and the only 4xx and 5xx numbers (PRODUCT.md §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable, Verdict
from app.domain.scopes import pack
from app.domain.times import rfc3339
from app.web.faults import BadRequest, Fault

REALM = "Keyturn"
JSON, PROBLEM = "application/json", "application/problem+json"
# RFC 6749 §5.1: answers that hold tokens, and here all that concern credentials, are kept by no cache.
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of a response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reason: str | None = field(default=None, compare=False)


def json_answer(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = NO_STORE) -> Answer:
    """Answer with JSON that no cache keeps, unless other headers say so."""
    return Answer(status, (("Content-Type", JSON), *headers), orjson.dumps(body))


# RFC 6749 §5.2 codes, their status and what they say. Nothing of the request ever comes back.
OAUTH_ERRORS: dict[str, tuple[int, str]] = {
    "invalid_request": (400, "The request is missing a parameter, repeats one, or is otherwise malformed."),
    "invalid_client": (401, "Client authentication failed."),
    "invalid_grant": (400, "The token was issued to another client."),
    "unauthorized_client": (400, "This client may not do this."),
    "unsupported_grant_type": (400, "Only client_credentials is supported."),
    "invalid_scope": (400, "The scope is malformed, unknown, or more than this client may have for this resource."),
    "invalid_target": (400, "The resource is unknown, malformed, or none this client may ask for."),
    # (deviation) RFC 6749 §4.1.2.1 registers this code for the authorization endpoint; no code exists here for "later".
    "temporarily_unavailable": (503, "Try again later."),
    "server_error": (500, "Something went wrong on our side."),
}
TOO_MANY, OAUTH_LATER = 429, "temporarily_unavailable"

_OAUTH: dict[Reason, str] = {
    **dict.fromkeys(Reason, "invalid_client"),
    Reason.AMBIGUOUS_CREDENTIALS: "invalid_request",
    **dict.fromkeys(
        (Reason.API_ACCESS_OFF, Reason.TENANT_CLOSED, Reason.CREATOR_INACTIVE, Reason.ADDRESS_REFUSED, Reason.WRONG_KIND), "unauthorized_client",
    ),
    Reason.SCOPE_REFUSED: "invalid_scope",
    **dict.fromkeys((Reason.GUESSING, Reason.RATE_LIMITED), OAUTH_LATER),
}

INVALID, UNAUTHORIZED = "Invalid API Key", "Unauthorized"
_CHECK = ("Check for extra spaces around the key, and that it was copied whole.", "Send it as Authorization: Bearer, as X-API-Key, or as HTTP Basic.")


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A door's answer: status, code, message, general hints; `told` is added for a caller whose secret verified."""

    status: int
    error: str
    message: str
    hints: tuple[str, ...] = ()
    told: str = ""
    challenge: str | None = None


_BAD = DoorRow(401, "invalid_api_key", INVALID, _CHECK, challenge="invalid_token")
DOORS: dict[Reason, DoorRow] = {
    Reason.NO_CREDENTIALS: DoorRow(401, "invalid_api_key", INVALID, ("No API key was sent.", _CHECK[1]), challenge=""),
    Reason.UNREADABLE_CREDENTIALS: DoorRow(400, "invalid_request", "Unreadable credentials", _CHECK, challenge="invalid_request"),
    Reason.AMBIGUOUS_CREDENTIALS: DoorRow(
        400, "ambiguous_credentials", "Ambiguous credentials", ("Send one credential, in one place.",), challenge="invalid_request",
    ),
    Reason.CREDENTIALS_IN_QUERY: DoorRow(
        400, "credentials_in_query", "Credentials in the query are not read", ("Send the key in a header: a query ends up in logs.",), challenge="invalid_request",
    ),
    Reason.UNSUPPORTED_SCHEME: DoorRow(401, "invalid_api_key", INVALID, ("Use the Bearer scheme: Authorization: Bearer followed by the key.",), challenge=""),
    Reason.MALFORMED_SECRET: DoorRow(
        401, "invalid_api_key", INVALID, ("This is no complete API key: it is cut short, mistyped, or has extra spaces.", _CHECK[1]), challenge="invalid_token",
    ),
    Reason.UNKNOWN_KEY: _BAD,
    Reason.WRONG_SECRET: _BAD,
    Reason.BAD_TOKEN: _BAD,
    Reason.TOKEN_EXPIRED: DoorRow(401, "invalid_api_key", INVALID, ("The access token has expired or was revoked: ask for a new one.",), challenge="invalid_token"),
    Reason.TOKEN_REVOKED: DoorRow(401, "invalid_api_key", INVALID, ("The access token has expired or was revoked: ask for a new one.",), challenge="invalid_token"),
    Reason.REPLACED: DoorRow(401, "invalid_api_key", INVALID, _CHECK, "The secret was replaced at {at}. Use the new one.", "invalid_token"),
    Reason.DELETED: DoorRow(401, "invalid_api_key", INVALID, _CHECK, "The key was deleted at {at}.", "invalid_token"),
    Reason.REVOKED: DoorRow(401, "invalid_api_key", INVALID, _CHECK, "The key was revoked at {at}. Generate a new one.", "invalid_token"),
    Reason.EXPIRED: DoorRow(401, "invalid_api_key", INVALID, _CHECK, "The key expired at {at}. Rotate it with a new expiration.", "invalid_token"),
    Reason.API_ACCESS_OFF: DoorRow(403, "api_access_disabled", UNAUTHORIZED, ("API access is switched off for this tenant.",)),
    Reason.TENANT_CLOSED: DoorRow(403, "api_access_disabled", UNAUTHORIZED, ("This tenant has been closed.",)),
    Reason.CREATOR_INACTIVE: DoorRow(403, "account_inactive", UNAUTHORIZED, ("The account is not active that this key acts for.",)),
    Reason.ADDRESS_REFUSED: DoorRow(403, "ip_not_allowed", UNAUTHORIZED, ("This key may not be used from this IP address.",)),
    Reason.SCOPE_REFUSED: DoorRow(403, "insufficient_scope", UNAUTHORIZED, (), "The key lacks: {missing}.", "insufficient_scope"),
    Reason.WRONG_KIND: DoorRow(403, "wrong_kind_of_key", UNAUTHORIZED, ("This kind of key cannot be used here.",)),
    Reason.OTHER_TENANT: DoorRow(403, "other_tenant", UNAUTHORIZED, ("The key belongs to a different tenant.",)),
    Reason.CROSS_SITE: DoorRow(403, "cross_site_request", UNAUTHORIZED, ("The management API is not for pages of other sites.",)),
    Reason.GUESSING: DoorRow(TOO_MANY, "rate_limited", "Too many wrong secrets", ("Wait, then send the right secret.",)),
    Reason.RATE_LIMITED: DoorRow(TOO_MANY, "rate_limited", "Rate limit reached", ("Wait for as many seconds as Retry-After says.",)),
}

# Fault: (status at OAuth endpoints, status elsewhere, title, detail)
_FAULTS: dict[Fault, tuple[int, int, str, str]] = {
    Fault.NOT_FOUND: (404, 404, "Not found", "There is nothing at this address."),
    Fault.METHOD: (405, 405, "Method not allowed", "This address does not know this method."),
    Fault.CONTENT_TYPE: (400, 415, "Unsupported media type", "The body must be of a type this address reads."),
    Fault.TOO_LARGE: (413, 413, "Content too large", "The body is larger than this address reads."),
    Fault.REPEATED: (400, 400, "Repeated", "A parameter or header that may come once came more often."),
    Fault.ENCODING: (400, 400, "Unreadable encoding", "The body is not well-formed UTF-8."),
    Fault.UNREADABLE: (400, 400, "Unreadable body", "The body cannot be read."),
    Fault.INSECURE: (400, 400, "Insecure transport", "Use https. Behind a proxy, KEYTURN_TRUSTED_PROXIES must name it."),
}


def oauth_error(code: str, *, status: int | None = None, retry_after: int = 0, headers: tuple[tuple[str, str], ...] = (), reason: str | None = None) -> Answer:
    """An OAuth endpoint's error: RFC 6749 §5.2."""
    default, description = OAUTH_ERRORS[code]
    status = status or default
    if status == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2 and RFC 7617 §2: a challenge with a realm
        headers = (("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'), *headers)
    if retry_after:
        headers = (("Retry-After", str(retry_after)), *headers)
    answer = json_answer({"error": code, "error_description": description}, status, (*NO_STORE, *headers))
    return Answer(answer.status, answer.headers, answer.body, reason or code)


def oauth_refusal(verdict: Verdict, *, introspection: bool = False) -> Answer:
    """Answer a refusal at an OAuth endpoint. RFC 9701 §5 wants 400 where an introspecting caller shows no credentials at all."""
    reason = verdict.reason or Reason.NO_CREDENTIALS
    code = _OAUTH[reason]
    none_shown = introspection and reason in {Reason.NO_CREDENTIALS, Reason.CREDENTIALS_IN_QUERY}
    status = TOO_MANY if code == OAUTH_LATER else 400 if none_shown else None
    return oauth_error(code, status=status, retry_after=verdict.retry_after, reason=reason)


def oauth_failure(error: Exception) -> Answer:
    """Answer any other failure at an OAuth endpoint; what is not foreseen says nothing."""
    if isinstance(error, BadRequest):
        status = _FAULTS[error.fault][0]
        allow = (("Allow", error.allow),) if error.allow else ()
        return oauth_error("invalid_request", status=status, headers=allow, reason=error.fault)
    if isinstance(error, Unavailable):
        return oauth_error(OAUTH_LATER, retry_after=error.retry_after)
    return oauth_error("server_error")


def problem(status: int, code: str, message: str, request_id: str, *, hints: tuple[str, ...] = (), headers: tuple[tuple[str, str], ...] = (), **more: Any) -> Answer:
    """An error in RFC 9457's form, with the members of PRODUCT.md §5."""
    body = {
        "type": f"urn:keyturn:error:{code}", "title": message, "status": status, "detail": message, "error": code, "message": message,
        "hints": list(hints), "request_id": request_id, "help": f"/help/troubleshooting#{code}", **more,
    }
    return Answer(status, (("Content-Type", PROBLEM), *NO_STORE, *headers), orjson.dumps(body), code)


def door_refusal(verdict: Verdict, request_id: str, needed: frozenset[str] = frozenset()) -> Answer:
    """Answer a refusal at a door or the management API. The exact reason only to a caller whose secret verified."""
    reason = verdict.reason or Reason.NO_CREDENTIALS
    row = DOORS[reason]
    hints = row.hints
    if verdict.proven and row.told:
        hints = (row.told.format(at=rfc3339(verdict.at), missing=pack(verdict.missing)), *hints)
    headers: tuple[tuple[str, str], ...] = ()
    if row.challenge is not None:
        headers = (("WWW-Authenticate", _challenge(row.challenge, needed)),)
    if verdict.retry_after:
        headers = (*headers, ("Retry-After", str(verdict.retry_after)))
    told = {"reason": str(reason)} if verdict.proven else {}
    answer = problem(row.status, row.error, row.message, request_id, hints=hints, headers=headers, **told)
    return Answer(answer.status, answer.headers, answer.body, str(reason))


def _challenge(error: str, needed: frozenset[str]) -> str:
    # RFC 6750 §3: no error code for a request without credentials; the scope that would do when more is needed.
    parts = [f'realm="{REALM}"']
    if error:
        parts.append(f'error="{error}"')
    if error == "insufficient_scope" and needed:  # RFC 6749 §3.3: a scope has at least one token
        parts.append(f'scope="{pack(needed)}"')
    return "Bearer " + ", ".join(parts)


def failure(error: Exception, request_id: str) -> Answer:
    """Answer any other failure outside OAuth endpoints; what is not foreseen says nothing."""
    if isinstance(error, BadRequest):
        _, status, title, detail = _FAULTS[error.fault]
        allow = (("Allow", error.allow),) if error.allow else ()
        return problem(status, error.fault, title, request_id, hints=(detail,), headers=allow)
    if isinstance(error, Invalid):
        problems = [{"field": p.field, "code": p.code, "message": p.message} for p in error.problems]
        return problem(422, "validation_failed", "Some members break a rule.", request_id, errors=problems)
    if isinstance(error, NotFound):
        return problem(404, "not_found", str(error), request_id)
    if isinstance(error, Forbidden):
        return problem(403, error.code, str(error), request_id, hints=error.hints)
    if isinstance(error, Conflict):
        status = 412 if error.code == "precondition_failed" else 422 if error.code == "idempotency_key_reused" else 409
        return problem(status, error.code, error.message, request_id, hints=error.hints)
    if isinstance(error, Unavailable):
        return problem(503, "unavailable", "Keyturn cannot do this now.", request_id, headers=(("Retry-After", str(error.retry_after)),))
    return problem(500, "server_error", "Something went wrong on our side.", request_id)
