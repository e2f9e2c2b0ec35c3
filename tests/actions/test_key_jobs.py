"""Many keys changed in the background: by any process, by the rights of now, each key once."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import audit, groups, key_batches, key_jobs, keys, members, tenants
from app.domain.events import Actor
from app.domain.refusals import Invalid, NotFound
from app.store import key_batches as store
from tests.world import OPERATOR, World

AT_ONCE = 10
MANY = AT_ONCE * 2 + 5


@pytest.fixture(autouse=True)
def ten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten keys a transaction tell the same as a hundred, sooner."""
    monkeypatch.setattr(key_jobs, "AT_ONCE", AT_ONCE)


def ada(world: World, role: str = "global_admin") -> Actor:
    """A member who manages keys."""
    made = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email="ada@example.com", name="Ada", role=role
    )
    return Actor("member", made["id"], world.tenant["id"], unbound=role == "global_admin", request_id="req-7")


def begun(world: World, actor: Actor, verb: key_batches.Verb = "revoke", **more: Any) -> tuple[str, list[str]]:
    ids = [world.key(f"Key {number:03}").id for number in range(MANY)]
    return key_jobs.begin(world.ctx, actor, world.tenant["id"], verb, ids, world.clock(), **more), ids


def shown(world: World, batch: str) -> dict[str, Any]:
    return key_jobs.show(world.ctx, world.tenant["id"], batch, world.clock(), 20)


def test_what_is_begun_is_done_some_at_a_time_and_each_key_has_its_event(world: World) -> None:
    batch, ids = begun(world, ada(world), reason="cleaning up")
    assert (shown(world, batch)["done"], shown(world, batch)["ended_at"]) == (0, None)
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], ids[3], world.clock())
    assert key_jobs.work(world.ctx, world.clock())
    assert shown(world, batch)["done"] == AT_ONCE
    while key_jobs.work(world.ctx, world.clock()):
        pass
    found = shown(world, batch)
    assert (found["changed"], found["unchanged"], found["stopped"]) == (MANY - 1, 1, None)
    assert [(row["name"], row["error"]) for row in found["kept"]] == [("Key 003", "key_revoked")]
    events = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.revoked"}, limit=100).items
    mine = [event for event in events if event["after"].get("batch") == batch]
    assert sorted(event["object"]["id"] for event in mine) == sorted(set(ids) - {ids[3]})
    assert {(event["actor"]["kind"], event["request_id"], event["after"]["reason"]) for event in mine} == {
        ("member", "req-7", "cleaning up")
    }


def test_another_process_goes_on_where_one_has_died_and_does_nothing_twice(world: World) -> None:
    batch, ids = begun(world, ada(world), "delete")
    key_jobs.step(world.ctx, batch, world.clock())
    world.clock.advance(minutes=2)
    assert shown(world, batch)["still"]
    other = world.another_process().extensions["keyturn"]
    while key_jobs.work(other, world.clock()):
        pass
    found = shown(world, batch)
    assert (found["changed"], found["unchanged"], found["done"]) == (MANY, 0, MANY)
    deleted = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.deleted"}, limit=100)
    assert sorted(event["object"]["id"] for event in deleted.items) == sorted(ids)
    assert not key_jobs.work(world.ctx, world.clock())


def test_a_member_who_may_not_any_more_stops_the_rest_and_what_was_done_is_told(world: World) -> None:
    actor = ada(world, "tenant_administrator")
    batch, ids = begun(world, actor)
    key_jobs.step(world.ctx, batch, world.clock())
    members.edit(world.ctx, OPERATOR, world.tenant["id"], actor.id, world.clock(), role="auditor")
    assert not key_jobs.step(world.ctx, batch, world.clock())
    found = shown(world, batch)
    assert (found["stopped"], found["done"], found["total"]) == ("not_allowed", AT_ONCE, MANY)
    assert keys.show(world.ctx, world.tenant["id"], ids[-1], world.clock())["status"] == "active"


def test_where_api_access_is_off_nothing_more_is_done(world: World) -> None:
    batch, _ = begun(world, ada(world))
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    key_jobs.work(world.ctx, world.clock())
    assert (shown(world, batch)["stopped"], shown(world, batch)["done"]) == ("not_allowed", 0)


def test_a_group_that_is_gone_stops_the_rest(world: World) -> None:
    group = groups.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), name="Short", scopes=["api_keys:read"]
    )
    batch, _ = begun(world, ada(world), "change_group", group=group["id"])
    groups.delete(world.ctx, OPERATOR, world.tenant["id"], group["id"], world.clock())
    key_jobs.work(world.ctx, world.clock())
    assert shown(world, batch)["stopped"] == "no_group"


def test_a_key_that_cannot_have_the_group_keeps_no_other_from_it(world: World) -> None:
    actor = ada(world)
    batch, _ = begun(world, actor, "change_group", group="Same as the key's creator")
    key_jobs.finish(world.ctx, batch, world.clock())
    found = shown(world, batch)
    assert (found["changed"], found["unchanged"]) == (0, MANY)
    assert {row["error"] for row in found["kept"]} == {"no_creator"}


def test_what_keeps_failing_is_stopped_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = begun(world, ada(world))
    with world.ctx.database.transaction() as connection:
        for _ in range(key_jobs.MOST_FAILURES - 1):
            store.failed(connection, batch, world.clock())

    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(key_batches, "change_some", broken)
    with pytest.raises(RuntimeError):
        key_jobs.work(world.ctx, world.clock())
    assert (shown(world, batch)["stopped"], shown(world, batch)["done"]) == ("failed", 0)


def test_nobody_else_sees_a_batch_and_old_ones_are_forgotten(world: World) -> None:
    actor = ada(world)
    key = world.key("One").id
    batch = key_jobs.begin(world.ctx, actor, world.tenant["id"], "revoke", [key], world.clock())
    key_jobs.finish(world.ctx, batch, world.clock())
    with pytest.raises(NotFound):
        key_jobs.show(world.ctx, world.new_tenant("Other")["id"], batch, world.clock(), 1)
    world.clock.advance(days=31)
    key_jobs.begin(world.ctx, actor, world.tenant["id"], "revoke", [key], world.clock())
    with pytest.raises(NotFound):
        shown(world, batch)
    with pytest.raises(Invalid):
        key_jobs.begin(world.ctx, actor, world.tenant["id"], "revoke", [], world.clock())
