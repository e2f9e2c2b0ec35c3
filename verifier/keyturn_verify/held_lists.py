"""The status lists held: how old each is, when to ask for it again, and which to let go. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from keyturn_verify.discovery import Unusable, usable
from keyturn_verify.messages import Request, Response
from keyturn_verify.public_keys import PublicKey
from keyturn_verify.schedule import Schedule
from keyturn_verify.signed import UnknownKey, Unreadable
from keyturn_verify.status_lists import LARGEST_BODY, MEDIA_TYPE, StatusList, status_list
from keyturn_verify.terms import Terms

MOST_LISTS = 64  # of 2^20 entries each: 16 MB at the very most
IDLE = 3600.0  # seconds without a question until a list is let go
SHORTEST_TTL, LONGEST_RETRY = 1.0, 5.0
CREDENTIALS_PAUSE = 60.0
# The part of `ttl` after which a list is asked for: the answer must be there when `ttl` is over, on a busy machine too.
EARLY = 0.8
REFUSED = frozenset({401, 403})


class CredentialsRefused(Unusable):
    """The list is public, so it can be asked for without credentials at once."""


@dataclass(slots=True)
class HeldList:
    """One list. Times are of the clock that only goes forward.

    confirmed_at   when its origin last said that this is the list
    """

    uri: str
    used_at: float
    list: StatusList | None = None
    etag: str | None = None
    confirmed_at: float = float("-inf")
    schedule: Schedule = field(default_factory=Schedule)

    def fresh(self, wall: float, elapsed: float, max_staleness: float) -> bool:
        """Whether a yes of this list may be believed."""
        held = self.list
        return (
            held is not None
            and elapsed - self.confirmed_at <= max_staleness
            and (held.expires_at is None or wall < held.expires_at)
        )


class HeldLists:
    """All lists of one issuer that tokens have named.

    instance   what the issuer is to call this process, to whom it shows who enforces what
    """

    def __init__(self, terms: Terms) -> None:
        self._terms, self.instance = terms, ""
        self._lists: dict[str, HeldList] = {}
        self._plain_until = float("-inf")

    def at(self, uri: str, elapsed: float) -> HeldList:
        """Find the list of an address, held or not yet; the one unused for longest gives way to a new one."""
        found = self._lists.get(uri)
        if found is None:
            while len(self._lists) >= MOST_LISTS:
                oldest = min(list(self._lists.values()), key=lambda held: held.used_at)
                self._lists.pop(oldest.uri, None)
            found = self._lists[uri] = HeldList(uri, elapsed)
        found.used_at = elapsed
        return found

    def all(self) -> list[HeldList]:
        """List what is held."""
        return list(self._lists.values())

    def drop_idle(self, elapsed: float) -> None:
        """Let go of lists that nobody asked about for long."""
        for held in self.all():
            if elapsed - held.used_at > IDLE:
                self._lists.pop(held.uri, None)

    def request(self, held: HeldList, wall: float, elapsed: float) -> Request:
        """Ask for a list; only for a newer one, if a good one is held."""
        headers = {"Accept": MEDIA_TYPE}
        if held.list is not None and held.etag is not None and (held.list.expires_at or wall + 1) > wall:
            headers["If-None-Match"] = held.etag
        if self._terms.basic is not None and elapsed >= self._plain_until:
            # Whoever shows credentials wants the origin's word (RFC 9111 §5.2.1.4).
            headers |= {"Authorization": self._terms.basic, "Cache-Control": "no-cache"}
            headers |= {"X-Keyturn-Verifier": self.instance} if self.instance else {}
        return Request(held.uri, headers, LARGEST_BODY)

    def learn(
        self, held: HeldList, response: Response, keys: Mapping[str, PublicKey], wall: float, asked_at: float
    ) -> None:
        """Take an answer in.

        asked_at   when the request was sent: what happened since may not be in the answer
        raises     Unusable, or UnknownKey when only its key is missing; what was held stays
        """
        if response.status in REFUSED and self._terms.basic is not None and asked_at >= self._plain_until:
            self._plain_until = asked_at + CREDENTIALS_PAUSE
            raise CredentialsRefused("our credentials are refused; asking without them")
        if usable(response, or_unchanged=held.list is not None):
            if response.media_type != MEDIA_TYPE:
                raise Unusable("not a status list")
            try:
                held.list = status_list(response.body.decode("ascii"), held.uri, keys, wall, held.list)
            except UnknownKey:
                raise
            except (Unreadable, ValueError) as error:
                raise Unusable(str(error)) from error
            held.etag = response.headers.get("etag")
        held.confirmed_at = asked_at - response.age
        ttl = response.max_age if held.list is None or held.list.ttl is None else held.list.ttl
        held.schedule.succeeded(max(held.confirmed_at + EARLY * self._interval(ttl), asked_at + SHORTEST_TTL))

    def recognised(self, response: Response) -> bool:
        """Whether our credentials were good, as far as an answer tells: others get what is for everybody."""
        return self._terms.basic is None or "public" not in response.headers.get("cache-control", "").lower()

    def failed(self, held: HeldList, response: Response, now: float) -> None:
        """Note that no usable answer came."""
        ttl = None if held.list is None else held.list.ttl
        longest = self._terms.max_staleness / 2
        held.schedule.failed(now, min(self._interval(ttl), LONGEST_RETRY), min(response.retry_after, longest))

    def _interval(self, ttl: float | None) -> float:
        longest = self._terms.max_staleness / 2
        return longest if ttl is None else max(SHORTEST_TTL, min(ttl, longest))
