"""Access tokens: their claims, how one is signed and how one is read (RFC 9068, RFC 8725)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from app.domain.times import CLOCK_LEEWAY

ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
TOKEN_TYPE = "at+jwt"
LARGEST_TOKEN = 8192
LATEST_TIME = 253_402_300_799  # 9999-12-31T23:59:59Z

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LIST_NUMBER = re.compile(r"0|[1-9][0-9]{0,12}")
_STRINGS = ("iss", "sub", "client_id", "jti", "aud")


class Unreadable(Exception):
    """This is no access token that we signed. The text is for our log, never for the caller."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public half, bound to one algorithm (RFC 8725 §3.1)."""

    kid: str
    alg: str
    public: Any


@dataclass(frozen=True, slots=True)
class Signer:
    """A private half with everything about its tokens' header that never changes."""

    kid: str
    alg: str
    header: bytes
    algorithm: jwt.algorithms.Algorithm
    private: Any


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says. `exp` and `iat` are whole seconds since 1970."""

    issuer: str
    key_id: str
    audience: str
    issued_at: int
    expires_at: int
    jti: str
    scope: frozenset[str]
    status_list: int
    status_index: int
    tenant: str | None
    ip_restricted: bool
    kid: str

    def current(self, now: datetime) -> bool:
        """Whether the token may be used at this instant: issued, and not at or past `exp` (RFC 7519 §4.1.4)."""
        instant = now.timestamp()
        # Another process, whose clock is ahead of ours, may have issued it.
        return self.issued_at <= instant + CLOCK_LEEWAY.total_seconds() and instant < self.expires_at


class _ES256(jwt.algorithms.ECAlgorithm):
    """PyJWT's ES256, with what is the same for every signature made once."""

    _SCHEME, _HALF = ECDSA(SHA256()), 32

    def sign(self, msg: bytes, key: Any) -> bytes:
        """Sign; R and S side by side, RFC 7518 §3.4."""
        r, s = decode_dss_signature(key.sign(msg, self._SCHEME))
        return r.to_bytes(self._HALF) + s.to_bytes(self._HALF)


_OURS = {"ES256": _ES256(SHA256, SECP256R1)}


def signer(kid: str, alg: str, private: Any) -> Signer:
    """Prepare a private key for signing.

    kid       RFC 7638 thumbprint
    alg       one of ALGORITHMS
    private   a private key object of the `cryptography` package
    """
    header = encoded(json.dumps({"alg": alg, "typ": TOKEN_TYPE, "kid": kid}, separators=(",", ":")).encode())
    return Signer(kid, alg, header, _OURS.get(alg) or jwt.get_algorithm_by_name(alg), private)


def sign(by: Signer, payload: bytes) -> str:
    """Sign a JSON claim set.

    by        the prepared key
    payload   the claim set as JSON text in UTF-8
    returns   the compact form, RFC 7515 §7.1
    """
    signed = by.header + b"." + encoded(payload)
    return (signed + b"." + encoded(by.algorithm.sign(signed, by.private))).decode("ascii")


def read(token: str, keys: Mapping[str, VerifyingKey], issuer: str, status_uri: str) -> Claims:
    """Verify a token's form and signature and read its claims. Its time is not judged here.

    token        what the caller presented
    keys         our public halves by `kid`
    issuer       the only accepted `iss`
    status_uri   what every status list address of ours starts with, ending in `/`
    raises       Unreadable for anything that is not an access token of ours
    """
    if len(token) > LARGEST_TOKEN or _COMPACT.fullmatch(token) is None:
        raise Unreadable("form")
    head, body, signature = token.split(".")
    _bytes(signature)
    key = _key_for(_json(head), keys)
    try:
        jwt.PyJWS(algorithms=[key.alg]).decode(token, key.public, algorithms=[key.alg])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Unreadable("signature") from error
    return _claims(_json(body), issuer, status_uri, key.kid)


def _key_for(header: dict[str, Any], keys: Mapping[str, VerifyingKey]) -> VerifyingKey:
    kid, typ = header.get("kid"), header.get("typ")
    if "crit" in header or "b64" in header:  # RFC 7515 §4.1.11: we understand no extension
        raise Unreadable("crit")
    # RFC 8725 §3.11: other JWTs under our keys carry another type. RFC 7515 §4.1.9: `application/` may stand before it.
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != TOKEN_TYPE:
        raise Unreadable("typ")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None or header.get("alg") != key.alg:  # RFC 8725 §3.1: the key decides the algorithm
        raise Unreadable("key")
    return key


def _claims(claims: dict[str, Any], issuer: str, status_uri: str, kid: str) -> Claims:
    if any(not isinstance(claims.get(name), str) for name in _STRINGS) or claims["iss"] != issuer:
        raise Unreadable("claims")
    times = [claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)]
    if any(type(time) is not int or not 0 <= time <= LATEST_TIME for time in times):
        raise Unreadable("times")
    status = claims.get("status")
    status = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(status, dict) or type(status.get("idx")) is not int or not isinstance(status.get("uri"), str):
        raise Unreadable("status")
    prefix, number = status["uri"][: len(status_uri)], status["uri"][len(status_uri) :]
    scope, tenant = claims.get("scope", ""), claims.get("tenant")
    if prefix != status_uri or _LIST_NUMBER.fullmatch(number) is None or not isinstance(scope, str):
        raise Unreadable("status or scope")
    return Claims(
        issuer=issuer,
        key_id=claims["client_id"],
        audience=claims["aud"],
        issued_at=max(claims["iat"], claims.get("nbf", 0)),
        expires_at=claims["exp"],
        jti=claims["jti"],
        scope=frozenset(scope.split()),
        status_list=int(number),
        status_index=status["idx"],
        tenant=tenant if isinstance(tenant, str) else None,
        ip_restricted=claims.get("ip_restricted") is True,
        kid=kid,
    )


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def encoded(data: bytes) -> bytes:
    """Write bytes in base64url without padding, as JWS does."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=")


def _bytes(segment: str) -> bytes:
    # The unused bits of the last character must be zero: two spellings of one token would be two tokens to a cache.
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise Unreadable("base64url") from error
    if encoded(data).decode("ascii") != segment:
        raise Unreadable("base64url")
    return data


def _json(segment: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(segment).decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Unreadable("json") from error
    if not isinstance(value, dict):
        raise Unreadable("object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7515 §4 and RFC 7519 §4 let us reject repeated names, and two readers can then never disagree.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("repeated name")
    return members
