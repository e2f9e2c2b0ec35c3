"""Why something was refused: the closed list of reasons, and the four kinds of failure the house knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.domain.pace import Spent


class Reason(StrEnum):
    """Every reason a use of a key can be refused for. `web/replies.py` answers each of them."""

    NO_CREDENTIALS = "no_credentials"
    UNREADABLE_CREDENTIALS = "unreadable_credentials"
    AMBIGUOUS_CREDENTIALS = "ambiguous_credentials"
    CREDENTIALS_IN_QUERY = "credentials_in_query"
    UNSUPPORTED_SCHEME = "unsupported_scheme"
    MALFORMED_SECRET = "malformed_secret"
    UNKNOWN_KEY = "unknown_key"
    WRONG_SECRET = "wrong_secret"
    GUESSING = "guessing"
    REPLACED = "replaced"
    DELETED = "deleted"
    REVOKED = "revoked"
    EXPIRED = "expired"
    API_ACCESS_OFF = "api_access_off"
    TENANT_CLOSED = "tenant_closed"
    CREATOR_INACTIVE = "creator_inactive"
    ADDRESS_REFUSED = "address_refused"
    SCOPE_REFUSED = "scope_refused"
    WRONG_KIND = "wrong_kind"
    OTHER_TENANT = "other_tenant"
    BAD_TOKEN = "bad_token"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    CROSS_SITE = "cross_site"
    RATE_LIMITED = "rate_limited"


# Reasons that end a secret for good: to be told to whoever shows that secret, and to nobody who holds a token of it.
ENDED = frozenset({Reason.REPLACED, Reason.DELETED, Reason.REVOKED, Reason.EXPIRED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the policy: allowed when there is no reason against it.

    missing       scopes the attempt wanted and the key does not hold
    retry_after   seconds until another attempt can succeed; 0 when waiting does not help
    at            when the reason came to be (revoked, replaced, expired), where that is known
    proven        the caller's secret verified, so it may be told the exact reason
    spent         the allowance that had nothing left, and how it stands
    """

    reason: Reason | None = None
    missing: frozenset[str] = frozenset()
    retry_after: int = 0
    at: Any = None
    proven: bool = False
    spent: Spent | None = None

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against the attempt."""
        return self.reason is None


class Refused(Exception):
    """Policy or authentication said no; the verdict says why.

    facts   of the key that was recognised, if one was, so that the call can be counted
    """

    def __init__(self, verdict: Verdict, facts: Any = None) -> None:
        super().__init__(str(verdict.reason))
        self.verdict, self.facts = verdict, facts


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one member of a request: its name, a stable code and a sentence for people."""

    field: str
    code: str
    message: str


class Invalid(Exception):
    """Input broke rules; every broken rule is listed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


class NotFound(Exception):
    """There is no such object within reach of the caller."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind}.")
        self.kind = kind


class Forbidden(Exception):
    """The caller may not do this, whatever the state of the object."""

    def __init__(self, code: str, message: str, hints: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.hints = hints


@dataclass(eq=False)  # an exception is itself and nothing else, and must be hashable
class Conflict(Exception):
    """The object's state does not allow the change.

    code      stable machine code, such as `version_conflict` or `key_limit_reached`
    message   a sentence for people
    """

    code: str
    message: str
    hints: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.message


class Unavailable(Exception):
    """Keyturn cannot do this now; waiting helps.

    retry_after   seconds after which a new attempt makes sense
    """

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after
