"""Verify Keyturn's access tokens offline: signature, claims and revocation, from memory."""

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.errors import (
    AddressRequired,
    InsufficientScope,
    InvalidToken,
    KeysUnavailable,
    RecheckUnavailable,
    Refused,
    RequestMalformed,
    StatusUnavailable,
    TokenExpired,
    TokenInactive,
    TokenMissing,
    TokenRevoked,
    TokenSuspended,
    Unavailable,
    WrongAudience,
)
from keyturn_verify.verifier import AsyncVerifier, Verifier

__all__ = [
    "AccessToken",
    "AddressRequired",
    "AsyncVerifier",
    "InsufficientScope",
    "InvalidToken",
    "KeysUnavailable",
    "RecheckUnavailable",
    "Refused",
    "RequestMalformed",
    "StatusUnavailable",
    "TokenExpired",
    "TokenInactive",
    "TokenMissing",
    "TokenRevoked",
    "TokenSuspended",
    "Unavailable",
    "Verifier",
    "WrongAudience",
]
