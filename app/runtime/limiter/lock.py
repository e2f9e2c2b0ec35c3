"""A lock between threads and processes that a killed process lets go of."""

from __future__ import annotations

import ctypes
import fcntl
import threading
import time

from app.domain.refusals import Unavailable

PATIENCE_SECONDS, LOOK_SECONDS = 1.0, 0.0002
_ALONE = fcntl.LOCK_EX | fcntl.LOCK_NB
# `fcntl.flock` lets other threads run while it asks, and one of them may then keep the interpreter for 5 ms while this
# one holds the lock. A question that never waits need not let go of the interpreter.
_flock = ctypes.PyDLL(None).flock
_flock.argtypes, _flock.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int


class HostLock:
    """Held for microseconds. Who waits for a second is told that Keyturn cannot do it now: nothing hangs."""

    __slots__ = ("_descriptor", "_threads")

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._threads = descriptor, threading.Lock()

    def __enter__(self) -> None:
        if not self._threads.acquire(True, PATIENCE_SECONDS):  # noqa: FBT003 - `blocking`, and keywords cost time
            raise _stuck()
        if _flock(self._descriptor, _ALONE):
            self._wait()

    def __exit__(self, *_error: object) -> None:
        _flock(self._descriptor, fcntl.LOCK_UN)
        self._threads.release()

    def _wait(self) -> None:
        pause, end = threading.Event(), time.monotonic() + PATIENCE_SECONDS
        while _flock(self._descriptor, _ALONE):
            if time.monotonic() > end:  # its holder was stopped; one that was killed holds nothing
                self._threads.release()
                raise _stuck()
            pause.wait(LOOK_SECONDS)


def _stuck() -> Unavailable:
    return Unavailable("Another process of this host keeps the counters to itself.")
