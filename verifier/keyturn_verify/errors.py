"""Why a request is refused: each reason knows its HTTP status and its challenge, and repeats nothing of the token."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_TEXT = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")


class Refused(Exception):
    """A request that must not pass.

    status        the HTTP status to answer with
    error         the code of RFC 6750 §3.1, or None where that section wants none
    description   what may be told to the caller; fixed text, never a part of the token
    detail        the exact reason, for the log of this service alone
    """

    status = 401
    error: str | None = "invalid_token"
    description = "The access token is not valid."
    retry_after: int | None = None

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.description)
        self.detail = detail

    def challenge(self, realm: str = "api", resource_metadata: str | None = None) -> str:
        """Write the `WWW-Authenticate` header's value (RFC 6750 §3)."""
        members = {"realm": realm, **self._members()}
        if resource_metadata is not None:
            members["resource_metadata"] = resource_metadata
        unfit = [name for name, value in members.items() if not _TEXT.fullmatch(value)]
        if unfit:
            raise ValueError(f"{unfit[0]} has a character that no challenge may carry")
        return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in members.items())

    def _members(self) -> dict[str, str]:
        return {} if self.error is None else {"error": self.error, "error_description": self.description}


class TokenMissing(Refused):
    """No bearer token was presented: a challenge without an error code (RFC 6750 §3.1)."""

    error = None
    description = "An access token is needed: Authorization: Bearer."


class RequestMalformed(Refused):
    """The token was presented in a way that nobody may read."""

    status = 400
    error = "invalid_request"
    description = "Send one access token in one Authorization header."


class InvalidToken(Refused):
    """Not a token of this issuer, or changed on its way."""


class TokenExpired(InvalidToken):
    """The time of the token is over."""

    description = "The access token has expired."


class WrongAudience(InvalidToken):
    """The token is meant for another service."""

    description = "The access token is for another audience."


class TokenInactive(InvalidToken):
    """Keyturn was asked, and calls the token inactive without saying why."""

    description = "The access token is no longer valid."


class TokenRevoked(TokenInactive):
    """Its key or secret was revoked, replaced or deleted."""

    description = "The access token was revoked."


class TokenSuspended(TokenInactive):
    """API access of its tenant is off, or the creator of its key is inactive."""

    description = "The access token is suspended."


class AddressRequired(InvalidToken):
    """The key is bound to addresses, and this service cannot have them checked."""

    description = "The access token is bound to addresses that cannot be checked here."


class InsufficientScope(Refused):
    """The token is good, and not for this."""

    status = 403
    error = "insufficient_scope"
    description = "The access token lacks a scope that is needed here."

    def __init__(self, needed: Iterable[str]) -> None:
        self.scope = " ".join(sorted(needed))
        super().__init__(f"needs {self.scope}")

    def _members(self) -> dict[str, str]:
        return {**super()._members(), "scope": self.scope}


class Unavailable(Refused):
    """Nobody can tell now whether the token is good; not the caller's fault."""

    status = 503
    error = None
    description = "Access tokens cannot be verified right now."
    retry_after = 5


class KeysUnavailable(Unavailable):
    """The issuer's public keys cannot be had."""


class StatusUnavailable(Unavailable):
    """The status list is missing or older than allowed, or the issuer cannot be asked."""


class RecheckUnavailable(StatusUnavailable):
    """The status list says to ask the issuer, and this service has no credentials to ask with, or no answer."""


def scope_names(needed: str | Iterable[str]) -> frozenset[str]:
    """Read what a caller of the library needs: names, or one text with spaces.

    raises   ValueError for a name that no scope can have (RFC 6749 §3.3)
    """
    names = frozenset(needed.split() if isinstance(needed, str) else needed)
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no scope")
    return names
