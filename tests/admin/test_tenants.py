"""Tenants over HTTP: the operator's, and one's own."""

from __future__ import annotations

from tests.admin.client import Admin
from tests.world import World


def test_the_operator_creates_looks_at_edits_and_closes_a_tenant(operator: Admin, world: World) -> None:
    answer = operator("POST", "tenants", {"name": "Globex"})
    made = answer.json
    assert answer.headers["Location"] == f"/admin/tenants/{made['id']}"
    assert (made["plan"], made["key_limit"], made["rate_limit"]) == ("standard", 5, 100)
    assert made["setup_url"].startswith("https://keys.example/set-up/")
    seen = operator.ok("GET", "tenants/Globex")
    assert seen == {**{name: value for name, value in made.items() if name != "setup_url"}, "keys_used": 0}
    key = world.key("Theirs", tenant=made)
    changes = {"plan": "enterprise", "key_limit": 7, "rate_limit": 10**9, "max_overlap": "24h", "token_lifetime": 60}
    edited = operator.ok("PATCH", f"tenants/{made['id']}", changes)
    assert {name: edited[name] for name in changes} == {**changes, "max_overlap": 86400}
    none = operator.ok(
        "PATCH", f"tenants/{made['id']}", data={"key_limit": "", "token_lifetime": "", "max_overlap": "60"}
    )
    assert (none["key_limit"], none["token_lifetime"], none["max_overlap"]) == (None, None, 60)
    assert operator.ok("POST", f"tenants/{made['id']}/close")["closed_at"] == "2026-11-21T12:00:00Z"
    assert world.whoami(key.secret) == 403
    assert operator.refused(409, "POST", f"tenants/{made['id']}/close")["error"] == "tenant_closed"


def test_tenants_come_in_pages(operator: Admin, world: World) -> None:
    made = {world.new_tenant(f"Tenant {number}")["id"] for number in range(3)}
    first = operator.ok("GET", "tenants?per=2")
    rest = operator.ok("GET", f"tenants?per=2&after={first['next']}")
    assert {item["id"] for item in first["items"] + rest["items"]} >= made
    assert operator.fields("GET", "tenants?per=101") == {"per"}


def test_every_bad_member_of_a_tenant_is_named(operator: Admin, world: World) -> None:
    assert operator.fields("POST", "tenants", {"plan": "gold", "key_limit": 3}) == {"name", "plan", "key_limit"}
    assert operator.fields("POST", "tenants", {"name": "x"}) == {"name"}
    world.new_tenant("Globex")
    assert operator.refused(409, "POST", "tenants", {"name": "Globex"})["error"] == "tenant_exists"
    bad = {"time_zone": "Mars/Olympus", "key_limit": -1, "rate_limit": 0, "max_overlap": "91d", "token_lifetime": 59}
    bad |= {"default_group": "none such", "name": ""}
    assert operator.fields("PATCH", "tenants/Globex", bad) == set(bad)
    wrong = {
        "api_access": "yes",
        "rate_limit": 1.5,
        "key_limit": True,
        "max_overlap": "soon",
        "listed_keys": 0,
        "id": "x",
    }
    assert operator.fields("PATCH", "tenants/Globex", wrong) == set(wrong)
    for method, path, body in [("GET", "", None), ("PATCH", "", {}), ("POST", "/close", None)]:
        operator.refused(404, method, f"tenants/nobody{path}", body)


def test_a_tenant_edits_its_own_settings_and_not_its_plan(admin: Admin, world: World) -> None:
    assert admin.ok("GET", "tenant")["id"] == world.tenant["id"]
    given = {
        "name": "Acme Ltd",
        "time_zone": "Europe/Berlin",
        "default_group": "Read only",
        "max_overlap": 0,
        "token_lifetime": "5m",
    }
    edited = admin.ok("PATCH", "tenant", given)
    assert (edited["default_group"], edited["max_overlap"], edited["token_lifetime"]) == ("grp_ro", 0, 300)
    assert admin.ok("POST", "api-keys", {"name": "ERP"})["group"]["id"] == "grp_ro"
    assert admin.ok("PATCH", "tenant", {"default_group": None, "token_lifetime": None})["default_group"] is None
    operators = {"plan": "enterprise", "key_limit": None, "rate_limit": 10**6, "closed_at": None, "id": "ten_x"}
    found = admin.refused(422, "PATCH", "tenant", operators)["errors"]
    assert {(error["field"], error["code"]) for error in found} == {(name, "immutable_member") for name in operators}


def test_a_tenant_that_switches_api_access_off_stops_its_own_key(admin: Admin) -> None:
    assert admin.ok("PATCH", "tenant", {"api_access": False})["api_access"] is False
    assert admin.refused(403, "GET", "tenant")["error"] == "api_access_disabled"
