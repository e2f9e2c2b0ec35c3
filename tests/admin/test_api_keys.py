"""API keys over HTTP: create, look at, edit, delete."""

from __future__ import annotations

import pytest

from tests.admin.client import Admin, group
from tests.world import World


def test_a_created_key_works_at_once_and_its_secret_is_shown_once(admin: Admin, world: World) -> None:
    answer = admin("POST", "api-keys", {"name": " Mobile App ", "group": "Read only", "description": "Phones"})
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"/admin/api-keys/{made['client_id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (made["name"], made["description"], made["group"]["id"]) == ("Mobile App", "Phones", "grp_ro")
    assert made["expires_at"] is None
    assert world.whoami(made["client_secret"]) == 200
    seen = admin.ok("GET", f"api-keys/{made['client_id']}")
    assert seen == {name: value for name, value in made.items() if name != "client_secret"}
    assert made["client_secret"] not in admin("GET", "audit-events").text


def test_a_group_is_named_by_id_or_name(admin: Admin) -> None:
    for named in ("grp_ro", "Read only", "read ONLY"):
        for member in ("group", "authorization_group"):
            assert admin.ok("POST", "api-keys", {"name": "ERP", member: named})["group"]["id"] == "grp_ro"


def test_a_form_creates_the_same_key_as_json(admin: Admin) -> None:
    form = {
        "name": "ERP",
        "group": "Read only",
        "expires_at": "",
        "ip_allowlist": ["203.0.113.7\n\n2001:db8::/32", "10.0.0.1"],
    }
    made = admin.ok("POST", "api-keys", data=form)
    assert made["expires_at"] is None
    assert made["ip_allowlist"] == ["203.0.113.7/32", "2001:db8::/32", "10.0.0.1/32"]


def test_a_date_is_worked_through_in_the_tenants_zone(admin: Admin) -> None:
    admin.ok("PATCH", "tenant", {"time_zone": "America/New_York"})
    made = admin.ok("POST", "api-keys", {"name": "ERP", "group": "Read only", "expires_at": "2026-12-31"})
    assert made["expires_at"] == "2027-01-01T04:59:59Z"


def test_every_bad_member_of_a_new_key_is_named(admin: Admin) -> None:
    bad = {
        "name": "x",
        "group": "none such",
        "ip_allowlist": ["here"],
        "expires_at": "2026-01-01",
        "description": "d" * 1001,
    }
    assert admin.fields("POST", "api-keys", bad) == set(bad)
    wrong = {"name": 5, "group": True, "ip_allowlist": "10.0.0.1", "secret": "mine"}
    assert admin.fields("POST", "api-keys", wrong) == set(wrong)
    assert admin.fields("POST", "api-keys", {}) == {"name"}
    assert admin.fields("POST", "api-keys", {"name": "ERP"}) == {"group"}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_no_expiry_is_too_strange_for_an_answer(admin: Admin, zone: str) -> None:
    admin.ok("PATCH", "tenant", {"time_zone": zone})
    body = {"name": "ERP", "group": "Read only"}
    assert admin("POST", "api-keys", {**body, "expires_at": "9999-12-31"}).status_code in {201, 422}
    for strange in (
        "0001-01-01",
        "9999-12-31T23:59:59-14:00",
        "tomorrow",
        "2027-1-1",
        "2027-02-30",
        "2027-01-01T12:00:00",
    ):
        assert admin.fields("POST", "api-keys", {**body, "expires_at": strange}) == {"expires_at"}


def test_an_edit_changes_what_is_given_and_nothing_else(admin: Admin, world: World) -> None:
    key = world.key(description="Old")
    edited = admin.ok("PATCH", f"api-keys/{key.id}", {"name": "New name", "ip_allowlist": ["10.0.0.0/8"]})
    assert (edited["name"], edited["description"], edited["version"]) == ("New name", "Old", 2)
    assert world.whoami(key.secret) == 403
    assert admin.ok("PATCH", f"api-keys/{key.id}", data={"ip_allowlist": "", "description": ""})["ip_allowlist"] == []
    assert world.whoami(key.secret) == 200
    assert admin.ok("PATCH", f"api-keys/{key.id}", {"group": "Read only"})["group"]["id"] == "grp_ro"


@pytest.mark.spec("S5-24")
def test_what_cannot_be_changed_is_called_immutable(admin: Admin, world: World) -> None:
    fixed = {"client_id", "expires_at", "created_at", "status", "scopes", "tenant", "version", "secrets"}
    found = admin.refused(422, "PATCH", f"api-keys/{world.key().id}", dict.fromkeys(fixed))
    assert {(error["field"], error["code"]) for error in found["errors"]} == {(m, "immutable_member") for m in fixed}
    for secret in ("client_secret", "secret"):
        assert admin.fields("PATCH", f"api-keys/{world.key().id}", {secret: world.key().secret}) == {secret}


def test_an_edit_that_breaks_a_rule_changes_nothing(admin: Admin, world: World) -> None:
    key = world.key()
    # Without a default group of the tenant, an empty name of a group is none.
    bad = {"name": None, "group": None, "description": None, "ip_allowlist": None, "colour": "red"}
    assert admin.fields("PATCH", f"api-keys/{key.id}", bad) == set(bad)
    for body in (
        {"name": ""},
        {"group": ""},
        {"ip_allowlist": ["10.0.0.1", "x"]},
        {"name": "New", "group": "none such"},
    ):
        admin.refused(422, "PATCH", f"api-keys/{key.id}", body)
    assert admin.ok("GET", f"api-keys/{key.id}")["version"] == 1


def test_a_deleted_key_is_gone_everywhere(admin: Admin, world: World) -> None:
    key = world.key()
    assert admin.ok("GET", "api-keys")["total"] == 2
    assert admin("DELETE", f"api-keys/{key.id}").status_code == 204
    assert world.whoami(key.secret) == 401
    assert admin.ok("GET", "api-keys")["total"] == 1
    for method, path, body in [("GET", "", None), ("PATCH", "", {}), ("DELETE", "", None), ("POST", "/rotate", {})]:
        admin.refused(404, method, f"api-keys/{key.id}{path}", body)


def test_the_key_limit_is_told(admin: Admin, operator: Admin, world: World) -> None:
    operator.ok("PATCH", f"tenants/{world.tenant['id']}", {"key_limit": 1})
    assert admin.refused(409, "POST", "api-keys", {"name": "ERP", "group": "Read only"})["error"] == "key_limit_reached"


def test_a_key_that_is_not_there_is_not_found(admin: Admin) -> None:
    for name in ("kt_0000000000000000", "x", "%00", "kt_%00", "%FF", "%F0%9F%94%91", "..%2Ftenants", "a" * 3000):
        for method, body in [("GET", None), ("PATCH", {}), ("DELETE", None)]:
            admin.refused(404, method, f"api-keys/{name}", body)


def test_a_token_for_the_management_api_does_what_its_key_may(world: World) -> None:
    key = world.key()
    token = Admin(world, world.token(key, resource="https://keys.example/admin"))
    made = token.ok("POST", "api-keys", {"name": "ERP", "group": "Read only"})
    assert made["created_by"] == f"key:{key.id}"
    narrow = Admin(world, world.token(key, resource="https://keys.example/admin", scope="api_keys:write"))
    narrow.refused(403, "GET", "api-keys")
    assert (
        narrow.refused(403, "POST", "api-keys", {"name": "X1", "group": "Full access"})["error"]
        == "group_exceeds_caller"
    )
    group(world, "Contacts", "contacts:read")
    narrow.ok("POST", "api-keys", {"name": "X1", "group": "Contacts"})
