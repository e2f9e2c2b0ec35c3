"""Allowances: shared by the processes of a host, and by hosts that have a Valkey in common."""

from __future__ import annotations

import time

from app.domain.pace import BUCKETS, Pace
from app.domain.refusals import Unavailable
from app.runtime.limiter.host import HostCounters
from app.runtime.limiter.leases import Leases
from app.runtime.limiter.valkey import Valkey

COUNTERS, VALKEY = "counters", "valkey"
OK, ALONE = "ok", "does not answer; each host admits its share"


class Limiter:
    """Spends calls. Without Valkey hosts divide a limit; with it they share it, and each host still counts its own.

    The host's count makes a change of counters harmless: what Valkey admitted counts when Valkey is gone, and what was
    admitted without it counts when it is back, empty perhaps.
    """

    def __init__(self, counters: HostCounters, shared: Valkey | None = None, hosts: int = 1) -> None:
        self._counters, self._shared, self._hosts = counters, shared, hosts
        self._leases = Leases(counters)
        self._alone_until = 0.0

    def spend(self, name: str, limit: int) -> Pace:
        """Admit one call if there is room for it.

        name      of the allowance
        limit     calls in 60 s, as of now
        raises    Unavailable when this host cannot count
        """
        if self._shared is None:
            return self._told(self._leases.spend(name, self._share(limit)), limit)
        here = self._counters.look(name, limit if time.monotonic() > self._alone_until else self._share(limit))
        if here is not None and not here.admitted:
            return self._told(here, limit)
        everywhere = self._shared.ask(name, limit)
        if everywhere is None:
            self._alone_until = time.monotonic() + BUCKETS
            return self._told(self._counters.spend(name, self._share(limit)), limit)
        if everywhere.admitted:
            self._counters.count(name)
        return everywhere

    def look(self, name: str, limit: int) -> Pace | None:
        """How an allowance stands that no host divides; None for a name this host knows nothing of."""
        here = self._counters.look(name, limit)
        if here is None or not here.admitted or self._shared is None:
            return here
        return self._shared.ask(name, limit, spending=False) or here

    def checks(self) -> dict[str, str]:
        """Whether this host can count, and whether Valkey does its work where there is one: `ok`, or what is wrong."""
        try:
            self._counters.look("", 1)
        except Unavailable as error:
            found = {COUNTERS: str(error)}
        else:
            found = {COUNTERS: OK}
        if self._shared is not None:
            found[VALKEY] = OK if self._shared.answers() else ALONE
        return found

    def close(self) -> None:
        """Let go of the host's counters."""
        self._counters.close()

    def _share(self, limit: int) -> int:
        return limit if self._hosts == 1 else max(1, limit // self._hosts)

    def _told(self, found: Pace, limit: int) -> Pace:
        return found if found.limit == limit else found._replace(limit=limit)
