"""Two processes and many threads on one database: what is taken back stays so, and every race has one winner."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app import models
from app.actions import keys, members, rotation, tenants
from app.store import audit
from tests.another import Another
from tests.fixtures import WorldMaker
from tests.world import OPERATOR, Key, World

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
FORM = {"grant_type": "client_credentials"}
Outcomes = tuple[World, Another, Another]


@pytest.fixture
def nodes(make_world: WorldMaker) -> Iterator[Outcomes]:
    """A deployment and two processes that serve it; plain http, which only a loopback issuer may speak."""
    world = make_world(KEYTURN_ISSUER="http://127.0.0.1:8000")
    with Another(world) as one, Another(world) as other:
        yield world, one, other


def race(nodes: Outcomes, threads: int, *orders: dict[str, Any]) -> Counter[str]:
    """Send an order to each process, started together, and count what came of them."""
    _, one, other = nodes
    for process, order in zip((one, other), orders * (2 // len(orders)), strict=True):
        process.start(threads=threads, **order)
    return Counter(one.outcomes() + other.outcomes())


def expire(world: World, key: Key) -> None:
    """Let a key have expired already at the hour that the other processes stand at."""
    with world.ctx.database.transaction() as connection:
        connection.execute(
            update(models.Key)
            .where(models.Key.key_id == key.id)
            .values(expires_at=world.clock() - timedelta(seconds=1))
        )


def secrets_that_work(node: Another, *secrets: str) -> list[bool]:
    return [node.call("/api/user", X_API_Key=secret)[0] == 200 for secret in secrets]


def stands(node: Another, key: Key, token: str) -> list[Any]:
    """What one process makes of a secret and a token obtained with it, at every door."""
    return [
        node.call("/token", FORM, key)[0],
        node.call("/introspect", {"token": token}, key)[0],
        node.call("/api/user", X_API_Key=key.secret)[0],
        node.call("/api/user", Authorization=f"Bearer {token}")[0],
    ]


def take_back(action: str, world: World, tenant: str, key: Key) -> None:
    if action == "close":
        tenants.close(world.ctx, OPERATOR, tenant, world.clock())
    else:
        take: Callable[..., Any] = {"rotate": rotation.rotate, "revoke": keys.revoke, "delete": keys.delete}[action]
        take(world.ctx, OPERATOR, tenant, key.id, world.clock())


def test_what_one_process_takes_back_the_others_refuse_at_the_next_request(nodes: Outcomes) -> None:
    world, one, other = nodes
    for action in ("rotate", "revoke", "delete", "close"):
        tenant = world.new_tenant(f"Tenant to {action}")
        key = world.key(tenant=tenant)
        for node in (one, other):
            token = node.call("/token", FORM, key)[1]["access_token"]
            assert stands(node, key, token) == [200] * 4
        take_back(action, world, tenant["id"], key)
        for node in (one, other):
            assert all(status in {400, 401, 403} for status in stands(node, key, token)), action


def test_an_address_list_is_in_force_at_the_next_request_of_every_process(nodes: Outcomes) -> None:
    world, one, other = nodes
    key = world.key()
    token = one.call("/token", FORM, key)[1]["access_token"]
    assert stands(one, key, token) == stands(other, key, token) == [200] * 4
    keys.edit(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), ip_allowlist=("192.0.2.0/24",))
    for node in (one, other):
        assert all(status in {400, 403} for status in stands(node, key, token))


@pytest.mark.spec("T-7009-11")
def test_a_token_revoked_at_one_process_is_inactive_at_the_other_at_once(nodes: Outcomes) -> None:
    world, one, other = nodes
    key = world.key()
    for _ in range(ROUNDS):
        token = one.call("/token", FORM, key)[1]["access_token"]
        assert other.call("/introspect", {"token": token}, key)[1]["active"] is True
        assert one.call("/revoke", {"token": token}, key)[0] == 200
        assert other.call("/introspect", {"token": token}, key) == (200, {"active": False})
        assert other.call("/api/user", Authorization=f"Bearer {token}")[0] == 401
    assert other.call("/api/user", X_API_Key=key.secret)[0] == 200


def test_of_thirty_two_creates_at_one_below_the_limit_exactly_one_succeeds(nodes: Outcomes) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        tenant = world.new_tenant(f"Tenant {number}", key_limit=3)
        for name in ("One", "Two"):
            world.key(name, tenant=tenant)
        outcomes = race(nodes, 16, {"action": "create", "tenant": tenant["id"]})
        assert outcomes.pop("key_limit_reached") == 31
        assert [key_id[:3] for key_id in outcomes] == ["kt_"]


def test_an_expired_key_and_a_new_one_do_not_both_get_the_last_place(nodes: Outcomes) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        tenant = world.new_tenant(f"Tenant {number}", key_limit=1)
        key = world.key(tenant=tenant)
        expire(world, key)
        rotate = {"action": "rotate", "tenant": tenant["id"], "key_id": key.id, "expires_at": None}
        outcomes = race(nodes, 4, rotate, {"action": "create", "tenant": tenant["id"]})
        made = [word for word in outcomes if word == "ok" or word.startswith("kt_")]
        assert sum(outcomes[word] for word in made) == 1, outcomes
        assert set(outcomes) - set(made) <= {"key_limit_reached", "version_conflict", "key_expired"}


@pytest.mark.parametrize("action", ["remove_member", "demote"])
def test_of_two_last_global_admins_who_unmake_each_other_at_once_one_stays(nodes: Outcomes, action: str) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        tenant = world.new_tenant(f"Tenant {number}")["id"]
        both = [
            members.create(
                world.ctx, OPERATOR, tenant, world.clock(), email=f"{name}@example.com", name=name, role="global_admin"
            )["id"]
            for name in ("Ada", "Bo")
        ]
        outcomes = race(nodes, 1, *({"action": action, "tenant": tenant, "member": member} for member in both))
        assert outcomes == {"ok": 1, "last_global_admin": 1}
        left = [row for row in members.page(world.ctx, tenant, None, 10) if row["role"] == "global_admin"]
        assert [row["active"] for row in left] == [True]


def test_a_deleted_key_makes_room_for_exactly_one(nodes: Outcomes) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        tenant = world.new_tenant(f"Tenant {number}", key_limit=1)
        key = world.key(tenant=tenant)
        delete = {"action": "delete", "tenant": tenant["id"], "key_id": key.id}
        outcomes = race(nodes, 1, delete, {"action": "create", "tenant": tenant["id"]})
        assert outcomes.pop("ok") == 1
        late = race(nodes, 4, {"action": "create", "tenant": tenant["id"]})
        made = [key_id for key_id in (*outcomes, *late) if key_id.startswith("kt_")]
        assert len(made) == 1
        assert set(outcomes) | set(late) <= {*made, "key_limit_reached"}


def test_of_rotations_that_saw_the_same_version_exactly_one_wins(nodes: Outcomes) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        key = world.key(f"Key {number}")
        order = {"action": "rotate", "tenant": world.tenant["id"], "key_id": key.id, "version": key.object["version"]}
        assert race(nodes, 2, {**order, "overlap": 3600}) == Counter(version_conflict=3, ok=1)
        found = keys.show(world.ctx, world.tenant["id"], key.id, world.clock())
        assert len(found["secrets"]) == 2


def test_a_revocation_is_final_whatever_rotates_at_the_same_time(nodes: Outcomes) -> None:
    world, one, other = nodes
    for number in range(ROUNDS):
        key = world.key(f"Key {number}")
        order = {"tenant": world.tenant["id"], "key_id": key.id}
        outcomes = race(nodes, 2, {"action": "rotate", **order}, {"action": "revoke", **order})
        assert outcomes.pop("ok") in {1, 2, 3}
        assert set(outcomes) <= {"key_revoked", "version_conflict"}
        assert keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["status"] == "revoked"
        assert secrets_that_work(one, key.secret) == secrets_that_work(other, key.secret) == [False]


def test_a_request_sent_sixteen_times_makes_one_key(nodes: Outcomes) -> None:
    world = nodes[0]
    for number in range(ROUNDS):
        outcomes = race(nodes, 8, {"action": "create", "tenant": world.tenant["id"], "once": f"request {number}"})
        assert list(outcomes.values()) == [16]
        assert next(iter(outcomes)).startswith("kt_")


def test_a_rotation_sent_sixteen_times_makes_one_secret(nodes: Outcomes) -> None:
    world = nodes[0]
    key = world.key()
    order = {"action": "rotate", "tenant": world.tenant["id"], "key_id": key.id, "overlap": 3600, "once": "rotation"}
    assert race(nodes, 8, order) == Counter(ok=16)
    assert len(keys.show(world.ctx, world.tenant["id"], key.id, world.clock())["secrets"]) == 2


def test_every_change_of_a_storm_is_in_the_audit_log_once(nodes: Outcomes) -> None:
    world = nodes[0]
    key, tenant = world.key(), world.tenant["id"]
    edit = {"action": "edit", "tenant": tenant, "key_id": key.id, "ip_allowlist": []}
    outcomes = race(nodes, 8, edit, {"action": "create", "tenant": tenant})
    conflicts = outcomes.pop("version_conflict", 0)
    created = [name for name in outcomes if name.startswith("kt_")]
    assert (len(created), outcomes.pop("ok") + conflicts) == (8, 8)
    told = world.ctx.database.read(lambda connection: audit.batch(connection, tenant, 0, 1000))
    assert [row.number for row in told] == list(range(1, len(told) + 1))
    assert Counter(row.event for row in told)["key.edited"] == 8 - conflicts
    assert {row.object_id for row in told if row.event == "key.created"} == {key.id, *created}
