"""What a person types before something that cannot be undone: friction in proportion to damage."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

DURING_OVERLAP = timedelta(hours=1)
LONGEST = 40


def phrase(name: str, key_id: str, used_at: datetime | None, now: datetime, within: timedelta) -> str | None:
    """What to type before a key that is in use stops.

    used_at   when it was last used; None when never
    within    how long ago a use still counts; the tenant's window for keys that stop
    returns   the name, or the end of the ID where the name is long; None when it was not used lately
    """
    if not lately(used_at, now, within):
        return None
    return name if len(name) <= LONGEST else key_id[-6:]


def lately(used_at: datetime | None, now: datetime, within: timedelta) -> bool:
    """Whether a key was used so lately that it counts as in use; within no time at all nothing does."""
    return used_at is not None and bool(within) and now - used_at <= within


def typed(given: str, wanted: str | None) -> bool:
    """Whether what was typed is what was asked for, whatever its case; nothing asked is always right."""
    return wanted is None or _folded(given) == _folded(wanted)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()
