"""Is it safe to end an overlap? A verdict with its reasons, from what was seen of the old secret and the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.clients import OTHERS

QUIET = timedelta(hours=24)
# Every process writes what it counted twice within this, so that what is older has been written.
WRITTEN_WITHIN = timedelta(seconds=10)
MAY_LAG = timedelta(minutes=1)  # what is promised, for a database that was away
MOST_NAMED = 5
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Advice(StrEnum):
    """What an administrator is told about ending an overlap."""

    SAFE_TO_END = "safe_to_end"
    STILL_USED = "still_used"
    NOT_YET_KNOWN = "not_yet_known"


@dataclass(frozen=True, slots=True)
class Seen:
    """A caller: `address` and `client` are "" when unknown."""

    address: str
    client: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """What was seen of one secret, tokens obtained with it included.

    last_call_at    the last call, whatever came of it
    last_check_at   when somebody last introspected one of its tokens
    callers         since the rotation, seen last first
    """

    last_call_at: datetime | None = None
    last_check_at: datetime | None = None
    callers: Sequence[Seen] = ()

    @property
    def last_at(self) -> datetime | None:
        """The last sign of it, or None."""
        return max(filter(None, (self.last_call_at, self.last_check_at)), default=None)


@dataclass(frozen=True, slots=True)
class Finding:
    """The advice, and why: sentences."""

    advice: Advice
    reasons: tuple[str, ...]


def judge_overlap(rotated_at: datetime, old: Trace, new: Trace, now: datetime) -> Finding:
    """Say whether the old secret of a rotation may be ended now. Its end also ends the tokens obtained with it.

    rotated_at   when the new secret was made
    returns      safe only after a whole day within the overlap without a sign of the old secret, or when it was never
                 used at all
    """
    last = old.last_at
    unproven = () if new.last_at is not None else ("The new secret has not been used yet.",)
    if last is None and now - rotated_at < MAY_LAG:
        said = "The old secret has not been seen in use, but what was counted may be a minute late."
        return Finding(Advice.NOT_YET_KNOWN, (said, *unproven))
    if last is None:
        return Finding(Advice.SAFE_TO_END, ("The old secret was never used.", *unproven))
    if last >= rotated_at and now - last < QUIET:
        return Finding(Advice.STILL_USED, (*_users(old, now), *unproven))
    if now - last < QUIET:
        said = f"Last used {spoken(now - last)} ago, before the rotation. No call with the old secret since."
        return Finding(Advice.NOT_YET_KNOWN, (said, *unproven))
    if now - rotated_at < QUIET:
        said = f"No call with the old secret since the rotation {spoken(now - rotated_at)} ago: less than a whole day."
        return Finding(Advice.NOT_YET_KNOWN, (said, *unproven))
    quiet = "24 hours" if now - max(last, rotated_at) < 2 * QUIET else spoken(now - last)
    return Finding(Advice.SAFE_TO_END, (f"No call with the old secret for {quiet}.", *unproven))


def _users(old: Trace, now: datetime) -> list[str]:
    recent = [caller for caller in old.callers if now - caller.last_at < QUIET]
    found = [f"Still used by {named(caller)} {spoken(now - caller.last_at)} ago." for caller in recent[:MOST_NAMED]]
    if len(recent) > MOST_NAMED:
        found.append(f"And by {len(recent) - MOST_NAMED} more.")
    if old.last_check_at is not None and now - old.last_check_at < QUIET:
        found.append(f"A token obtained with it was checked {spoken(now - old.last_check_at)} ago.")
    return found or [f"Still used {spoken(now - (old.last_at or now))} ago."]


def named(caller: Seen) -> str:
    """Name a caller in a sentence: `198.51.100.4 (python-requests/2.32)`."""
    if caller.client == OTHERS:
        return "other callers"
    address = caller.address or "an unknown address"
    return f"{address} ({caller.client})" if caller.client else address


def spoken(duration: timedelta) -> str:
    """Say how long: in the largest unit that fits, rounded down, such as `3 minutes`."""
    seconds = max(int(duration.total_seconds()), 0)
    for size, name in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 seconds"
