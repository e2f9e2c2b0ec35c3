"""What a verifier was told: whose tokens, for whom, and how much doubt to bear."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlsplit

from keyturn_verify.access_tokens import Expected
from keyturn_verify.public_keys import ALGORITHMS

Fail = Literal["closed", "open"]
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
WELL_KNOWN = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that does not change while a verifier lives. Durations are seconds.

    max_staleness   how old the last confirmed list may be
    kid_interval    the least time between two searches for an unknown `kid`
    leeway          how far the issuer's clock may be ahead of ours
    """

    issuer: str
    audience: frozenset[str]
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    max_staleness: float = 60
    fail: Fail = "closed"
    algorithms: tuple[str, ...] = ALGORITHMS
    kid_interval: float = 60
    leeway: float = 5

    @property
    def expected(self) -> Expected:
        """What every token must name."""
        return Expected(self.issuer, self.audience, f"{self.issuer.rstrip('/')}/status-lists/")

    @property
    def metadata_url(self) -> str:
        """Where the metadata are: the name goes between host and path (RFC 8414 §3.1)."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"

    @property
    def basic(self) -> str | None:
        """The Authorization header of our own credentials (RFC 6749 §2.3.1)."""
        if self.credentials is None:
            return None
        name, secret = (quote(part, safe="") for part in self.credentials)
        return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode("ascii")


def terms(
    issuer: str,
    audience: str | Iterable[str],
    credentials: tuple[str, str] | None,
    max_staleness: float,
    fail: Fail,
    algorithms: Iterable[str],
    kid_interval: float,
    leeway: float,
) -> Terms:
    """Check what a verifier is told, all of it.

    raises   ValueError that names what is wrong
    """
    named = frozenset([audience] if isinstance(audience, str) else audience)
    chosen = tuple(algorithms)
    problems = []
    if not secure(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:  # RFC 8414 §2
        problems.append("issuer must be an https address without query and fragment")
    if not named or "" in named:
        problems.append("audience must name this service")
    if max_staleness <= 0 or kid_interval <= 0 or leeway < 0:
        problems.append("max_staleness, kid_interval and leeway are seconds")
    if fail not in {"closed", "open"}:
        problems.append('fail must be "closed" or "open"')
    if not chosen or not set(chosen) <= set(ALGORITHMS):
        problems.append(f"algorithms must be some of {', '.join(ALGORITHMS)}")
    if credentials is not None and not all(credentials):
        problems.append("credentials must be a key ID and its secret")
    if problems:
        raise ValueError("; ".join(problems))
    return Terms(issuer, named, credentials, max_staleness, fail, chosen, kid_interval, leeway)


def secure(address: str) -> bool:
    """Whether an address is https; plain http is for loopback alone."""
    try:
        parts = urlsplit(address)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    known = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return known and bool(parts.hostname) and parts.username is None and port_is_number
