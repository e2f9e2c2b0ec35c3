"""Many keys changed at once: each by itself, each with its own audit event."""

from __future__ import annotations

import pytest

from app.actions import audit, keys
from tests.admin.client import Admin
from tests.world import OPERATOR, World


@pytest.fixture
def admin(world: World) -> Admin:
    return Admin(world, world.key("Administration").secret)


def test_many_keys_are_revoked_and_what_cannot_be_is_named(world: World, admin: Admin) -> None:
    made = [world.key(f"Key {number}") for number in range(3)]
    theirs = world.key("Theirs", tenant=world.new_tenant("Other"))
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], made[1].id, world.clock())
    asked = {"action": "revoke", "client_ids": [key.id for key in (*made, theirs)], "reason": "cleaning up"}
    answer = admin.ok("POST", "api-keys:bulk", asked)
    assert answer["changed"] == [made[0].id, made[2].id]
    assert {row["client_id"]: row["error"] for row in answer["unchanged"]} == {
        made[1].id: "key_revoked",
        theirs.id: "not_found",
    }
    assert [world.whoami(key.secret) for key in made] == [401, 401, 401]
    assert world.whoami(theirs.secret) == 200
    events = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "key.revoked"}).items
    of_batch = [event["object"]["id"] for event in events if event["after"].get("batch") == answer["batch"]]
    assert sorted(of_batch) == sorted(answer["changed"])


def test_many_keys_are_deleted_over_several_transactions(world: World, admin: Admin) -> None:
    made = [world.key(f"Key {number}").id for number in range(102)]
    answer = admin.ok("POST", "api-keys:bulk", {"action": "delete", "client_ids": made})
    assert answer["changed"] == made
    assert admin.ok("GET", "api-keys")["total"] == 1
    assert audit.verify(world.ctx, world.tenant["id"]).ok


def test_many_keys_get_another_group_but_never_more_than_the_caller_holds(world: World, admin: Admin) -> None:
    made = world.key("Mobile App")
    asked = {"action": "change_group", "client_ids": [made.id], "group": "Read only"}
    assert admin.ok("POST", "api-keys:bulk", asked)["changed"] == [made.id]
    assert admin.ok("POST", "api-keys:bulk", asked)["unchanged"][0]["error"] == "unchanged"
    assert admin.ok("GET", f"api-keys/{made.id}")["group"]["name"] == "Read only"
    assert admin("POST", "api-keys:bulk", {**asked, "group": "Nothing"}).status_code == 422
    reader = Admin(world, world.key("Looking on", group="Read only").secret)
    assert reader("POST", "api-keys:bulk", asked).status_code == 403


@pytest.mark.parametrize("key_ids", [[], ["kt_7Q2M9XK4T1V8B0CD"] * 501])
def test_a_batch_names_one_to_five_hundred_keys(admin: Admin, key_ids: list[str]) -> None:
    assert admin("POST", "api-keys:bulk", {"action": "revoke", "client_ids": key_ids}).status_code == 422


def test_lists_are_filtered_as_in_the_console(world: World, admin: Admin) -> None:
    bound = world.key("Bound", ip_allowlist=("203.0.113.0/24",), expires_at="2026-12-31")

    def listed(query: str) -> set[str]:
        return {key["name"] for key in admin.ok("GET", f"api-keys?{query}")["items"]}

    assert listed("expires=never") == listed("ip=none") == {"Administration"}
    assert listed("used=never") == {"Administration", "Bound"}
    assert listed("creator=mem_nobody") == set()
    assert admin("GET", "api-keys?expires=always").status_code == 422
    assert bound.id in {key["client_id"] for key in admin.ok("GET", "api-keys")["items"]}
