"""The two verifiers: threads call one, coroutines the other. Both are thin shells around the core."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, Self

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.core import Core, Question, Use, Wanted
from keyturn_verify.errors import StatusUnavailable, scope_names
from keyturn_verify.messages import Request, Response
from keyturn_verify.public_keys import ALGORITHMS
from keyturn_verify.refresher import Refresher
from keyturn_verify.terms import Fail, terms
from keyturn_verify.transport import Transport

_NO_SCOPE: frozenset[str] = frozenset()
REMEMBERED = 1000
GRACE = 1.0
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
MOST_STEPS = 8  # metadata, keys, list, list without credentials, question, and some that others outran
QUESTIONS_AT_ONCE = 16


class Sender(Protocol):
    """Whatever can exchange a request for an answer."""

    def send(self, request: Request) -> Response:
        """Exchange one request; never raises."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


def _elapsed_clock() -> Callable[[], float]:
    # Where there is one, a clock that goes on while the machine sleeps: a list does not stay fresh in that time.
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boot is None else lambda: time.clock_gettime(boot)


class _Shell:
    """What both verifiers share.

    issuer          the issuer's address, exactly as tokens name it
    audience        this service's own name or names; a token must name one of them
    credentials     key ID and secret of a resource server, to introspect with
    max_staleness   seconds; how old the last confirmed status list may be
    fail            "closed": without a fresh enough list everything is refused
                    "open": what the last list held does not refuse may pass
    algorithms      the only ones that may be used
    kid_interval    seconds; an unknown `kid` makes the keys be fetched at most once in that time
    leeway          seconds that the issuer's clock may be ahead
    timeout         seconds for one exchange with the issuer
    remember        how many tokens' signatures are remembered
    background      whether a thread keeps the lists up to date; without it, whoever verifies asks when it is time
    instance        what Keyturn calls this process where it shows who enforces what: host and process, if not given
    raises          ValueError that names every setting that is wrong
    """

    def __init__(
        self,
        issuer: str,
        audience: str | Iterable[str],
        credentials: tuple[str, str] | None = None,
        max_staleness: float = 60,
        fail: Fail = "closed",
        *,
        algorithms: Iterable[str] = ALGORITHMS,
        kid_interval: float = 60,
        leeway: float = 5,
        timeout: float = 5,
        remember: int = REMEMBERED,
        background: bool = True,
        instance: str | None = None,
        ssl_context: Any = None,
        transport: Callable[[], Sender] | None = None,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] | None = None,
    ) -> None:
        agreed = terms(issuer, audience, credentials, max_staleness, fail, algorithms, kid_interval, leeway)
        self._core = Core(agreed, remember, GRACE if background else 0)
        self._background, self._instance = background, instance
        self._wall, self._elapsed = wall, elapsed or _elapsed_clock()
        self._decide = self._core.decide
        self._patience = 3 * timeout  # a list may need the keys first
        self._transport = transport or (lambda: Transport(timeout, ssl_context))
        self._begin()
        _living.add(self)

    def _begin(self) -> None:
        """Make what belongs to one process: locks, connections, threads."""
        self._lock = threading.Lock()
        self._sender = self._transport()
        self._core.lists.instance = self._instance or f"{_UNFIT.sub('-', socket.gethostname())[:80]}:{os.getpid()}"
        self._refresher = Refresher(self.refresh, self._wait)
        self._pool: ThreadPoolExecutor | None = None

    def begin_again(self) -> None:
        """Go on in a child process. It is called by itself after a fork."""
        self._core.orphaned()
        self._begin()

    def _settle(self, use: Use) -> AccessToken:
        """Verify with what must be fetched first; raises Refused."""
        for _ in range(MOST_STEPS):
            step = self._decide(use, self._wall(), self._elapsed())
            if isinstance(step, Question):
                return self._core.answered(step, use, self._sender.send(step.request))
            if not isinstance(step, Wanted):
                return step
            if not self._lock.acquire(timeout=self._patience):
                raise StatusUnavailable("the issuer is slow")
            try:  # one thread fetches, the others find it fetched
                step = self._decide(use, self._wall(), self._elapsed())
                if isinstance(step, Wanted):
                    self._fetch(step)
            finally:
                self._lock.release()
            if self._background:
                self._refresher.wake()
        raise StatusUnavailable("the issuer keeps answering something else")

    def _fetch(self, wanted: Wanted) -> None:
        asked_at = self._elapsed()
        self._core.begin(wanted, asked_at, self._patience)
        response = self._sender.send(wanted.request)
        follow = self._core.learn(wanted, response, self._wall(), asked_at, self._elapsed())
        if follow is not None:
            self._fetch(follow)
            self._core.learn(wanted, response, self._wall(), asked_at, self._elapsed())

    def refresh(self) -> None:
        """Fetch what is in use and due. The verifier's own thread calls it."""
        for wanted in self._core.due(self._wall(), self._elapsed()):
            with self._lock:
                self._fetch(wanted)

    def _wait(self) -> float:
        return self._core.next_due() - self._elapsed()

    def ages(self) -> dict[str, float | None]:
        """Tell how many seconds ago each status list in use was confirmed; None for one never had."""
        now = self._elapsed()
        lists = self._core.lists.all()
        return {held.uri: None if held.list is None else now - held.confirmed_at for held in lists}

    def close(self) -> None:
        """Stop refreshing and close connections."""
        self._refresher.stop()
        self._sender.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False)


class Verifier(_Shell):
    """Verifies access tokens; for threads. Make one and keep it: it holds keys and lists in memory."""

    def verify(
        self, token: str, scope: str | Iterable[str] = _NO_SCOPE, client_address: str | None = None
    ) -> AccessToken:
        """Verify an access token, revocation included.

        token            what the caller presented, without `Bearer`
        scope            names that it must have, all of them
        client_address   where it came from; needed for keys that are bound to addresses
        raises           Refused: every reason is a class of its own in keyturn_verify.errors
        """
        use = Use(token, scope if scope.__class__ is frozenset else scope_names(scope), client_address)
        step = self._decide(use, self._wall(), self._elapsed())
        return step if step.__class__ is AccessToken else self._settle(use)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncVerifier(_Shell):
    """Verifies access tokens; for coroutines. What is in memory is answered at once, what is not by a few threads.

    Lists are refreshed by a thread as well, so that a busy event loop cannot delay a revocation.
    """

    async def verify(
        self, token: str, scope: str | Iterable[str] = _NO_SCOPE, client_address: str | None = None
    ) -> AccessToken:
        """Verify an access token, revocation included; as `Verifier.verify`."""
        use = Use(token, scope if scope.__class__ is frozenset else scope_names(scope), client_address)
        step = self._decide(use, self._wall(), self._elapsed())
        if step.__class__ is AccessToken:
            return step
        if self._pool is None:
            self._pool = ThreadPoolExecutor(QUESTIONS_AT_ONCE, "keyturn-verify")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._settle, use)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


_living: weakref.WeakSet[_Shell] = weakref.WeakSet()


def _after_fork() -> None:
    # A child has the lists, but neither the threads nor the right to the parent's connections.
    for shell in list(_living):
        shell.begin_again()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
