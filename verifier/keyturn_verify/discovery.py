"""Metadata and public keys: where they are, how long they hold, when to look again. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keyturn_verify.messages import Request, Response
from keyturn_verify.public_keys import PublicKey, public_keys
from keyturn_verify.schedule import Schedule
from keyturn_verify.signed import Unreadable, members
from keyturn_verify.terms import Terms, secure

LARGEST = 256 << 10
SHORTEST, LONGEST, USUAL = 10, 86_400, 300  # seconds that keys are kept for, whatever their headers say
KEPT_PAST_FRESHNESS = 3600  # seconds that keys are used for while newer ones cannot be had


class Unusable(Exception):
    """An answer that is no good. The text is for our log."""


def usable(response: Response, *, or_unchanged: bool) -> bool:
    """Whether an answer has a body to read (True), or says that nothing has changed (False).

    raises   Unusable for every other answer
    """
    if response.problem:
        raise Unusable(response.problem)
    if response.status == 304 and or_unchanged:  # noqa: PLR2004 - Not Modified
        return False
    if response.status != 200:  # noqa: PLR2004 - OK
        raise Unusable(f"status {response.status}")
    return True


def lifetime(response: Response) -> float:
    """Seconds for which an answer is fresh from now on, within our own bounds."""
    stated = USUAL if response.max_age is None else response.max_age
    return min(max(stated - response.age, SHORTEST), LONGEST)


@dataclass(slots=True)
class Metadata:
    """Where the issuer's addresses are (RFC 8414 §3.2)."""

    terms: Terms
    jwks_uri: str | None = None
    introspection: str | None = None
    schedule: Schedule = field(default_factory=Schedule)

    def request(self) -> Request:
        """Ask for the document."""
        return Request(self.terms.metadata_url, {"Accept": "application/json"}, LARGEST)

    def learn(self, response: Response, asked_at: float) -> None:
        """Take an answer in; raises Unusable and keeps what was known."""
        usable(response, or_unchanged=False)
        document = _document(response)
        if document.get("issuer") != self.terms.issuer:  # RFC 8414 §3.3
            raise Unusable("the metadata are another issuer's")
        found = {name: document.get(name) for name in ("jwks_uri", "introspection_endpoint")}
        for name, address in found.items():
            if address is not None and (not isinstance(address, str) or not secure(address)):
                raise Unusable(f"{name} is no https address")
        if found["jwks_uri"] is None:
            raise Unusable("jwks_uri is missing")
        self.jwks_uri, self.introspection = found["jwks_uri"], found["introspection_endpoint"]
        self.schedule.succeeded(asked_at + max(lifetime(response), USUAL))


@dataclass(slots=True)
class Keys:
    """The public keys held, and until when."""

    terms: Terms
    by_kid: dict[str, PublicKey] = field(default_factory=dict)
    etag: str | None = None
    held_until: float = float("-inf")
    searched_at: float = float("-inf")
    schedule: Schedule = field(default_factory=Schedule)

    def usable(self, elapsed: float) -> bool:
        """Whether keys are held that may still be used."""
        return bool(self.by_kid) and elapsed < self.held_until

    def may_search(self, elapsed: float) -> bool:
        """Whether an unknown `kid` is worth a request: not within `kid_interval` of the last one."""
        return elapsed >= self.searched_at + self.terms.kid_interval

    def request(self, url: str) -> Request:
        """Ask for the set; only for a newer one, if one is held."""
        headers = {"Accept": "application/jwk-set+json, application/json"}
        if self.etag is not None and self.by_kid:
            headers["If-None-Match"] = self.etag
        return Request(url, headers, LARGEST)

    def learn(self, response: Response, asked_at: float) -> None:
        """Take an answer in; raises Unusable and keeps what was known."""
        if usable(response, or_unchanged=bool(self.by_kid)):
            try:
                found = public_keys(_document(response), self.terms.algorithms, self.by_kid)
            except ValueError as error:
                raise Unusable(str(error)) from error
            if not found:
                raise Unusable("no key of use here")
            self.by_kid, self.etag = found, response.headers.get("etag")
        fresh_until = asked_at + lifetime(response)
        self.held_until = fresh_until + KEPT_PAST_FRESHNESS
        self.schedule.succeeded(fresh_until)


def _document(response: Response) -> dict[str, Any]:
    try:
        return members(response.body)
    except Unreadable as error:
        raise Unusable(str(error)) from error
