"""What a key may do: its group as it is now, its creator as they are now, and never more than its maker held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.actions import keys, members, rotation
from app.actions.keys import NewKey
from app.domain.events import Actor
from app.domain.refusals import Forbidden
from app.domain.scopes import Role, of_role
from app.store import facts
from tests.admin.client import Admin
from tests.admin.client import group as made_group
from tests.matrix.doors import ADMIN
from tests.statements import heard
from tests.world import OPERATOR, Key, World

CREATOR = "Same as the key's creator"
WRITE = {"name": "New key", "group": "Read only"}


def person(world: World, role: str) -> dict[str, Any]:
    """A member of the tenant."""
    return members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email=f"{role}@acme.example", name="Ann", role=role
    )


def change(world: World, member: dict[str, Any], **to: Any) -> None:
    members.edit(world.ctx, OPERATOR, world.tenant["id"], member["id"], world.clock(), **to)


def reads_and_writes(caller: Admin) -> tuple[int, int]:
    """What listing keys and making one are answered with."""
    return caller("GET", "api-keys").status_code, caller("POST", "api-keys", WRITE).status_code


@pytest.mark.spec("S1-18", "S2-4", "S2-31", "S2-32", "S4-12")
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("global_admin", (200, 201)),
        ("tenant_administrator", (200, 201)),
        ("super_user", (200, 201)),
        ("auditor", (200, 403)),
        ("member", (403, 403)),
    ],
)
def test_a_key_like_its_creator_may_what_the_creator_may(world: World, role: str, expected: tuple[int, int]) -> None:
    """And of all of them who may not write changes no key."""
    key = world.key(group=CREATOR, created_by_member=person(world, role)["id"])
    caller, target = Admin(world, key.secret), world.key("Target")
    assert reads_and_writes(caller) == expected
    status = 200 if expected[1] == 201 else 403
    assert caller("PATCH", f"api-keys/{target.id}", {"name": "Renamed"}).status_code == status
    seen = Admin(world, world.key("Witness").secret).ok("GET", f"api-keys/{target.id}")
    assert seen["name"] == ("Renamed" if status == 200 else "Target")
    if role == "global_admin":
        full = world.key("Full")
        assert world.introspect(key, world.token(key))["scope"] == world.introspect(full, world.token(full))["scope"]


@pytest.mark.spec("S2-33")
def test_a_demoted_creator_narrows_the_key_and_its_tokens_at_the_next_call(world: World) -> None:
    creator = person(world, "tenant_administrator")
    key, server = world.key(group=CREATOR, created_by_member=creator["id"]), world.resource_server()
    token, admin_token = world.token(key), Admin(world, world.token(key, resource=ADMIN))
    assert "contacts:write" in world.introspect(server, token)["scope"]
    assert reads_and_writes(admin_token) == (200, 201)
    change(world, creator, role="auditor")
    assert reads_and_writes(admin_token) == reads_and_writes(Admin(world, key.secret)) == (200, 403)
    narrowed = world.introspect(server, token)["scope"].split()
    assert narrowed
    assert all(scope.endswith(":read") for scope in narrowed)
    asked = world.client.post(
        "/token", data={"grant_type": "client_credentials", "scope": "contacts:write"}, auth=key.auth
    )
    assert asked.json["error"] == "invalid_scope"
    change(world, creator, role="member")
    assert world.introspect(server, token) == {"active": False}
    assert reads_and_writes(admin_token) == (403, 403)
    change(world, creator, role="global_admin")
    assert reads_and_writes(admin_token) == (200, 201)


@pytest.mark.spec("S5-30")
def test_keys_belong_to_the_tenant_and_survive_who_made_them(world: World) -> None:
    creator = person(world, "tenant_administrator")
    key = world.key(group="Read only", created_by_member=creator["id"])
    colleague = Admin(world, world.key(group=CREATOR, created_by_member=person(world, "super_user")["id"]).secret)
    assert colleague.ok("GET", f"api-keys/{key.id}")["status"] == "active"
    members.remove(world.ctx, OPERATOR, world.tenant["id"], creator["id"], world.clock())
    assert world.whoami(key.secret) == 200
    assert colleague.ok("GET", f"api-keys/{key.id}")["flags"] == ["never_used"]


@pytest.mark.spec("S2-45", "S4-53")
def test_another_group_takes_effect_at_the_next_call_tokens_included(admin: Admin, world: World) -> None:
    key, server = world.key(), world.resource_server()
    token, caller = world.token(key), Admin(world, world.token(key, resource=ADMIN))
    assert reads_and_writes(caller) == (200, 201)
    admin.ok("PATCH", f"api-keys/{key.id}", {"group": "Read only"})
    assert reads_and_writes(caller) == reads_and_writes(Admin(world, key.secret)) == (200, 403)
    assert all(scope.endswith(":read") for scope in world.introspect(server, token)["scope"].split())
    made_group(world, "Messages", "messages:send")
    admin.ok("PATCH", f"api-keys/{key.id}", {"group": "Messages"})
    assert reads_and_writes(caller) == (403, 403)
    assert world.introspect(server, token)["scope"] == "messages:send"


def test_an_edited_group_takes_effect_at_the_next_call_tokens_included(admin: Admin, world: World) -> None:
    group = made_group(world, "Keeper", "api_keys:read", "api_keys:write", "contacts:read", "contacts:write")
    key, server = world.key(group="Keeper"), world.resource_server()
    token, caller = world.token(key), Admin(world, world.token(key, resource=ADMIN))
    address = f"authorization-groups/{group['id']}"
    admin.ok("PATCH", address, {"scopes": ["contacts:read"]})
    assert world.introspect(server, token)["scope"] == "contacts:read"
    assert reads_and_writes(caller) == reads_and_writes(Admin(world, key.secret)) == (403, 403)
    admin.ok("PATCH", address, {"scopes": ["api_keys:read", "contacts:write"]})
    assert world.introspect(server, token)["scope"] == "contacts:write"
    assert reads_and_writes(caller) == (200, 403)


@pytest.mark.spec("S4-2", "S4-28", "S5-11")
def test_a_key_gets_a_group_for_keys_and_none_other(admin: Admin, world: World) -> None:
    people = admin.ok("POST", "authorization-groups", {"name": "People", "type": "user", "scopes": ["contacts:read"]})
    for named in (people["id"], "People", "grp_rs", "grp_operator", "nobody"):
        assert admin.fields("POST", "api-keys", {"name": "ERP", "group": named}) == {"group"}
        assert admin.fields("PATCH", f"api-keys/{world.key().id}", {"group": named}) == {"group"}
        assert admin.fields("PATCH", "tenant", {"default_group": named}) == {"default_group"}
    assert admin.fields("POST", "api-keys", {"name": "ERP"}) == {"group"}
    admin.ok("PATCH", "tenant", {"default_group": "Read only"})
    made = admin.ok("POST", "api-keys", {"name": "ERP"})
    assert made["group"]["id"] == "grp_ro"
    assert set(
        world.introspect(key := Key(made["client_id"], made["client_secret"]), world.token(key))["scope"].split()
    ) == {scope for scope in made["scopes"] if scope not in {"api_keys:read", "groups:read"}}


def test_a_group_in_use_goes_with_its_keys_in_one_call(admin: Admin, world: World) -> None:
    group = made_group(world, "Going", "contacts:read", "contacts:write")
    key = world.key(group="Going")
    token = world.token(key)
    address = f"authorization-groups/{group['id']}"
    refused = admin.refused(409, "DELETE", address)
    assert (refused["error"], refused["message"]) == ("group_in_use", "API keys that use this group: 1.")
    assert world.introspect(key, token)["scope"] == "contacts:read contacts:write"
    admin.ok("DELETE", f"{address}?move_to=Read+only")
    assert world.introspect(key, token)["scope"] == "contacts:read"
    assert admin.ok("GET", f"api-keys/{key.id}")["group"] == {"id": "grp_ro", "name": "Read only"}
    admin.refused(404, "GET", address)


def test_the_catalogue_is_the_operators_and_groups_draw_on_it(admin: Admin, operator: Admin, world: World) -> None:
    key = world.key()
    body = {"name": "Invoices", "scopes": ["invoices:read"]}
    assert admin.fields("POST", "authorization-groups", body) == {"scopes"}
    operator.ok("POST", "scopes", {"name": "invoices:read", "description": "Look at invoices"})
    assert world.introspect(key, world.token(key, scope="invoices:read"))["scope"] == "invoices:read"
    admin.ok("POST", "authorization-groups", body)
    admin.refused(403, "GET", "scopes")
    for forbidden in ("tenants:write", "scopes:write", "signing_keys:write", "resource_servers:read"):
        assert admin.fields("POST", "authorization-groups", {"name": "Up", "scopes": [forbidden]}) == {"scopes"}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.GLOBAL_ADMIN, {"Full access", "Read only"}),
        (Role.TENANT_ADMINISTRATOR, {"Full access", "Read only"}),
        (Role.SUPER_USER, {"Read only"}),
        (Role.AUDITOR, {"Read only"}),  # it holds as much; that it may make no keys is asked before
        (Role.MEMBER, set()),
    ],
)
def test_nobody_assigns_more_than_their_role_holds_but_global_admins(world: World, role: Role, may: set[str]) -> None:
    tenant, product = world.tenant["id"], world.ctx.database.read(facts.product_scopes)
    someone = person(world, role)
    unbound = role is Role.GLOBAL_ADMIN
    actor = Actor("member", someone["id"], tenant, scope=of_role(role, product), unbound=unbound)
    strong, weak = world.key("Strong", group="Full access"), world.key("Weak", group="Read only")
    now = world.clock()
    for named in ("Full access", "Read only"):
        target = strong if named == "Full access" else weak
        tries: list[Callable[[], Any]] = [
            lambda named=named: keys.create(world.ctx, actor, tenant, NewKey("New", group=named), now),
            lambda named=named: keys.edit(world.ctx, actor, tenant, weak.id, now, group=named),
            lambda target=target: rotation.rotate(world.ctx, actor, tenant, target.id, now),
        ]
        for attempt in tries:
            if named in may:
                attempt()
            else:
                with pytest.raises(Forbidden) as forbidden:
                    attempt()
                assert forbidden.value.code == "group_exceeds_caller"
        keys.edit(world.ctx, OPERATOR, tenant, weak.id, now, group="Read only")
    own = keys.create(world.ctx, actor, tenant, NewKey("Own", group=CREATOR), world.clock())
    assert own.key["scopes"] == sorted(of_role(role, product)), "one's own permissions are never more than one's own"


def test_a_list_asks_for_all_creators_at_once(world: World) -> None:
    people = [person(world, role) for role in ("tenant_administrator", "super_user", "auditor")]
    caller = Admin(world, world.key("Caller").secret)

    def asked() -> int:
        with heard(world.ctx.database.reader) as said:
            caller.ok("GET", "api-keys")
        return len(said)

    world.key("First", group=CREATOR, created_by_member=people[0]["id"])
    once = asked()
    for number, member in enumerate(people * 2):
        world.key(f"Key {number}", group=CREATOR, created_by_member=member["id"])
    assert asked() == once
    change(world, people[1], active=False)
    listed = {key["name"]: key for key in caller.ok("GET", "api-keys")["items"]}
    assert [("suspended" in listed[f"Key {number}"]["flags"]) for number in range(3)] == [False, True, False]
    assert "api_keys:write" in listed["Key 0"]["scopes"]
    assert "api_keys:write" not in listed["Key 2"]["scopes"]
