"""Proof of propagation: the record of which verifiers enforce a revocation, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.actions import audit, keys, rotation
from tests.statements import heard
from tests.status.polling import Polling, ask, flush, propagation, revoke
from tests.world import OPERATOR, World


def test_a_revocation_is_proven_when_every_verifier_says_that_it_holds_it(world: World) -> None:
    far = world.client_of(world.another_process())
    server, own = world.resource_server("Contacts API"), world.resource_server("Own", tenant=world.tenant)
    verifiers = [Polling(world, server), Polling(world, own, client=far), Polling(world, server, "192.0.2.2")]
    for verifier in verifiers:
        verifier.poll()
    key = world.key("Leaked")
    world.clock.advance(seconds=1)
    told = revoke(world, key)["status_list"]
    assert told == {"uri": "https://keys.example/status-lists/0", "version": 1}
    found = propagation(world, key)
    assert (found["verifiers"], found["complete"]) == (0, False), "nothing has been written of them yet"
    for verifier in verifiers:
        world.clock.advance(seconds=1.25)
        verifier.poll()
    flush(world)
    far.application.extensions["keyturn"].verifiers.flush(world.clock())
    found = propagation(world, key)
    assert (found["verifiers"], found["enforced"], found["complete"]) == (3, 0, False), "given is not held"
    assert found["summary"] == "enforced by 0 of 3 verifiers"
    for verifier in verifiers:
        world.clock.advance(seconds=1.25)
        assert verifier.poll().status_code == 304
    flush(world)
    assert propagation(world, key)["summary"] == "enforced by 2 of 3 verifiers, the last 4 s later"
    far.application.extensions["keyturn"].verifiers.flush(world.clock())
    found = propagation(world, key)
    assert found["summary"] == "enforced by 3 of 3 verifiers, the last 4 s later"
    assert (found["complete"], found["last_after_seconds"]) == (True, 3.75)
    assert found["status_list"] == told
    assert found["ended_at"] is not None
    rows = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.enforced"}).items
    assert len(rows) == 1
    assert rows[0]["object"] == {"kind": "key", "id": key.id}
    assert rows[0]["after"] == {
        "of": "key.revoked", "status_list": told, "verifiers": 3, "enforced": 3, "silent": 0, "last_after_seconds": 3.75
    }  # fmt: skip


def test_a_verifier_that_another_process_has_yet_to_write_down_is_waited_for(world: World) -> None:
    far = world.another_process()
    verifier = Polling(world, world.resource_server(), client=world.client_of(far))
    verifier.poll()
    key = world.key()
    revoke(world, key)
    world.clock.advance(seconds=2)
    flush(world)  # this process has heard of nobody
    assert propagation(world, key)["ended_at"] is None
    verifier.poll()
    verifier.poll()
    world.clock.advance(seconds=2)
    far.extensions["keyturn"].verifiers.flush(world.clock())
    assert propagation(world, key)["summary"] == "enforced by 1 of 1 verifier, the last 2 s later"
    assert propagation(world, key)["ended_at"] is None, "a third process may know of more"
    world.clock.advance(seconds=1)
    flush(world)
    assert propagation(world, key)["ended_at"] is not None
    rows = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.enforced"}).items
    assert [row["after"]["enforced"] for row in rows] == [1]


def test_what_one_process_heard_counts_when_another_knew_the_verifier_first(world: World) -> None:
    far = world.another_process()
    server = world.resource_server()
    Polling(world, server, client=world.client_of(far)).poll()
    key = world.key()
    world.clock.advance(seconds=1)
    revoke(world, key)
    world.clock.advance(seconds=1)
    near = Polling(world, server)
    near.poll()
    near.poll()
    flush(world)
    assert propagation(world, key)["verifiers"] == 0, "to this process it is newer than the revocation"
    world.clock.advance(seconds=2)
    far.extensions["keyturn"].verifiers.flush(world.clock())
    assert propagation(world, key)["summary"] == "enforced by 1 of 1 verifier, the last 1 s later"


@pytest.mark.parametrize("many", [1, 20])
def test_writing_down_asks_as_often_for_many_verifiers_and_revocations_as_for_one(world: World, many: int) -> None:
    verifiers = [Polling(world, world.resource_server(f"Server {number}")) for number in range(many)]
    keys_to_end = [world.key(f"Key {number}") for number in range(many)]
    for verifier in verifiers:
        verifier.poll()
    flush(world)
    for key in keys_to_end:
        revoke(world, key)
    for verifier in verifiers:
        verifier.poll()
    with heard(world.ctx.database.writer) as asked:
        flush(world)
    assert len([one for one in asked if one.text != "BEGIN IMMEDIATE"]) == 7, asked


def test_processes_that_poll_as_one_count_when_none_comes_with_an_older_version(world: World) -> None:
    server = world.resource_server()
    one, two = Polling(world, server), Polling(world, server)
    one.poll()
    two.poll()
    key = world.key()
    revoke(world, key)
    one.poll()
    one.poll()
    world.clock.advance(seconds=3)
    two.poll()
    flush(world)
    assert propagation(world, key)["enforced"] == 0
    world.clock.advance(seconds=2)
    one.poll()
    flush(world)
    assert propagation(world, key)["summary"] == "enforced by 1 of 1 verifier, the last 3 s later"


def test_who_stopped_asking_is_not_waited_for(world: World) -> None:
    server = world.resource_server()
    alive, dead = Polling(world, server), Polling(world, server, "192.0.2.2")
    alive.poll()
    dead.poll()
    key = world.key()
    revoke(world, key)
    for _ in range(14):
        world.clock.advance(seconds=5)
        alive.poll()
        flush(world)
    found = propagation(world, key)
    assert found["summary"] == "enforced by 1 of 2 verifiers, the last 5 s later; 1 silent since"
    assert found["complete"] is True


def test_verifiers_of_other_tenants_and_later_ones_do_not_count(world: World) -> None:
    other = world.resource_server("Theirs", tenant=world.new_tenant("Other"))
    mine = Polling(world, world.resource_server())
    mine.poll()
    Polling(world, other).poll()
    world.clock.advance(seconds=1)
    key = world.key()
    revoke(world, key)
    world.clock.advance(seconds=1)
    later = Polling(world, world.resource_server("Later"))
    for verifier in (mine, later, mine, later):
        verifier.poll()
    flush(world)
    assert propagation(world, key)["summary"] == "enforced by 1 of 1 verifier, the last 1 s later"
    names = {item["name"] for item in ask(world, "/admin/verifiers")}
    assert names == {"Contacts API", "Later"}


def test_without_verifiers_nothing_is_claimed(world: World) -> None:
    key = world.key()
    revoke(world, key)
    flush(world)
    found = propagation(world, key)
    assert found["summary"] == "no verifier was known that could confirm it"
    rows = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.enforced"}).items
    assert rows == []


def test_every_change_that_takes_tokens_back_tells_its_version(world: World) -> None:
    admin = world.key("Administrator")
    headers = {"X-API-Key": admin.secret}
    uri = "https://keys.example/status-lists/0"
    key = world.key()
    path = f"/admin/api-keys/{key.id}"
    for version, (step, body) in enumerate(
        [
            ("rotate", {}),
            ("regenerate", {}),
            ("rotate", {"overlap": "1h"}),
            ("overlap", {"end": "now"}),
            ("revoke", {}),
        ],
        1,
    ):
        answer = world.client.post(f"{path}/{step}", json=body, headers=headers)
        assert answer.json["status_list"] == {"uri": uri, "version": version}, step
    answer = world.client.delete(path, headers=headers)
    assert (answer.status_code, answer.headers["X-Status-List"]) == (204, f"{uri}; version=6")
    events = [item["event"] for item in ask(world, f"{path}/propagation", admin)]
    assert events == ["key.revoked", "key.overlap_ended", "key.rotated", "key.rotated"]
    fresh = world.key("Fresh")
    keys.delete(world.ctx, OPERATOR, world.tenant["id"], fresh.id, world.clock())
    assert propagation(world, fresh)["event"] == "key.deleted"


def test_other_tenants_keys_have_no_propagation_to_look_at(world: World) -> None:
    theirs = world.key("Theirs", tenant=world.new_tenant("Other"))
    admin = world.key("Administrator")
    for key_id in (theirs.id, "kt_0000000000000000"):
        answer = world.client.get(f"/admin/api-keys/{key_id}/propagation", headers={"X-API-Key": admin.secret})
        assert answer.status_code == 404


def test_an_overlap_is_followed_when_it_is_ended_and_not_before(world: World) -> None:
    key = world.key()
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(hours=1))
    assert ask(world, f"/admin/api-keys/{key.id}/propagation") == []
