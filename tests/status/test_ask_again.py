"""Entry 3: an edit, or one token taken back, reaches tokens that are out; verifiers ask about those and no others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.actions import catalogue, groups, key_batches, keys, members, rotation
from tests.status.reading import fetch, index_of
from tests.world import OPERATOR, Key, World


def edit(world: World, key: Key, **members: Any) -> None:
    keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), **members)


def own_group(world: World, *scopes: str) -> str:
    made = groups.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), name=f"Group {len(scopes)}", scopes=list(scopes)
    )
    return str(made["id"])


EDITS: dict[str, Callable[[World, Key], Any]] = {
    "group": lambda world, key: edit(world, key, group="Read only"),
    "address list": lambda world, key: edit(world, key, ip_allowlist=("203.0.113.0/24",)),
    "one token": lambda world, key: world.client.post("/revoke", data={"token": world.token(key)}, auth=key.auth),
    "group of many": lambda world, key: key_batches.run(
        world.ctx, OPERATOR, world.tenant["id"], "change_group", [key.id], world.clock(), group="Read only"
    ),
}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_a_change_of_a_key_marks_it_alone_until_its_last_token_has_expired(
    world: World, change: Callable[[World, Key], Any]
) -> None:
    far = world.client_of(world.another_process())
    key, other = world.key(), world.key("Other")
    index = index_of(world.token(key))
    world.token(other)
    change(world, key)
    assert fetch(world, far).nonzero == {index: 3}
    world.clock.advance(seconds=604)
    assert fetch(world, far).nonzero == {index: 3}
    world.clock.advance(seconds=2)
    assert fetch(world, far).nonzero == {}


def test_a_change_of_what_no_token_says_marks_nothing(world: World) -> None:
    key = world.key(ip_allowlist=("203.0.113.0/24",))
    before = fetch(world)
    edit(world, key, name="Renamed", description="Other", group="Full access", ip_allowlist=("203.0.113.0/24",))
    assert fetch(world).etag == before.etag


def test_a_change_of_a_group_marks_every_key_of_it(world: World) -> None:
    group = own_group(world, "contacts:read", "contacts:write")
    inside = {index_of(world.token(world.key(f"Key {number}", group=group))) for number in range(3)}
    world.token(world.key("Outside"))
    change: dict[str, Any] = {"scopes": ["contacts:read"]}
    groups.edit(world.ctx, OPERATOR, world.tenant["id"], group, world.clock(), **change)
    assert fetch(world).nonzero == dict.fromkeys(inside, 3)
    world.clock.advance(seconds=1)
    later = index_of(world.token(world.key("Later", group=group)))
    assert later not in fetch(world).nonzero, "its tokens know the change already"
    groups.edit(world.ctx, OPERATOR, world.tenant["id"], group, world.clock(), name="Another name")
    world.clock.advance(seconds=605)
    assert fetch(world).nonzero == {}


def test_keys_that_leave_a_deleted_group_are_marked(world: World) -> None:
    group = own_group(world, "contacts:read", "contacts:write")
    inside = {index_of(world.token(world.key(f"Key {number}", group=group))) for number in range(2)}
    world.token(world.key("Read", group="Read only"))
    groups.delete(world.ctx, OPERATOR, world.tenant["id"], group, world.clock(), move_to="Read only")
    assert fetch(world).nonzero == dict.fromkeys(inside, 3)


def test_a_demoted_member_marks_the_keys_that_act_as_them(world: World) -> None:
    mine = (world.ctx, OPERATOR, world.tenant["id"])
    member = members.create(*mine, world.clock(), email="ada@example.com", name="Ada", role="super_user")
    acting = world.key(group="Same as the key's creator", created_by_member=member["id"])
    index = index_of(world.token(acting))
    world.token(world.key("Other", created_by_member=member["id"]))
    members.edit(*mine, member["id"], world.clock(), role="auditor")
    assert fetch(world).nonzero == {index: 3}
    members.edit(*mine, member["id"], world.clock(), active=False)
    assert fetch(world).nonzero == {index: 2}


def test_a_scope_taken_out_of_the_catalogue_marks_the_groups_that_lose_it(world: World) -> None:
    catalogue.create(world.ctx, OPERATOR, "reports:write", "", world.clock())
    index = index_of(world.token(world.key()))
    reads = index_of(world.token(world.key("Read", group="Read only")))
    assert fetch(world).nonzero == {}
    catalogue.delete(world.ctx, OPERATOR, "reports:write", world.clock())
    found = fetch(world).nonzero
    assert found == {index: 3}
    assert reads not in found


def test_what_is_revoked_need_not_be_asked_about(world: World) -> None:
    key = world.key()
    index = index_of(world.token(key))
    edit(world, key, group="Read only")
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert fetch(world).nonzero == {index: 1}


def test_a_new_secret_of_a_marked_key_is_not_marked(world: World) -> None:
    key = world.key()
    old = index_of(world.token(key))
    edit(world, key, group="Read only")
    world.clock.advance(seconds=1)
    made = rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(hours=1))
    assert made.issued is not None
    new = index_of(world.token(Key(key.id, made.issued.text)))
    found = fetch(world).nonzero
    assert found == {old: 3}
    assert new not in found


def test_tokens_live_as_long_as_the_longest_process_made_them(world: World) -> None:
    world.another_process(KEYTURN_TOKEN_LIFETIME="3600").extensions["keyturn"].status_lists.start()
    world.ctx.status_lists.start()
    key = world.key()
    index = index_of(world.token(key))
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    world.clock.advance(seconds=3604)
    assert fetch(world).nonzero == {index: 1}
    world.clock.advance(seconds=2)
    assert fetch(world).nonzero == {}
