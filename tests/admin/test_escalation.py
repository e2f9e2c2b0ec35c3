"""Nobody gets further than their own key: every way up that the management API might offer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.actions import members
from app.web.admin.openapi import EVERY
from app.web.admin.operations import Operation
from tests.admin.client import Admin, group, operator_key, resource_server
from tests.world import OPERATOR, Key, World

GUARDED = [operation for operation in EVERY if operation.scope is not None]
OPERATORS = [operation for operation in GUARDED if operation.kinds == {"operator"}]
TENANTS = [operation for operation in GUARDED if "operator" not in operation.kinds]
BODIES: dict[str, Any] = {
    "rotate_api_key": {},
    "overlap_api_key": {"end": "now"},
    "edit_api_key": {"name": "Mine now"},
    "edit_group": {"name": "Mine now"},
    "edit_member": {"name": "Mine now"},
}


def called(caller: Admin, operation: Operation, name: str = "anything") -> Any:
    path = re.sub(r"{\w+}", name, operation.path).removeprefix("/admin/")
    return caller(operation.method, path, BODIES.get(operation.name))


def test_a_tenants_strongest_key_opens_no_address_of_the_operator(admin: Admin, world: World) -> None:
    kid = admin.ok("GET", "signing-keys")["items"][0]["kid"]
    for operation in OPERATORS:
        for name in (world.tenant["id"], kid, "contacts:read"):
            answer = called(admin, operation, name)
            assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope"), operation.path


def test_an_operator_key_and_a_resource_server_open_no_address_of_a_tenant(operator: Admin, world: World) -> None:
    server = Admin(world, resource_server(world).secret)
    bound = Admin(world, resource_server(world, tenant=world.tenant["id"]).secret)
    for operation in TENANTS:
        for caller in (operator, server, bound):
            assert called(caller, operation).status_code == 403, operation.path
    for operation in OPERATORS:
        assert called(server, operation).status_code == called(bound, operation).status_code == 403


def test_every_operation_needs_its_scope(world: World) -> None:
    group(world, "Product", "contacts:read", "contacts:write")
    powerless = Admin(world, world.key("Powerless", group="Product").secret)
    for operation in GUARDED:
        answer = called(powerless, operation)
        assert answer.json["error"] == "insufficient_scope", operation.path
        assert f'scope="{operation.scope}"' in answer.headers["WWW-Authenticate"]
        assert operation.scope in answer.json["hints"][0]


def test_reading_scopes_change_nothing(world: World) -> None:
    group(
        world,
        "Reader",
        *(f"{what}:read" for what in ("api_keys", "groups", "members", "tenant", "audit", "signing_keys")),
    )
    reader = Admin(world, world.key("Reader", group="Reader").secret)
    for operation in GUARDED:
        expected = {403} if operation.writes or operation in OPERATORS else {200, 404}
        assert called(reader, operation).status_code in expected, operation.path


@pytest.fixture
def theirs(world: World) -> dict[str, str]:
    """What another tenant has, by the list it is in."""
    other = world.new_tenant("Other")
    key = world.key("Theirs", tenant=other)
    member = members.create(
        world.ctx, OPERATOR, other["id"], world.clock(), email="eve@example.com", name="Eve", role="global_admin"
    )
    return {
        "api-keys": key.id,
        "authorization-groups": group(world, "Hidden", "contacts:read", tenant=other)["id"],
        "members": member["id"],
    }


def test_another_tenants_objects_are_not_there(admin: Admin, world: World, theirs: dict[str, str]) -> None:
    tried = set()
    for operation in TENANTS:
        found = re.match(r"/admin/([\w-]+)/{", operation.path)
        if found is not None:
            tried.add(operation.name)
            answer = called(admin, operation, theirs[found[1]])
            assert answer.status_code == 404, operation.path
            missing = called(admin, operation, "nobody_0000000000000000")
            assert answer.json["message"] == missing.json["message"]
    assert len(tried) == 16
    for named in ("Hidden", theirs["authorization-groups"]):
        assert admin.fields("POST", "api-keys", {"name": "ERP", "group": named}) == {"group"}
        assert admin.fields("PATCH", "tenant", {"default_group": named}) == {"default_group"}
    mine = group(world, "Mine", "contacts:read")
    target = theirs["authorization-groups"]
    assert admin.fields("DELETE", f"authorization-groups/{mine['id']}?move_to={target}") == {"move_to"}
    other = Admin(world, world.key("Witness", tenant={"id": _tenant_of(world, theirs)}).secret)
    assert other.ok("GET", f"api-keys/{theirs['api-keys']}")["version"] == 1


def _tenant_of(world: World, theirs: dict[str, str]) -> str:
    found: str = members.show(world.ctx, None, theirs["members"])["tenant"]
    return found


def test_keys_of_other_kinds_are_no_tenants_keys(admin: Admin, world: World) -> None:
    for key in (operator_key(world), resource_server(world, tenant=world.tenant["id"])):
        for method, path, body in [("GET", "", None), ("POST", "/rotate", None), ("DELETE", "", None)]:
            admin.refused(404, method, f"api-keys/{key.id}{path}", body)
        assert key.id not in admin("GET", "api-keys").text


@pytest.fixture
def keeper(world: World) -> tuple[Admin, Key]:
    """A key that manages keys, and may read contacts; and what it is."""
    group(world, "Keeper", "api_keys:write", "api_keys:read", "contacts:read")
    key = world.key("Keeper", group="Keeper")
    return Admin(world, key.secret), key


def test_who_manages_keys_makes_none_that_may_do_more(keeper: tuple[Admin, Key], world: World) -> None:
    caller, own = keeper
    group(world, "Writer", "contacts:write")
    strong = world.key("Strong")
    for named in ("Full access", "Writer", "grp_ro"):
        found = caller.refused(403, "POST", "api-keys", {"name": "New", "group": named})
        assert found["error"] == "group_exceeds_caller"
        assert caller.refused(403, "PATCH", f"api-keys/{own.id}", {"group": named})["error"] == "group_exceeds_caller"
    for path in ("rotate", "regenerate"):
        assert caller.refused(403, "POST", f"api-keys/{strong.id}/{path}")["error"] == "group_exceeds_caller"
    assert world.whoami(strong.secret) == 200
    caller.ok("POST", "api-keys", {"name": "Equal", "group": "Keeper"})
    caller.ok("POST", f"api-keys/{own.id}/rotate")


def test_a_default_group_is_no_way_up(keeper: tuple[Admin, Key], admin: Admin) -> None:
    caller, _ = keeper
    admin.ok("PATCH", "tenant", {"default_group": "Full access"})
    assert caller.refused(403, "POST", "api-keys", {"name": "New"})["error"] == "group_exceeds_caller"


def test_a_key_acting_as_a_member_is_no_way_up(keeper: tuple[Admin, Key], world: World) -> None:
    caller, _ = keeper
    boss = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email="b@example.com", name="Boss", role="global_admin"
    )
    acting = world.key("Acting", group="Same as the key's creator", created_by_member=boss["id"])
    assert caller.refused(403, "POST", f"api-keys/{acting.id}/rotate")["error"] == "group_exceeds_caller"
    assert caller.fields("POST", "api-keys", {"name": "New", "group": "grp_creator"}) == {"group"}
    assert caller.fields("POST", "api-keys", {"name": "New", "group": "Keeper", "created_by_member": boss["id"]})


def test_groups_and_members_are_no_way_up(world: World) -> None:
    group(world, "Helper", "groups:write", "groups:read", "members:write", "members:read", "contacts:read")
    caller = Admin(world, world.key("Helper", group="Helper").secret)
    for scope in ("contacts:write", "api_keys:write", "tenant:write"):
        caller.refused(403, "POST", "authorization-groups", {"name": "New", "scopes": [scope]})
        caller.refused(403, "PATCH", "authorization-groups/Helper", {"scopes": ["groups:write", scope]})
    for scope in ("tenants:write", "signing_keys:write", "scopes:read", "resource_servers:read"):
        caller.refused(422, "POST", "authorization-groups", {"name": "New", "scopes": [scope]})
    for role in ("global_admin", "tenant_administrator", "super_user", "auditor"):
        body = {"email": "me@example.com", "name": "Me", "role": role}
        assert caller.refused(403, "POST", "members", body)["error"] == "role_exceeds_caller"
    boss = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email="b@example.com", name="Boss", role="auditor"
    )
    assert caller.refused(403, "POST", f"members/{boss['id']}/reset")["error"] == "role_exceeds_caller"
    assert (
        caller.refused(403, "PATCH", f"members/{boss['id']}", {"role": "global_admin"})["error"]
        == "role_exceeds_caller"
    )


def test_only_the_right_token_comes_in(admin: Admin, world: World) -> None:
    key = world.key()
    for credential in (world.token(key), "kts_nonsense", "x.y.z", key.secret[:-1] + "!"):
        assert Admin(world, credential)("GET", "api-keys").status_code in {400, 401}
    assert Admin(world, world.token(key)).refused(401, "GET", "api-keys")["error"] == "invalid_api_key"
    Admin(world, world.token(key, resource="https://keys.example/admin")).ok("GET", "api-keys")


def test_neither_basic_nor_a_cookie_nor_another_site_comes_in(admin: Admin, world: World) -> None:
    key = world.key()
    basic = world.client.get("/admin/api-keys", headers={"Authorization": key.basic})
    assert (basic.status_code, basic.json["error"]) == (401, "invalid_api_key")
    cookie = world.client.get("/admin/api-keys", headers={"Cookie": f"session={key.secret}; X-API-Key={key.secret}"})
    assert cookie.status_code == 401
    for query in (f"api_key={key.secret}", f"access_token={key.secret}"):
        assert world.client.get(f"/admin/api-keys?{query}").status_code == 400
    site = {"Sec-Fetch-Site": "cross-site"}
    for operation in GUARDED:
        path = re.sub(r"{\w+}", "x", operation.path).removeprefix("/admin/")
        answer = admin(operation.method, path, headers=site)
        assert (answer.status_code, answer.json["error"]) == (403, "cross_site_request")
    admin.ok("GET", "api-keys", headers={"Sec-Fetch-Site": "same-origin"})
