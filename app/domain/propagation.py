"""How a revocation reaches verifiers that never call home: who polled, what each holds, who enforces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

SILENT_AFTER = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=7)


def patience(ttl: int) -> timedelta:
    """How long a verifier may be silent: it then refuses everything (`max_staleness` of keyturn-verify), or is gone."""
    return max(SILENT_AFTER, timedelta(seconds=3 * ttl))


class Place(NamedTuple):
    """One verifier and one list: what is told apart."""

    key_id: str
    instance: str
    list_number: int


class Poll(NamedTuple):
    """A request for a list by a verifier that showed who it is.

    asked   the version its request said it holds; None when it said nothing
    given   the version the answer has
    """

    place: Place
    address: str
    client: str
    asked: int | None
    given: int
    at: datetime


class Part(NamedTuple):
    """One verifier's part of a propagation, as in the table of that name."""

    given_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def enforced_at(self) -> datetime | None:
        """Since when it is proven to enforce; None as long as it is not.

        Several processes may poll as one: as long as one of them comes with an older version, not all hold this one.
        """
        if self.confirmed_at is None or (self.given_at is not None and self.confirmed_at < self.given_at):
            return None
        return self.given_at or self.confirmed_at

    def says_no_more_than(self, before: Part) -> bool:
        """Whether it adds nothing to an earlier state of it: that a proven one is confirmed once more is no news."""
        return self == before or (before.enforced_at is not None and self.given_at == before.given_at)


def part_of(polls: Iterable[Poll], version: int, part: Part = Part()) -> Part:  # noqa: B008 - immutable
    """Add what polls of one verifier tell about one version to what is known; in whatever order they come."""
    given, confirmed = part
    for poll in polls:
        if poll.asked is not None and poll.asked >= version:
            confirmed = poll.at if confirmed is None else max(confirmed, poll.at)
        elif poll.given >= version:
            given = poll.at if given is None else max(given, poll.at)
    return Part(given, confirmed)


@dataclass(frozen=True, slots=True)
class Known:
    """A verifier that counts for a propagation, and its part of it."""

    key_id: str
    instance: str
    seen_at: datetime
    part: Part

    def silent_since(self, instant: datetime) -> bool:
        """Whether it has not asked since an instant and cannot be waited for."""
        return self.part.enforced_at is None and self.seen_at < instant


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a revocation has come.

    last_after   how long after it the last of those that enforce it was given it; None when nobody does
    silent       verifiers that have stopped asking: they refuse everything, or serve nobody
    """

    verifiers: int
    enforced: int
    silent: int
    last_after: timedelta | None

    @property
    def complete(self) -> bool:
        """Whether nobody is waited for any more."""
        return self.enforced + self.silent >= self.verifiers

    @property
    def summary(self) -> str:
        """In words, such as `enforced by 3 of 3 verifiers, the last 4 s later`."""
        if not self.verifiers:
            return "no verifier was known that could confirm it"
        said = f"enforced by {self.enforced} of {self.verifiers} verifier{'s' if self.verifiers > 1 else ''}"
        if self.last_after is not None:
            said += f", the last {max(0, round(self.last_after.total_seconds()))} s later"
        return said + (f"; {self.silent} silent since" if self.silent else "")


def progress(known: Sequence[Known], at: datetime, silent_since: datetime) -> Progress:
    """Say how far a revocation made at an instant has come; who has been silent since another is not waited for."""
    instants = [found for one in known if (found := one.part.enforced_at) is not None]
    last = max(instants, default=None)
    return Progress(
        verifiers=len(known),
        enforced=len(instants),
        silent=sum(one.silent_since(silent_since) for one in known),
        last_after=max(timedelta(0), last - at) if last is not None else None,
    )
