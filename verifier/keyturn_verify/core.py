"""Decide about a token from what is in memory, or say what to fetch first. No I/O, no threads, no clock of its own."""

from __future__ import annotations

import logging
from typing import NamedTuple

from keyturn_verify.access_tokens import LARGEST, TYPES, AccessToken, access_token
from keyturn_verify.discovery import Keys, Metadata, Unusable
from keyturn_verify.errors import (
    AddressRequired,
    InsufficientScope,
    InvalidToken,
    KeysUnavailable,
    RecheckUnavailable,
    StatusUnavailable,
    TokenExpired,
    TokenMissing,
    TokenRevoked,
    TokenSuspended,
)
from keyturn_verify.held_lists import CredentialsRefused, HeldLists
from keyturn_verify.introspection import question, unanswered, verdict
from keyturn_verify.messages import Request, Response
from keyturn_verify.public_keys import PublicKey
from keyturn_verify.remembered import Remembered, digest
from keyturn_verify.schedule import Schedule
from keyturn_verify.signed import UnknownKey, Unreadable, verified
from keyturn_verify.status_lists import Status
from keyturn_verify.terms import Terms

log = logging.getLogger("keyturn_verify")
METADATA, KEYS = "metadata", "keys"
RETRY_DISCOVERY = 10.0


class Use(NamedTuple):
    """One presentation of a token: what it is needed for, and where it came from."""

    token: str
    needed: frozenset[str] = frozenset()
    client_address: str | None = None


class Wanted(NamedTuple):
    """Something to fetch before a decision: METADATA, KEYS or the address of a status list."""

    name: str
    request: Request


class Question(NamedTuple):
    """The issuer must be asked about this one token."""

    token: AccessToken
    request: Request


class Core:
    """All that a verifier knows. Its methods may be called by many threads; those that learn, by one at a time.

    remember   how many tokens' signatures to remember
    grace      seconds that a list may be overdue until whoever needs it asks for it: perhaps nobody else does
    """

    def __init__(self, terms: Terms, remember: int, grace: float) -> None:
        self.terms, self._grace = terms, grace
        self.metadata, self.keys, self.lists = Metadata(terms), Keys(terms), HeldLists(terms)
        self.remembered = Remembered(remember)
        self._expected = terms.expected
        self._heads: dict[bytes, PublicKey] = {}
        self._told: dict[str, str] = {}

    def decide(self, use: Use, wall: float, elapsed: float) -> AccessToken | Wanted | Question:
        """Verify a token (RFC 9068 §4), as far as what is in memory goes.

        wall      seconds since 1970
        elapsed   seconds of a clock that only goes forward
        raises    Refused
        """
        keys = self.keys
        name = digest(use.token)
        token = self.remembered.find(name, keys.by_kid) if elapsed < keys.held_until else None
        if token is None:
            seen = self._first_seen(use.token, name, elapsed)
            if isinstance(seen, Wanted):
                return seen
            token = seen
        if wall >= token.expires_at:  # RFC 7519 §4.1.4; the list of an expired token is never fetched
            raise TokenExpired
        if token.issued_at > wall + self.terms.leeway:
            raise InvalidToken("iat or nbf is in the future")
        return self._standing(token, use, wall, elapsed)

    def _first_seen(self, text: str, name: bytes, elapsed: float) -> AccessToken | Wanted:
        if not text:
            raise TokenMissing
        if not self.keys.usable(elapsed):
            return self._want_keys(elapsed)
        try:
            key, payload = verified(text, self.keys.by_kid, TYPES, LARGEST, self._heads)
        except UnknownKey as error:
            if self.keys.may_search(elapsed):
                return self._want_keys(elapsed, at_once=True)
            raise InvalidToken("unknown kid") from error
        except Unreadable as error:
            raise InvalidToken(str(error)) from error
        token = access_token(payload, self._expected)
        self.remembered.add(name, token, key)
        return token

    def _want_keys(self, elapsed: float, *, at_once: bool = False) -> Wanted:
        if self.metadata.jwks_uri is None:
            if not self.metadata.schedule.may_ask(elapsed):
                raise KeysUnavailable("the metadata could not be had")
            return Wanted(METADATA, self.metadata.request())
        if not at_once and not self.keys.schedule.may_ask(elapsed):
            raise KeysUnavailable("the keys could not be had")
        return Wanted(KEYS, self.keys.request(self.metadata.jwks_uri))

    def _standing(self, token: AccessToken, use: Use, wall: float, elapsed: float) -> AccessToken | Wanted | Question:
        held = self.lists.at(token.status_uri, elapsed)
        fresh = held.fresh(wall, elapsed, self.terms.max_staleness)
        if held.schedule.overdue(elapsed, self._grace) or (not fresh and held.schedule.may_ask(elapsed)):
            return Wanted(held.uri, self.lists.request(held, wall, elapsed))
        if not fresh and self.terms.fail == "closed":
            raise StatusUnavailable("no status list" if held.list is None else "the status list is too old")
        # A list that is too old still tells whom to refuse.
        value = held.list.value(token.status_index) if held.list is not None else Status.VALID
        if value == Status.INVALID:
            raise TokenRevoked
        if value == Status.SUSPENDED:
            raise TokenSuspended
        if value == Status.RECHECK or (value == Status.VALID and token.ip_restricted):
            return self._question(token, use, elapsed)
        if value != Status.VALID:
            raise InvalidToken("idx is out of the list's range, or its status is unknown")
        return self.within(token if fresh else token._replace(status_checked=False), use)

    def _question(self, token: AccessToken, use: Use, elapsed: float) -> Question | Wanted:
        if token.ip_restricted and (self.terms.basic is None or use.client_address is None):
            raise AddressRequired("needs credentials and client_address")
        if self.terms.basic is None:
            raise RecheckUnavailable("no credentials to introspect with")
        if self.metadata.introspection is None:
            if self.metadata.jwks_uri is not None or not self.metadata.schedule.may_ask(elapsed):
                raise RecheckUnavailable("no introspection endpoint is known")
            return Wanted(METADATA, self.metadata.request())
        return Question(token, question(self.metadata.introspection, self.terms.basic, use.token, use.client_address))

    def within(self, token: AccessToken, use: Use) -> AccessToken:
        """Let a token pass that has every scope that is needed; raises InsufficientScope."""
        if not use.needed <= token.scope:
            raise InsufficientScope(use.needed)
        return token

    def answered(self, asked: Question, use: Use, response: Response) -> AccessToken:
        """Decide by the issuer's word; raises Refused, also when there is none: something did change."""
        try:
            token = verdict(response, asked.token)
        except Unusable as error:
            self.tell("introspection", str(error))
            raise unanswered(str(error)) from error
        self.tell("introspection")
        return self.within(token, use)

    def begin(self, wanted: Wanted, elapsed: float, patience: float) -> None:
        """Note that something is being fetched, and will have come or failed after `patience` seconds."""
        self._schedule(wanted, elapsed).begin(elapsed, patience)
        if wanted.name == KEYS:
            self.keys.searched_at = elapsed

    def learn(self, wanted: Wanted, response: Response, wall: float, asked_at: float, now: float) -> Wanted | None:
        """Take in what was fetched; what is no good changes nothing that is held.

        asked_at   when it was asked for, and `now`, by the clock that only goes forward
        returns    the keys to fetch first, when only the list's key is missing; call again afterwards
        """
        problem = ""
        try:
            self._take(wanted, response, wall, asked_at)
        except UnknownKey:
            if self.metadata.jwks_uri is not None and self.keys.may_search(now):
                return Wanted(KEYS, self.keys.request(self.metadata.jwks_uri))
            problem = "signed by an unknown key"
        except Unusable as error:
            problem = str(error)
            if isinstance(error, CredentialsRefused):
                self._schedule(wanted, now).succeeded(now)
                self.tell(wanted.name, problem)
                return None
        self.tell(wanted.name, problem)
        if problem and wanted.name in {METADATA, KEYS}:
            self._schedule(wanted, now).failed(now, RETRY_DISCOVERY, response.retry_after)
        elif problem:
            self.lists.failed(self.lists.at(wanted.name, now), response, now)
        return None

    def _take(self, wanted: Wanted, response: Response, wall: float, asked_at: float) -> None:
        if wanted.name == METADATA:
            self.metadata.learn(response, asked_at)
        elif wanted.name == KEYS:
            self.keys.learn(response, asked_at)
        else:
            self.lists.learn(self.lists.at(wanted.name, asked_at), response, self.keys.by_kid, wall, asked_at)
            self.tell("credentials", "" if self.lists.recognised(response) else "not recognised by the issuer")

    def _schedule(self, wanted: Wanted, elapsed: float) -> Schedule:
        if wanted.name == METADATA:
            return self.metadata.schedule
        return self.keys.schedule if wanted.name == KEYS else self.lists.at(wanted.name, elapsed).schedule

    def due(self, wall: float, elapsed: float) -> list[Wanted]:
        """Everything in use whose time to be asked for again has come."""
        self.lists.drop_idle(elapsed)
        self.remembered.drop(wall)
        found = []
        if elapsed >= self.metadata.schedule.due_at:
            found.append(Wanted(METADATA, self.metadata.request()))
        if self.metadata.jwks_uri is not None and elapsed >= self.keys.schedule.due_at:
            found.append(Wanted(KEYS, self.keys.request(self.metadata.jwks_uri)))
        lists = [held for held in self.lists.all() if elapsed >= held.schedule.due_at]
        return found + [Wanted(held.uri, self.lists.request(held, wall, elapsed)) for held in lists]

    def next_due(self) -> float:
        """When `due` has something to say again, by the clock that only goes forward."""
        return min(schedule.due_at for schedule in self._schedules())

    def orphaned(self) -> None:
        """Go on in a child process: whatever was being fetched, the parent fetches for itself."""
        for schedule in self._schedules():
            schedule.orphaned()

    def _schedules(self) -> list[Schedule]:
        return [self.metadata.schedule, self.keys.schedule, *(held.schedule for held in self.lists.all())]

    def tell(self, name: str, problem: str = "") -> None:
        """Log a problem when it begins or changes, and once when it is over: never for each request."""
        if self._told.get(name, "") == problem:
            return
        if problem:
            self._told[name] = problem
            log.warning("keyturn-verify: %s: %s", name, problem)
        else:
            del self._told[name]
            log.info("keyturn-verify: %s: good again", name)
