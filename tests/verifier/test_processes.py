"""Threads, coroutines, child processes: one verifier serves them all."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from keyturn_verify import AsyncVerifier, KeysUnavailable, TokenRevoked, Verifier
from tests.patience import PATIENCE_SECONDS
from tests.verifier.issuer import AUDIENCE, CREDENTIALS, JWKS, LIST, METADATA, Answer, Issuer

T = TypeVar("T")


def in_a_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: in this one a browser's driver may have left a loop running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture
def waiting(served: Issuer) -> Callable[[int], None]:
    """Wait until the list has been asked for so many times."""
    asked = threading.Condition()

    def count(answer: Answer) -> Answer:
        with asked:
            asked.notify_all()
        return answer

    original = served._list

    def counted(headers: dict[str, str]) -> Answer:
        return count(original(headers))

    served._list = counted  # type: ignore[method-assign]

    def wait(times: int) -> None:
        with asked:
            assert asked.wait_for(lambda: served.paths().count(LIST) >= times, PATIENCE_SECONDS)

    return wait


@pytest.fixture
def verifier(served: Issuer) -> Iterator[Verifier]:
    """A verifier with its own thread, over a real network; hours stand, durations do not."""
    served.ttl = 1
    with Verifier(served.url, AUDIENCE, CREDENTIALS, wall=lambda: served.clock.wall) as made:
        yield made


def refused_at_last(verifier: Verifier, token: str) -> bool:
    """Whether a token comes to be refused."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        try:
            verifier.verify(token)
        except TokenRevoked:
            return True
        pause.wait(0.01)
    return False


def test_the_list_is_refreshed_although_nobody_calls(
    served: Issuer, verifier: Verifier, waiting: Callable[[int], None]
) -> None:
    verifier.verify(served.token())
    waiting(3)
    served.entries[1] = 1
    assert refused_at_last(verifier, served.token())


def test_many_threads_at_a_cold_start_fetch_each_thing_once(served: Issuer, verifier: Verifier) -> None:
    served.ttl = 3600
    tokens = [served.token(index) for index in range(32)]
    with ThreadPoolExecutor(16) as pool:
        assert [token.jti for token in pool.map(verifier.verify, tokens)] == [f"jti-{n}" for n in range(32)]
    assert [served.paths().count(path) for path in (METADATA, JWKS, LIST)] == [1, 1, 1]


def test_many_coroutines_at_a_cold_start_fetch_each_thing_once(served: Issuer) -> None:
    served.ttl = 3600
    tokens = [served.token(index) for index in range(32)]

    async def all_of_them() -> list[str]:
        async with AsyncVerifier(served.url, AUDIENCE, wall=lambda: served.clock.wall) as verifier:
            return [token.jti for token in await asyncio.gather(*map(verifier.verify, tokens))]

    assert in_a_loop(all_of_them()) == [f"jti-{n}" for n in range(32)]
    assert [served.paths().count(path) for path in (METADATA, JWKS, LIST)] == [1, 1, 1]


def test_an_async_verifier_serves_one_event_loop_after_another(served: Issuer) -> None:
    served.entries[2] = 3
    served.introspection["scope"] = "contacts:read"
    verifier = AsyncVerifier(served.url, AUDIENCE, CREDENTIALS, wall=lambda: served.clock.wall)
    for _ in range(2):
        assert in_a_loop(verifier.verify(served.token(2), "contacts:read")).key_id == "kt_KEY"
    verifier.close()


def test_a_coroutine_is_refused_as_a_thread_is(served: Issuer) -> None:
    served.replace[METADATA] = None
    verifier = AsyncVerifier(served.url, AUDIENCE, wall=lambda: served.clock.wall)
    with pytest.raises(KeysUnavailable):
        in_a_loop(verifier.verify(served.token()))
    verifier.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system knows no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_learns_by_itself_what_happens_after_the_fork(
    served: Issuer, verifier: Verifier, waiting: Callable[[int], None]
) -> None:
    verifier.verify(served.token())
    waiting(2)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # the list was inherited; the revocation comes later
        os.close(writer)
        os.read(reader, 1)
        os._exit(0 if refused_at_last(verifier, served.token()) else 1)
    os.close(reader)
    served.entries[1] = 1
    # The entry is the child's to learn: its issuer lives in this process.
    os.close(writer)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system knows no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_fetch_leaves_no_lock_behind(served: Issuer, verifier: Verifier) -> None:
    came, go_on = threading.Event(), threading.Event()

    def slow(answer: Answer) -> Answer:
        came.set()
        go_on.wait(PATIENCE_SECONDS)
        return answer

    served.change[LIST] = slow
    token = served.token()
    thread = threading.Thread(target=verifier.verify, args=(token,))
    thread.start()
    assert came.wait(PATIENCE_SECONDS)
    child = os.fork()
    if child == 0:
        served.change.clear()
        os._exit(0 if verifier.verify(token).jti == "jti-1" else 1)
    go_on.set()
    assert os.waitpid(child, 0)[1] == 0
    thread.join()


def test_a_closed_verifier_has_no_thread(served: Issuer) -> None:
    with Verifier(served.url, AUDIENCE, wall=lambda: served.clock.wall) as verifier:
        verifier.verify(served.token())
        thread = verifier._refresher._thread
        assert thread is not None
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
