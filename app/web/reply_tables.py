"""Every reason's answer, one column per audience; the only place where a refusal has a status (PRODUCT.md §7)."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.refusals import Reason
from app.web.faults import Fault

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

OAUTH_CODES: dict[Reason, str] = {
    **dict.fromkeys(Reason, "invalid_client"),
    Reason.AMBIGUOUS_CREDENTIALS: "invalid_request",
    **dict.fromkeys(
        (
            Reason.API_ACCESS_OFF,
            Reason.TENANT_CLOSED,
            Reason.CREATOR_INACTIVE,
            Reason.ADDRESS_REFUSED,
            Reason.OTHER_TENANT,
            Reason.WRONG_KIND,
        ),
        "unauthorized_client",
    ),
    Reason.SCOPE_REFUSED: "invalid_scope",
    **dict.fromkeys((Reason.GUESSING, Reason.RATE_LIMITED), OAUTH_LATER),
}

INVALID, UNAUTHORIZED = "Invalid API Key", "Unauthorized"
_CHECK = (
    "Check for extra spaces around the key, and that it was copied whole.",
    "Send it as Authorization: Bearer, as X-API-Key, or as HTTP Basic.",
)


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
    Reason.UNREADABLE_CREDENTIALS: DoorRow(
        400, "invalid_request", "Unreadable credentials", _CHECK, challenge="invalid_request"
    ),
    Reason.AMBIGUOUS_CREDENTIALS: DoorRow(
        400,
        "ambiguous_credentials",
        "Ambiguous credentials",
        ("Send one credential, in one place.",),
        challenge="invalid_request",
    ),
    Reason.CREDENTIALS_IN_QUERY: DoorRow(
        400,
        "credentials_in_query",
        "Credentials in the query are not read",
        ("Send the key in a header: a query ends up in logs.",),
        challenge="invalid_request",
    ),
    Reason.UNSUPPORTED_SCHEME: DoorRow(
        401,
        "invalid_api_key",
        INVALID,
        ("Use the Bearer scheme: Authorization: Bearer followed by the key.",),
        challenge="",
    ),
    Reason.MALFORMED_SECRET: DoorRow(
        401,
        "invalid_api_key",
        INVALID,
        ("This is no complete API key: it is cut short, mistyped, or has extra spaces.", _CHECK[1]),
        challenge="invalid_token",
    ),
    Reason.UNKNOWN_KEY: _BAD,
    Reason.WRONG_SECRET: _BAD,
    Reason.BAD_TOKEN: _BAD,
    Reason.TOKEN_EXPIRED: DoorRow(
        401,
        "invalid_api_key",
        INVALID,
        ("The access token has expired or was revoked: ask for a new one.",),
        challenge="invalid_token",
    ),
    Reason.TOKEN_REVOKED: DoorRow(
        401,
        "invalid_api_key",
        INVALID,
        ("The access token has expired or was revoked: ask for a new one.",),
        challenge="invalid_token",
    ),
    Reason.REPLACED: DoorRow(
        401, "invalid_api_key", INVALID, _CHECK, "The secret was replaced at {at}. Use the new one.", "invalid_token"
    ),
    Reason.DELETED: DoorRow(401, "invalid_api_key", INVALID, _CHECK, "The key was deleted at {at}.", "invalid_token"),
    Reason.REVOKED: DoorRow(
        401, "invalid_api_key", INVALID, _CHECK, "The key was revoked at {at}. Generate a new one.", "invalid_token"
    ),
    Reason.EXPIRED: DoorRow(
        401,
        "invalid_api_key",
        INVALID,
        _CHECK,
        "The key expired at {at}. Rotate it with a new expiration.",
        "invalid_token",
    ),
    Reason.API_ACCESS_OFF: DoorRow(
        403, "api_access_disabled", UNAUTHORIZED, ("API access is switched off for this tenant.",)
    ),
    Reason.TENANT_CLOSED: DoorRow(403, "api_access_disabled", UNAUTHORIZED, ("This tenant has been closed.",)),
    Reason.CREATOR_INACTIVE: DoorRow(
        403, "account_inactive", UNAUTHORIZED, ("The account is not active that this key acts for.",)
    ),
    Reason.ADDRESS_REFUSED: DoorRow(
        403, "ip_not_allowed", UNAUTHORIZED, ("This key may not be used from this IP address.",)
    ),
    Reason.SCOPE_REFUSED: DoorRow(
        403, "insufficient_scope", UNAUTHORIZED, (), "The key lacks: {missing}.", "insufficient_scope"
    ),
    Reason.WRONG_KIND: DoorRow(403, "wrong_kind_of_key", UNAUTHORIZED, ("This kind of key cannot be used here.",)),
    Reason.OTHER_TENANT: DoorRow(403, "other_tenant", UNAUTHORIZED, ("The key belongs to a different tenant.",)),
    Reason.CROSS_SITE: DoorRow(
        403, "cross_site_request", UNAUTHORIZED, ("The management API is not for pages of other sites.",)
    ),
    Reason.GUESSING: DoorRow(
        TOO_MANY, "rate_limited", "Too many wrong secrets", ("Wait, then send the right secret.",)
    ),
    Reason.RATE_LIMITED: DoorRow(
        TOO_MANY, "rate_limited", "Rate limit reached", ("Wait for as many seconds as Retry-After says.",)
    ),
}

# (deviation) RFC 6750 §3.1 wants 400 here, of which nginx and others would make a failure of their own.
GATEWAY_STATUSES: dict[Reason, int] = dict.fromkeys(
    (Reason.UNREADABLE_CREDENTIALS, Reason.AMBIGUOUS_CREDENTIALS, Reason.CREDENTIALS_IN_QUERY), 401
)

# Fault: (status at OAuth endpoints, status elsewhere, title, detail)
FAULTS: dict[Fault, tuple[int, int, str, str]] = {
    Fault.NOT_FOUND: (404, 404, "Not found", "There is nothing at this address."),
    Fault.METHOD: (405, 405, "Method not allowed", "This address does not know this method."),
    Fault.CONTENT_TYPE: (400, 415, "Unsupported media type", "The body must be of a type this address reads."),
    Fault.TOO_LARGE: (413, 413, "Content too large", "The body is larger than this address reads."),
    Fault.REPEATED: (400, 400, "Repeated", "A parameter or header that may come once came more often."),
    Fault.ENCODING: (400, 400, "Unreadable encoding", "The body is not well-formed UTF-8."),
    Fault.UNREADABLE: (400, 400, "Unreadable body", "The body cannot be read."),
    Fault.INSECURE: (
        400,
        400,
        "Insecure transport",
        "Use https. Behind a proxy, KEYTURN_TRUSTED_PROXIES must name it.",
    ),
}
