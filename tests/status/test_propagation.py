"""Proof of propagation: verifiers that poll with credentials, and the record of who enforces what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.actions import audit, keys, operator_keys, resource_servers, rotation
from app.domain.refusals import Unavailable
from app.store import verifiers
from tests.world import OPERATOR, Key, World, as_key

LIST = "/status-lists/0"


class Polling:
    """One verifier: remembers the tag of the list it holds."""

    def __init__(self, world: World, key: Key, address: str = "192.0.2.1", client: Any = None, name: str = "") -> None:
        self.world, self.key, self.address, self.client = world, key, address, client or world.client
        self.etag, self.named = "", {"X-Keyturn-Verifier": name} if name else {}

    def poll(self) -> Any:
        headers = {"If-None-Match": self.etag} if self.etag else {}
        answer = self.client.get(
            LIST,
            auth=self.key.auth,
            headers={**headers, **self.named, "User-Agent": "keyturn-verify/1.0.3"},
            environ_base={"REMOTE_ADDR": self.address},
        )
        assert answer.status_code in {200, 304}
        self.etag = answer.headers["ETag"]
        return answer


def flush(world: World) -> None:
    world.ctx.verifiers.flush(world.clock())


def revoke(world: World, key: Key) -> dict[str, Any]:
    return keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())


def ask(world: World, path: str, caller: Key | None = None) -> Any:
    admin = caller or world.key("Administrator")
    answer = world.client.get(path, headers={"X-API-Key": admin.secret})
    assert answer.status_code == 200, answer.data
    return answer.json["items"]


def propagation(world: World, key: Key) -> dict[str, Any]:
    found: dict[str, Any] = ask(world, f"/admin/api-keys/{key.id}/propagation")[0]
    return found


def test_who_shows_credentials_is_answered_for_itself_alone(world: World) -> None:
    public = world.client.get(LIST)
    assert public.headers["Cache-Control"] == "public, max-age=5"
    own = Polling(world, world.resource_server()).poll()
    assert own.headers["Cache-Control"] == "private, max-age=5"
    assert own.data == public.data
    assert "Authorization" in own.headers["Vary"]


def test_credentials_that_are_not_good_get_the_public_list_and_are_no_verifier(world: World) -> None:
    server, key = world.resource_server(), world.key()
    gone = world.resource_server("Gone")
    resource_servers.delete(world.ctx, OPERATOR, gone.id, world.clock())
    for auth in (key.auth, (server.id, key.secret), ("x", "y"), gone.auth):
        answer = world.client.get(LIST, auth=auth)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=5")
    for header in ("Basic !", "Bearer x", f"Bearer {server.secret}", "Basic", ""):
        answer = world.client.get(LIST, headers={"Authorization": header})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=5")
    flush(world)
    assert ask(world, "/admin/verifiers") == []


def test_verifiers_are_listed_with_what_they_hold_and_when_they_were_seen(world: World) -> None:
    server = world.resource_server("Contacts API")
    one, two = Polling(world, server), Polling(world, server, "192.0.2.2")
    one.poll()
    two.poll()
    world.clock.advance(seconds=5)
    revoke(world, world.key())
    one.poll()
    world.clock.advance(seconds=5)
    one.poll()
    flush(world)
    operator = as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Ops"))
    first, second = ask(world, "/admin/verifiers", operator)
    assert (first["name"], first["address"], first["client"]) == ("Contacts API", "192.0.2.1", "keyturn-verify/1.0")
    assert (first["version"], first["current_version"], first["state"]) == (1, 1, "current")
    assert (first["seen_at"], first["age_seconds"]) == ("2026-11-21T12:00:10Z", 0)
    assert (second["version"], second["state"], second["age_seconds"]) == (None, "behind", 10)
    seen_by_tenant = ask(world, "/admin/verifiers")
    assert [(item["name"], item["address"], item["instance"]) for item in seen_by_tenant] == [
        ("Contacts API", None, None)
    ] * 2
    world.clock.advance(seconds=61)
    assert {item["state"] for item in ask(world, "/admin/verifiers", operator)} == {"silent"}


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
    assert propagation(world, key)["verifiers"] == 0, "nothing has been written of them yet"
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


def test_processes_that_name_themselves_are_told_apart(world: World) -> None:
    server = world.resource_server()
    for name in ("web-1", "web-2"):
        Polling(world, server, name=name).poll()
    Polling(world, server, name="not a name\n".strip() + " at all").poll()
    flush(world)
    operator = as_key(operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Ops"))
    assert {item["instance"] for item in ask(world, "/admin/verifiers", operator)} == {"web-1", "web-2", "192.0.2.1"}


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


def test_a_poll_writes_nothing(world: World) -> None:
    verifier = Polling(world, world.resource_server())
    written: list[str] = []
    event.listen(world.ctx.database.writer, "before_cursor_execute", lambda *given: written.append(given[2]))
    for _ in range(50):
        verifier.poll()
    assert written == []
    flush(world)
    assert len([statement for statement in written if statement.startswith("INSERT")]) == 1


def test_what_cannot_be_written_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Polling(world, world.resource_server()).poll()

    def fails(*_given: Any) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(verifiers, "note", fails)
        with pytest.raises(Unavailable):
            flush(world)
    flush(world)
    assert len(ask(world, "/admin/verifiers")) == 1


def test_verifiers_not_seen_for_a_week_are_forgotten(world: World) -> None:
    Polling(world, world.resource_server()).poll()
    flush(world)
    world.clock.advance(days=8)
    Polling(world, world.resource_server("Other")).poll()
    flush(world)
    assert [item["name"] for item in ask(world, "/admin/verifiers")] == ["Other"]
