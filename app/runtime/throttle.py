"""Slows down guessing: wrong secrets per key ID and address, in the same window as the pace (PRODUCT.md §7)."""

from __future__ import annotations

from datetime import datetime

from app.domain.networks import Address
from app.runtime.limiter import Limiter
from app.runtime.limiter.host import HostCounters

ALLOWED = 20


class GuessingThrottle:
    """Counts failures where calls are counted. Only pairs that failed lately take room; the oldest give way to new."""

    def __init__(self, counters: HostCounters, limiter: Limiter) -> None:
        """`limiter` counts in `counters`, which also tell fast that nothing failed lately."""
        self._counters, self._limiter = counters, limiter

    def wait(self, key_id: str, address: Address | None, now: datetime) -> int:
        """Seconds until this pair may try again; 0 when it may now."""
        if not self._counters.recent(key_id, int(now.timestamp())):
            return 0
        found = self._limiter.look(_name(key_id, address), ALLOWED)
        return 0 if found is None or found.admitted else found.reset

    def failed(self, key_id: str, address: Address | None) -> int:
        """Count a wrong secret for a key that exists; seconds to wait when there were too many before it, else 0."""
        self._counters.mark(key_id)
        found = self._limiter.spend(_name(key_id, address), ALLOWED)
        return 0 if found.admitted else found.reset

    def close(self) -> None:
        """Let go of the host's counters."""
        self._counters.close()


def _name(key_id: str, address: Address | None) -> str:
    return f"guess:{key_id}:{address}"
