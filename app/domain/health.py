"""Which questions key health asks about a tenant's keys, worst first, and how a person reads the answers."""

from __future__ import annotations

from typing import Literal, get_args

Question = Literal[
    "expired_but_called",
    "revoked_but_called",
    "browser_use",
    "expiring_soon",
    "long_overlap",
    "full_access",
    "no_ip_allowlist",
    "never_expires",
    "old_secret",
    "never_used",
    "idle",
]
QUESTIONS: tuple[Question, ...] = get_args(Question)
_SAID: dict[Question, tuple[str, str]] = {
    "expired_but_called": ("Expired but still called", "called within the last 7 days although expired"),
    "revoked_but_called": ("Revoked but still called", "called within the last 7 days although revoked"),
    "browser_use": ("Used from a browser", "called with a browser's Origin: a secret in a browser is public"),
    "expiring_soon": ("Expiring within %s", "about to expire"),
    "long_overlap": ("Overlap running longer than 24 h", "with two secrets that work for more than a day"),
    "full_access": ("Full access", "with every scope there is"),
    "no_ip_allowlist": ("No IP allowlist", "usable from any address"),
    "never_expires": ("Never expires", "without an end"),
    "old_secret": ("Secret older than 90 days", "whose secret has not been rotated for 90 days"),
    "never_used": ("Never used", "older than 30 days and never used"),
    "idle": ("Idle 90+ days", "not used for 90 days"),
}


def title(question: Question, soon_days: int) -> str:
    """The heading of a question; `soon_days` is the tenant's."""
    heading = _SAID[question][0]
    return heading % ("1 day" if soon_days == 1 else f"{soon_days} days") if question == "expiring_soon" else heading


def sentence(question: Question, count: int) -> str:
    """Say how many keys a question found."""
    if not count:
        return "None."
    return f"{count} {'key' if count == 1 else 'keys'} {_SAID[question][1]}."
