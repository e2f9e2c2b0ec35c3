"""The window in Valkey is the window of the domain, and its loss admits nothing beyond the limit."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import utc_now
from app.domain import pace
from app.domain.pace import Pace
from app.runtime.limiter import ALONE, COUNTERS, OK, VALKEY, Limiter
from app.runtime.limiter.host import HostCounters
from app.runtime.limiter.valkey import PREFIX, Valkey
from app.runtime.throttle import GuessingThrottle
from tests.together import at_once
from tests.valkey import ValkeyServer


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    started = ValkeyServer()
    yield started
    started.stop()


@pytest.fixture
def own_server() -> Iterator[ValkeyServer]:
    """A server that a test may stop."""
    started = ValkeyServer()
    yield started
    started.stop()


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself whether a lost Valkey is back: the test says when."""
    monkeypatch.setattr(Valkey, "_watch", lambda _: None)


class Host:
    """A host of its own: a data directory, and one process."""

    def __init__(self, folder: Path, server: ValkeyServer, hosts: int = 1) -> None:
        self.shared = Valkey(server.url)
        self.counters = HostCounters(folder / "pace.1", utc_now)
        self.limiter = Limiter(self.counters, self.shared, hosts)

    def admitted(self, name: str, limit: int, tries: int) -> int:
        return sum(self.limiter.spend(name, limit).admitted for _ in range(tries))


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.one_of(st.integers(0, 3), st.integers(0, 70), st.integers(-70, -1)), st.booleans()), max_size=25
    ),
    limit=st.integers(1, 5),
)
def test_the_script_and_the_domain_s_window_agree(
    server: ValkeyServer, steps: list[tuple[int, bool]], limit: int
) -> None:
    shared, cells, name = Valkey(server.url), array("I", bytes(4 * pace.CELLS)), uuid4().hex
    client = redis.Redis.from_url(server.url)
    ahead = 0
    for pause, spending in [(0, True), *steps]:  # Valkey keeps nothing of a name that has spent nothing
        ahead += pause
        shared.ahead = ahead
        while True:
            before = client.time()[0]
            kept = client.dump(PREFIX + name)
            found = shared.ask(name, limit, spending=spending)
            if client.time()[0] == before:
                break
            client.delete(PREFIX + name)  # the server's second changed meanwhile: take that step back
            if kept is not None:
                client.restore(PREFIX + name, 0, kept)
        ask = pace.spend if spending else pace.look
        assert found == ask(cells, 0, before + ahead, limit)


def test_what_was_counted_is_kept_for_as_long_as_it_counts_and_not_much_longer(server: ValkeyServer) -> None:
    shared, name = Valkey(server.url), uuid4().hex
    client = redis.Redis.from_url(server.url)
    assert shared.ask(name, 1, spending=False) == Pace(1, 1, 61, admitted=True)
    assert not client.exists(PREFIX + name)
    assert shared.ask(name, 1) == Pace(1, 0, 61, admitted=True)
    assert 61 + 60 < client.ttl(PREFIX + name) <= 180


def test_two_hosts_share_one_limit(server: ValkeyServer, tmp_path: Path) -> None:
    one, other, name = Host(tmp_path / "one", server, 2), Host(tmp_path / "other", server, 2), uuid4().hex
    let_in: list[int] = []
    works = [lambda host=host: let_in.append(host.admitted(name, 100, 40)) for host in (one, other) * 3]
    assert at_once(works) == []
    assert sum(let_in) == 100
    assert [host.limiter.checks()[VALKEY] for host in (one, other)] == [OK, OK]


def test_without_valkey_each_host_admits_its_share(own_server: ValkeyServer, tmp_path: Path, unwatched: None) -> None:
    hosts = [Host(tmp_path / name, own_server, 3) for name in ("one", "two", "three")]
    own_server.stop()
    assert [host.admitted("tenant:a", 10, 10) for host in hosts] == [3, 3, 3]
    assert [host.admitted("tenant:b", 2, 5) for host in hosts] == [1, 1, 1]
    refused = hosts[0].limiter.spend("tenant:a", 10)
    assert (refused.limit, refused.remaining, refused.admitted) == (10, 0, False)
    assert hosts[0].limiter.checks() == {COUNTERS: OK, VALKEY: ALONE}


@pytest.mark.parametrize("failure", ["stopped", "frozen", "of another type", "full"])
def test_a_valkey_that_fails_lets_no_call_in_beyond_the_limit(
    own_server: ValkeyServer, tmp_path: Path, unwatched: None, failure: str
) -> None:
    host, client = Host(tmp_path, own_server), redis.Redis.from_url(own_server.url)
    assert host.admitted("tenant:a", 50, 30) == 30
    if failure == "stopped":
        own_server.stop()
    elif failure == "frozen":
        own_server.freeze()
    elif failure == "of another type":
        client.set(PREFIX + "tenant:a", "text")
    else:
        client.config_set("maxmemory", 1)
    assert host.admitted("tenant:a", 50, 30) == 20
    assert host.shared.lost
    assert host.limiter.spend("tenant:b", 50).admitted


def test_a_valkey_that_comes_back_empty_lets_no_call_in_beyond_the_limit(
    own_server: ValkeyServer, tmp_path: Path, unwatched: None
) -> None:
    one, other = Host(tmp_path / "one", own_server, 2), Host(tmp_path / "other", own_server, 2)
    own_server.stop()
    assert [host.admitted("tenant:a", 50, 60) for host in (one, other)] == [25, 25]
    own_server.start()
    assert [host.limiter.checks()[VALKEY] for host in (one, other)] == [OK, OK]
    assert [host.admitted("tenant:a", 50, 60) for host in (one, other)] == [0, 0]
    assert [host.admitted("tenant:b", 50, 60) for host in (one, other)] == [25, 25]


def test_a_valkey_that_forgets_all_lets_no_call_of_a_host_in_beyond_the_limit(
    server: ValkeyServer, tmp_path: Path
) -> None:
    host, name = Host(tmp_path, server), uuid4().hex
    assert host.admitted(name, 50, 30) == 30
    redis.Redis.from_url(server.url).delete(PREFIX + name)
    assert host.admitted(name, 50, 30) == 20


def test_calls_that_are_refused_cost_nothing(server: ValkeyServer, tmp_path: Path) -> None:
    host, name = Host(tmp_path, server), uuid4().hex
    assert host.admitted(name, 3, 50) == 3
    assert host.counters.look(name, 3) == Pace(3, 0, pytest.approx(60, abs=1), admitted=False)
    host.shared.ahead = 61
    assert host.shared.ask(name, 3) == Pace(3, 2, 61, admitted=True)


def test_it_is_asked_again_by_itself(own_server: ValkeyServer, tmp_path: Path) -> None:
    host = Host(tmp_path, own_server)
    own_server.stop()
    assert host.admitted("tenant:a", 5, 1) == 1
    assert host.shared.lost
    own_server.start()
    pause = threading.Event()
    for _ in range(200):
        if not host.shared.lost:
            break
        pause.wait(0.05)
    assert not host.shared.lost
    assert host.admitted("tenant:a", 5, 9) == 4


def test_wrong_secrets_are_counted_over_all_hosts(server: ValkeyServer, tmp_path: Path) -> None:
    one, other, key = Host(tmp_path / "one", server), Host(tmp_path / "other", server), f"kt_{uuid4().hex}"
    throttles = [GuessingThrottle(host.counters, host.limiter) for host in (one, other)]
    now = utc_now()
    assert [throttles[number % 2].failed(key, None) for number in range(20)] == [0] * 20
    assert all(1 <= throttle.wait(key, None, now) <= 61 for throttle in throttles)
    assert [throttle.wait(f"{key}x", None, now) for throttle in throttles] == [0, 0]
    assert throttles[0].failed(key, None) > 0
