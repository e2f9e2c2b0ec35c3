"""The thread that keeps what is held up to date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("keyturn_verify")
_SHORTEST, _LONGEST = 0.01, 3600.0


class Refresher:
    """Calls `refresh` when its time has come, in a thread that is started with the first `wake`.

    refresh   fetches whatever is due
    wait      seconds until something is due
    """

    def __init__(self, refresh: Callable[[], None], wait: Callable[[], float]) -> None:
        self._refresh, self._wait = refresh, wait
        self._changed, self._lock = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def wake(self) -> None:
        """Let it look again at what is due, now that more is held."""
        self._changed.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._run, name="keyturn-verify", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread; a request under way is not waited for."""
        self._stopped.set()
        self._changed.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._changed.wait(min(max(self._wait(), _SHORTEST), _LONGEST))
            self._changed.clear()
            if self._stopped.is_set():
                return
            try:
                self._refresh()
            except Exception:
                log.exception("keyturn-verify: refreshing failed")
