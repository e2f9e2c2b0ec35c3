"""Work that nobody waits for: whatever is left to do, done by every process that serves the management plane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from app.domain.refusals import Unavailable
from app.runtime import log

LOOK_EVERY_SECONDS = 5
Work = Callable[[datetime], bool]


class Background:
    """One thread of a process. It keeps no state: what is to do stands in the database."""

    def __init__(self) -> None:
        self._works: list[Work] = []
        self._wake = threading.Event()

    def add(self, work: Work) -> None:
        """Add something to do: called with the time until it answers that nothing is left."""
        self._works.append(work)

    def wake(self) -> None:
        """There is something to do now."""
        self._wake.set()

    def start(self, clock: Callable[[], datetime]) -> None:
        """Work from now on; a process without anything to do needs no thread."""
        if self._works:
            threading.Thread(target=self._keep_working, args=(clock,), name="background", daemon=True).start()

    def _keep_working(self, clock: Callable[[], datetime]) -> None:
        while True:
            self._wake.wait(LOOK_EVERY_SECONDS)
            self._wake.clear()
            for work in self._works:
                self._work_quietly(work, clock)

    def _work_quietly(self, work: Work, clock: Callable[[], datetime]) -> None:
        try:
            while work(clock()):
                pass
        except Unavailable:
            log.warned("background.waiting")
        except Exception as error:  # noqa: BLE001 - one piece of work must not end the thread
            log.failed("background.failed", error)
