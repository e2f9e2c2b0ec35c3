"""Two server processes and every door, hammered: a tenant's allowance is never passed, whoever is killed meanwhile."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.actions import keys, tenants
from app.actions.keys import NewKey
from app.clock import utc_now
from app.context import Context
from app.opening import open_context
from app.settings import load
from tests.patience import PATIENCE_SECONDS
from tests.server.running import Deployment, Server
from tests.server.wire import FORM, GOOD_FORM, Wire, request
from tests.valkey import ValkeyServer
from tests.world import OPERATOR, Key, as_key

LIMIT, CALLERS, CALLS = 150, 8, 40


def ways(key: Key) -> list[bytes]:
    """A request for each door that takes a secret."""
    return [
        request("POST", "/token", {"Authorization": key.basic, "Content-Type": FORM}, GOOD_FORM),
        request("GET", "/api/user", {"X-API-Key": key.secret}),
        request("GET", "/api/user", {"Authorization": f"Bearer {key.secret}"}),
        request("GET", "/gateway/check", {"X-API-Key": key.secret}),
    ]


class Hammer:
    """Callers at several servers, each on a connection of its own that is opened anew when it breaks."""

    def __init__(self, servers: list[Server], ways: list[bytes]) -> None:
        self.servers, self.ways = servers, ways
        self.statuses: Counter[int] = Counter()
        self.halfway = threading.Barrier(CALLERS + 1, timeout=PATIENCE_SECONDS)

    def _call(self, number: int) -> None:
        server, found = self.servers[number % len(self.servers)], []
        wire = server.wire()
        for step in range(CALLS):
            if step == CALLS // 4:
                self.halfway.wait()
            data = self.ways[(number + step) % len(self.ways)]
            while (status := self._status(wire, data)) is None:
                wire.socket.close()
                wire = server.ready().wire()
            found.append(status)
        wire.socket.close()
        self.statuses.update(found)

    def _status(self, wire: Wire, data: bytes) -> int | None:
        try:
            wire.send(data)
            answer = wire.answer()
        except OSError:  # its worker was killed
            return None
        return answer.status if answer is not None else None

    def run(self) -> Iterator[None]:
        """Begin; the caller may do harm once when the first calls have been made; then wait for the rest."""
        threads = [threading.Thread(target=self._call, args=(number,), daemon=True) for number in range(CALLERS)]
        for thread in threads:
            thread.start()
        self.halfway.wait()
        yield
        for thread in threads:
            thread.join(60)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path)
    yield made
    made.close()


def tenant_s_keys(ctx: Context, name: str) -> list[Key]:
    now = utc_now()
    tenant, _ = tenants.create(ctx, OPERATOR, name, "standard", now)
    tenants.change(ctx, OPERATOR, tenant["id"], now, rate_limit=LIMIT)
    return [
        as_key(keys.create(ctx, OPERATOR, tenant["id"], NewKey(name, group="Full access"), now))
        for name in ("First", "Second")
    ]


def all_ways(deployment: Deployment, name: str = "Hammered") -> list[bytes]:
    ctx = open_context(load(deployment.environment))
    with closing(ctx.database):
        return [way for key in tenant_s_keys(ctx, name) for way in ways(key)]


def test_two_servers_and_every_door_admit_the_limit_and_not_one_call_more(hosts: Deployment) -> None:
    hammer = Hammer([hosts.serve(workers=2), hosts.serve()], all_ways(hosts))
    for _ in hammer.run():
        pass
    assert hammer.statuses == Counter({200: LIMIT, 429: CALLERS * CALLS - LIMIT})


def test_killed_processes_hold_nothing_and_free_nothing(hosts: Deployment) -> None:
    servers = [hosts.serve(workers=2), hosts.serve()]
    hammer = Hammer(servers, all_ways(hosts))
    for _ in hammer.run():
        servers[0].workers[0].send_signal(signal.SIGKILL)
    assert set(hammer.statuses) == {200, 429}
    # A call may have been counted for a caller who never had its answer.
    assert LIMIT - CALLERS <= hammer.statuses[200] <= LIMIT


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    started = ValkeyServer()
    yield started
    started.stop()


def test_two_hosts_share_a_limit_and_one_that_loses_valkey_keeps_it(
    hosts: Deployment, valkey: ValkeyServer, tmp_path: Path
) -> None:
    database = f"sqlite:///{hosts.folder / 'data' / 'keyturn.db'}"
    hosts.environment |= {"KEYTURN_REDIS_URL": valkey.url, "KEYTURN_DATABASE_URL": database}
    one, keys_of_both, keys_of_one = hosts.serve(), all_ways(hosts), all_ways(hosts, "Lonely")
    hosts.environment["KEYTURN_DATA_DIR"] = str(tmp_path / "other host")
    both = Hammer([one, hosts.serve()], keys_of_both)
    for _ in both.run():
        pass
    assert both.statuses == Counter({200: LIMIT, 429: CALLERS * CALLS - LIMIT})
    alone = Hammer([one], keys_of_one)
    for _ in alone.run():
        valkey.stop()
    assert alone.statuses == Counter({200: LIMIT, 429: CALLERS * CALLS - LIMIT})
    readyz = one.ask(request("GET", "/readyz"))
    assert readyz is not None
    assert (readyz.status, readyz.json["status"]) == (200, "degraded")
    valkey.start()
    readyz = one.ask(request("GET", "/readyz"))
    assert readyz is not None
    assert (readyz.json["status"], readyz.json["checks"]["valkey"]) == ("ready", "ok")
