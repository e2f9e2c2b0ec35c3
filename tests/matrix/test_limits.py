"""How many keys a tenant may have, and what counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.client import Admin
from tests.admin.client import group as made_group
from tests.world import World

BODY = {"name": "ERP", "group": "Read only"}


def used(caller: Admin) -> tuple[str, int, int | None]:
    """What the list and the tenant tell of the limit."""
    tenant = caller.ok("GET", "tenant")
    return caller("GET", "api-keys").headers["X-API-Keys-Used"], tenant["keys_used"], tenant["key_limit"]


@pytest.fixture
def standard(world: World) -> Admin:
    """The first key of a tenant on plan Standard."""
    return Admin(world, world.key("First", tenant=world.new_tenant("Small", "standard")).secret)


@pytest.mark.spec("S2-46", "S4-44", "S4-45", "S4-72")
def test_five_keys_are_a_standard_tenants_lot(standard: Admin) -> None:
    made = [standard.ok("POST", "api-keys", BODY)["client_id"] for _ in range(4)]
    assert used(standard) == ("5/5", 5, 5)
    refused = standard.refused(409, "POST", "api-keys", BODY)
    assert (refused["error"], refused["message"]) == ("key_limit_reached", "This tenant has 5 of 5 API Keys.")
    assert refused["hints"] == ["Revoke a key you no longer need.", "Contact support to raise the limit."]
    for free in (
        lambda: standard.ok("POST", f"api-keys/{made[0]}/revoke"),
        lambda: standard.ok("DELETE", f"api-keys/{made[1]}"),
    ):
        free()
        assert used(standard) == ("4/5", 4, 5)
        standard.ok("POST", "api-keys", BODY)
        standard.refused(409, "POST", "api-keys", BODY)


@pytest.mark.spec("S2-47")
def test_an_enterprise_tenant_has_as_many_as_it_likes(admin: Admin) -> None:
    for _ in range(25):
        admin.ok("POST", "api-keys", BODY)
    assert used(admin) == ("26", 26, None)


@pytest.mark.spec("S4-72")
def test_only_what_can_still_be_used_counts(standard: Admin, operator: Admin, world: World) -> None:
    soon = standard.ok("POST", "api-keys", {**BODY, "expires_at": "2026-11-22"})
    rotating = standard.ok("POST", "api-keys", BODY)
    standard.ok("POST", f"api-keys/{rotating['client_id']}/rotate", {"overlap": "24h"})
    assert used(standard)[0] == "3/5", "a key in an overlap counts once"
    operator.ok("POST", "resource-servers", {"name": "Contacts API", "tenant": "Small"})
    assert used(standard)[0] == "3/5", "a resource server counts in no limit"
    world.clock.advance(days=2)
    assert used(standard)[0] == "2/5", "an expired key does not count"
    standard.ok("POST", f"api-keys/{soon['client_id']}/rotate", {"expires_at": None})
    assert used(standard)[0] == "3/5", "one that came back does"


def test_a_suspended_key_keeps_its_place(standard: Admin, operator: Admin, world: World) -> None:
    """Otherwise a tenant that switches its API access back on would be over its limit."""
    for _ in range(4):
        standard.ok("POST", "api-keys", BODY)
    operator.ok("PATCH", "tenants/Small", {"api_access": False})
    assert operator.ok("GET", "tenants/Small")["keys_used"] == 5
    operator.ok("PATCH", "tenants/Small", {"api_access": True})
    standard.refused(409, "POST", "api-keys", BODY)


def test_a_limit_lowered_below_what_is_used_takes_nothing_away(standard: Admin, operator: Admin) -> None:
    for _ in range(4):
        standard.ok("POST", "api-keys", BODY)
    operator.ok("PATCH", "tenants/Small", {"key_limit": 3})
    assert used(standard) == ("5/3", 5, 3)
    assert standard.refused(409, "POST", "api-keys", BODY)["message"] == "This tenant has 5 of 3 API Keys."
    operator.ok("PATCH", "tenants/Small", {"key_limit": 6})
    standard.ok("POST", "api-keys", BODY)
    standard.refused(409, "POST", "api-keys", BODY)
    operator.ok("PATCH", "tenants/Small", {"key_limit": None})
    standard.ok("POST", "api-keys", BODY)
    operator.ok("PATCH", "tenants/Small", {"key_limit": 0})
    assert standard.refused(409, "POST", "api-keys", BODY)["error"] == "key_limit_reached"


def test_nobody_inside_a_tenant_raises_its_limit(standard: Admin) -> None:
    for member, value in (("key_limit", 100), ("plan", "enterprise"), ("rate_limit", 10**6)):
        assert standard.fields("PATCH", "tenant", {member: value}) == {member}


@pytest.mark.spec("S4-23", "S4-24", "S4-26", "S4-27", "S4-54")
def test_a_keys_members_have_the_lengths_that_are_told(admin: Admin, world: World) -> None:
    key = f"api-keys/{world.key().id}"
    for name, fine in (("", False), (" x ", False), ("xy", True), ("\u00e9" * 200, True), ("x" * 201, False)):
        assert (admin("POST", "api-keys", {**BODY, "name": name}).status_code == 201) is fine, name
        assert (admin("PATCH", key, {"name": name}).status_code == 200) is fine, name
    for size, fine in ((0, True), (1000, True), (1001, False)):
        assert (admin("POST", "api-keys", {**BODY, "description": "d" * size}).status_code == 201) is fine
        assert (admin("PATCH", key, {"description": "d" * size}).status_code == 200) is fine
    assert admin.fields("POST", "api-keys", {}) == {"name"}
    assert admin.fields("POST", "api-keys", {"name": "ERP"}) == {"group"}
    assert admin.ok("POST", "api-keys", {**BODY, "name": "  ERP  "})["name"] == "ERP"


@pytest.mark.spec("S5-3", "S5-4", "S5-5", "S5-6", "S5-7")
def test_the_management_api_is_rest_as_everybody_knows_it(admin: Admin, world: World) -> None:
    answers: list[tuple[Any, int, str]] = []

    def asked(status: int, method: str, path: str, json: Any = None, **more: Any) -> Any:
        answer = admin(method, path, json, **more)
        answers.append((answer, status, f"{method} {path}"))
        return answer.json

    made = asked(201, "POST", "api-keys", data={"name": "Zap", "authorization_group": "grp_ro"})
    address = f"api-keys/{made['client_id']}"
    asked(200, "GET", "api-keys")
    asked(200, "GET", address)
    asked(200, "PATCH", address, {"name": "Zapier"})
    asked(400, "POST", "api-keys", data="{", content_type="application/json")
    asked(403, "GET", "tenants")
    asked(404, "GET", "api-keys/kt_0000000000000000")
    asked(405, "PUT", address)
    asked(409, "DELETE", f"authorization-groups/{_used(world)}")
    asked(422, "POST", "api-keys", {"name": "x"})
    asked(200, "GET", "authorization-groups/grp_ro")
    nobody = world.client.get("/admin/api-keys")
    answers.append((nobody, 401, "nobody"))
    for answer, status, asked_for in answers:
        assert answer.status_code == status, asked_for
        assert answer.content_type == ("application/json" if status < 400 else "application/problem+json")
    put = next(answer for answer, status, _ in answers if status == 405)
    assert put.headers["Allow"] == "DELETE, GET, HEAD, PATCH"
    assert admin("DELETE", address).status_code == 204


def _used(world: World) -> str:
    group = made_group(world, "Used", "contacts:read")
    world.key(group="Used")
    return str(group["id"])


@pytest.mark.spec("S2-34", "S2-35")
def test_a_key_sees_its_own_tenant_whatever_it_asks_for(admin: Admin, world: World) -> None:
    other = world.new_tenant("Globex")
    theirs = world.key("Theirs", tenant=other)
    mine = world.key("Mine")
    for tampered in (f"?tenant={other['id']}", "?tenant=Globex", "?tenant_id=" + other["id"]):
        answer = world.client.get(f"/api/user{tampered}", headers={"X-API-Key": mine.secret})
        assert answer.json["tenant"]["id"] == world.tenant["id"]
        assert theirs.id not in admin("GET", f"api-keys{tampered}").text
    assert theirs.id not in admin("GET", "api-keys").text
    admin.refused(404, "GET", f"api-keys/{theirs.id}")
    admin.refused(403, "GET", f"tenants/{other['id']}")
