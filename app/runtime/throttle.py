"""Slows down guessing: wrong secrets per key ID and address, in a window moving by the second (PRODUCT.md §7)."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime

from app.domain.networks import Address

ALLOWED, WINDOW_SECONDS, MOST_PAIRS = 20, 60, 100_000


class GuessingThrottle:
    """Counts failures in memory. Only pairs that failed lately take room, and the oldest give way to new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, Address | None], deque[float]] = OrderedDict()

    def wait(self, key_id: str, address: Address | None, now: datetime) -> int:
        """Seconds until this pair may try again; 0 when it may now."""
        if not self._failures:
            return 0
        with self._lock:
            failures = self._failures.get((key_id, address))
            if failures is None or len(failures) < ALLOWED:
                return 0
            return max(0, int(failures[0] + WINDOW_SECONDS - now.timestamp()) + 1)

    def failed(self, key_id: str, address: Address | None, now: datetime) -> None:
        """Count a wrong secret for a key that exists or might."""
        with self._lock:
            failures = self._failures.setdefault((key_id, address), deque(maxlen=ALLOWED))
            failures.append(now.timestamp())
            self._failures.move_to_end((key_id, address))
            if len(self._failures) > MOST_PAIRS:
                self._failures.popitem(last=False)
