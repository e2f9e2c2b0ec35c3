"""Counts that several hosts share, in Valkey or Redis; and what is done when it does not answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from app.domain.pace import Pace
from app.runtime import log

PREFIX = "keyturn:pace:1:"  # and the form's version
ANSWER_SECONDS, LOOK_SECONDS = 0.1, 0.5
PROBE, PROBE_LIMIT = "probe", 1_000_000_000
SCRIPT = Path(__file__).with_name("window.lua")


class Valkey:
    """One pool of connections, and a circuit: after a failure nobody waits for it until it answers again."""

    def __init__(self, url: str, ahead: int = 0) -> None:
        """Connect when first asked.

        ahead   seconds by which the callers' clock is ahead of the server's
        """
        self._script, self._failures = _script(url)
        self.ahead = ahead
        self.lost = False
        self._watching = threading.Lock()

    def ask(self, name: str, limit: int, *, spending: bool = True) -> Pace | None:
        """Spend a call, or look; None when there is no answer."""
        if self.lost:
            return None
        try:
            return self._asked(name, limit, spending=spending)
        except self._failures as error:
            self._lose(error)
            return None

    def answers(self) -> bool:
        """Whether it does its work now."""
        try:
            self._asked(PROBE, PROBE_LIMIT, spending=True)
        except self._failures as error:
            self._lose(error)
            return False
        if self.lost:
            self.lost = False
            log.told("valkey.back")
        return True

    def _asked(self, name: str, limit: int, *, spending: bool) -> Pace:
        admitted, used, reset = self._script(keys=[PREFIX + name], args=[limit, int(spending), self.ahead])
        return Pace(limit, max(0, limit - used), reset, admitted=bool(admitted))

    def _lose(self, error: Exception) -> None:
        if not self.lost:
            self.lost = True
            log.warned("valkey.lost", error=type(error).__name__)  # its text may hold the address
        if self._watching.acquire(blocking=False):
            threading.Thread(target=self._watch, name="valkey", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        try:
            while self.lost:
                pause.wait(LOOK_SECONDS)
                self.answers()
        finally:
            self._watching.release()


def _script(url: str) -> tuple[Any, tuple[type[Exception], ...]]:
    import redis  # noqa: PLC0415 - an extra that only several hosts need
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    client = redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return client.register_script(SCRIPT.read_text(encoding="utf-8")), (redis.RedisError, OSError)
