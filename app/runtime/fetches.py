"""How often the key set was asked for: what shows that resource servers know a signing key before it signs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime


class Fetches:
    """What one process has answered and not yet written, by the signing keys of the answer."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.last: dict[tuple[str, ...], datetime] = {}

    def add(self, kids: tuple[str, ...], at: datetime, count: int = 1) -> None:
        """Count answers with these keys."""
        self.counts[kids] += count
        self.last[kids] = max(at, self.last.get(kids, at))

    def join(self, others: Fetches) -> None:
        """Count what could not be written."""
        for kids, count in others.counts.items():
            self.add(kids, others.last[kids], count)

    def by_key(self) -> dict[str, tuple[int, datetime]]:
        """How often each key was in an answer, and when last."""
        found: dict[str, tuple[int, datetime]] = {}
        for kids, count in self.counts.items():
            for kid in kids:
                before, at = found.get(kid, (0, self.last[kids]))
                found[kid] = (before + count, max(at, self.last[kids]))
        return found
