"""Who counts together: the processes of a host, hosts through Valkey, and each host alone when that is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures import WorldMaker
from tests.matrix.rate_fields import standing
from tests.rfc.asking import impostor
from tests.valkey import ValkeyServer
from tests.world import World

FORM = {"grant_type": "client_credentials"}


def test_processes_of_a_host_share_the_allowance(world: World) -> None:
    tenant = world.new_tenant("Small", rate_limit=10)
    key = world.key(tenant=tenant)
    clients = [world.client, world.client_of(world.another_process()), world.client_of(world.another_process())]
    asked = [client.get("/api/user", headers={"X-API-Key": key.secret}).status_code for client in clients * 5]
    assert asked == [200] * 10 + [429] * 5


def test_hosts_without_valkey_divide_the_limit(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_HOSTS="3")
    key = world.key(tenant=world.new_tenant("Small", rate_limit=10))
    answers = [world.client.get("/api/user", headers={"X-API-Key": key.secret}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert standing(answers[0]) == ("tenant", 10, 2)
    assert world.client.get("/readyz").json["status"] == "ready"


def test_wrong_secrets_are_counted_by_all_processes_of_a_host(world: World) -> None:
    key = world.key()
    clients = [world.client, world.client_of(world.another_process())]
    for number in range(20):
        wrong = impostor(key, number)
        assert clients[number % 2].post("/token", data=FORM, auth=wrong.auth).status_code == 401
    for client in clients:
        assert client.post("/token", data=FORM, auth=key.auth).status_code == 429


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    started = ValkeyServer()
    yield started
    started.stop()


def test_a_lost_valkey_costs_no_service_and_readyz_says_so(make_world: WorldMaker, valkey: ValkeyServer) -> None:
    world = make_world(KEYTURN_REDIS_URL=valkey.url, KEYTURN_HOSTS="2")
    other_host = world.client_of(world.another_process(KEYTURN_DATA_DIR=str(world.folder / "other host")))
    key = world.key(tenant=world.new_tenant("Small", rate_limit=10))
    header = {"X-API-Key": key.secret}
    asked = [client.get("/api/user", headers=header).status_code for client in (world.client, other_host) * 3]
    assert asked == [200] * 6
    assert world.client.get("/readyz").json["checks"]["valkey"] == "ok"
    valkey.stop()
    readyz = world.client.get("/readyz")
    assert (readyz.status_code, readyz.json["status"]) == (200, "degraded")
    assert "does not answer" in readyz.json["checks"]["valkey"]
    for client in (world.client, other_host):  # three of each host's five are spent
        assert [client.get("/api/user", headers=header).status_code for _ in range(3)] == [200, 200, 429]
    valkey.start()
    readyz = world.client.get("/readyz")
    assert (readyz.status_code, readyz.json["status"], readyz.json["checks"]["valkey"]) == (200, "ready", "ok")
    assert world.whoami(key.secret) == 429


def test_a_data_directory_that_cannot_be_used_is_503_and_readyz_says_so(make_world: WorldMaker) -> None:
    world = make_world()
    key = world.key()
    (world.folder / "file").write_text("no folder")
    client = world.client_of(world.another_process(KEYTURN_DATA_DIR=str(world.folder / "file")))
    for answer in (
        client.post("/token", data=FORM, auth=key.auth),
        client.get("/api/user", headers={"X-API-Key": key.secret}),
        client.get("/admin/api-keys", headers={"X-API-Key": key.secret}),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    readyz = client.get("/readyz")
    assert (readyz.status_code, readyz.json["status"]) == (503, "unready")
    assert readyz.json["checks"]["counters"] != "ok"
