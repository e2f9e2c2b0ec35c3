"""What an access token says, and whether it says all that RFC 9068 wants."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from keyturn_verify.errors import InvalidToken, WrongAudience
from keyturn_verify.signed import Unreadable, members

# RFC 9068 §4; RFC 7515 §4.1.9: `application/` may stand before it.
TYPES = frozenset({"at+jwt", "application/at+jwt"})
LARGEST = 8192
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_LARGEST_INDEX = 1 << 32


class AccessToken(NamedTuple):
    """A verified access token. Times are whole seconds since 1970; `payload` is its claim set as JSON text.

    status_checked   False only with fail="open", while the status could not be had
    """

    issuer: str
    subject: str
    key_id: str
    audience: tuple[str, ...]
    scope: frozenset[str]
    issued_at: int
    expires_at: int
    jti: str
    tenant: str | None
    ip_restricted: bool
    status_uri: str
    status_index: int
    payload: bytes
    status_checked: bool = True

    @property
    def claims(self) -> dict[str, Any]:
        """All claims, read anew each time: nobody can change what another request sees."""
        found: dict[str, Any] = json.loads(self.payload)
        return found


class Expected(NamedTuple):
    """What every token must name: the issuer, one of our audiences, a status list below this address."""

    issuer: str
    audience: frozenset[str]
    status_base: str


def access_token(payload: bytes, expected: Expected) -> AccessToken:
    """Read the claims of a token whose signature is right. Its time and status are not judged here.

    raises   InvalidToken; WrongAudience when it is meant for somebody else
    """
    try:
        claims = members(payload)
    except Unreadable as error:
        raise InvalidToken(str(error)) from error
    # RFC 9068 §2.2: these are required; §4: the issuer matches exactly.
    for name in ("iss", "sub", "client_id", "jti"):
        if not isinstance(claims.get(name), str):
            raise InvalidToken(f"{name} is missing")
    if claims["iss"] != expected.issuer:
        raise InvalidToken("iss")
    audience = _audience(claims.get("aud"))
    if expected.audience.isdisjoint(audience):
        raise WrongAudience("aud")
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if "nbf" in claims:
        issued_at = max(issued_at, _time(claims, "nbf"))
    if "cnf" in claims:  # bound to a key that nobody here asks the caller to prove
        raise InvalidToken("cnf")
    scope, tenant = claims.get("scope", ""), claims.get("tenant")
    if not isinstance(scope, str):
        raise InvalidToken("scope")
    uri, index = _status(claims.get("status"), expected.status_base)
    return AccessToken(
        expected.issuer,
        claims["sub"],
        claims["client_id"],
        audience,
        frozenset(scope.split()),
        issued_at,
        expires_at,
        claims["jti"],
        tenant if isinstance(tenant, str) else None,
        bool(claims.get("ip_restricted", False)),
        uri,
        index,
        payload,
    )


def _audience(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return tuple(value)
    raise InvalidToken("aud is missing")


def _time(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise InvalidToken(f"{name} is missing")
    return value


def _status(value: object, base: str) -> tuple[str, int]:
    entry = value.get("status_list") if isinstance(value, dict) else None
    if not isinstance(entry, dict):
        raise InvalidToken("status is missing")
    uri, index = entry.get("uri"), entry.get("idx")
    if type(index) is not int or not 0 <= index < _LARGEST_INDEX:
        raise InvalidToken("idx")
    # Our credentials go there, so it must be the issuer's: no other host, no way out of its folder.
    if not isinstance(uri, str) or not uri.startswith(base) or not uri[len(base) :].isalnum() or not uri.isascii():
        raise InvalidToken("status list of somebody else")
    return uri, index
