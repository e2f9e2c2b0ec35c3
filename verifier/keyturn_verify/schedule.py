"""When to ask for one thing, and when to ask again. No I/O, no clock of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

RETRY = 1.0


@dataclass(slots=True)
class Schedule:
    """The state of asking for one thing. Times are seconds of a clock that only goes forward.

    due_at     when to ask again, in the background
    retry_at   after a failure: when somebody who needs the answer may ask
    """

    due_at: float = math.inf
    retry_at: float = -math.inf
    failures: int = 0
    under_way: bool = False

    def may_ask(self, elapsed: float) -> bool:
        """Whether to ask, or to wait for the answer that somebody is asking for; not soon after a failure."""
        return self.failures == 0 or elapsed >= self.retry_at

    def overdue(self, elapsed: float, grace: float) -> bool:
        """Whether nobody asks although it has been time for `grace` seconds."""
        return elapsed >= self.due_at + grace

    def begin(self, elapsed: float, patience: float) -> None:
        """Note that somebody asks now, and will know after so many seconds at the latest."""
        self.due_at = self.retry_at = elapsed + patience
        self.under_way = True

    def orphaned(self) -> None:
        """Forget a request that another process has under way."""
        if self.under_way:
            self.due_at, self.retry_at, self.under_way = -math.inf, -math.inf, False

    def failed(self, now: float, interval: float, retry_after: float = 0) -> None:
        """Note that it went wrong.

        interval      seconds until the background asks again
        retry_after   seconds that the other side asked for
        """
        self.failures, self.under_way = self.failures + 1, False
        self.retry_at = now + max(RETRY, retry_after)
        self.due_at = max(self.retry_at, now + interval)

    def succeeded(self, due_at: float) -> None:
        """Note that it went well."""
        self.failures, self.due_at, self.under_way = 0, due_at, False
