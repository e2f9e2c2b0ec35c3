"""Where a key may be used from: what a list takes, what it tells about it, and when it is in force."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.client import Admin
from tests.world import Key, World

BODY = {"name": "ERP", "group": "Read only"}


def from_(world: World, address: str, secret: str) -> tuple[int, str | None]:
    """What /api/user answers to a key from an address."""
    answer = world.client.get("/api/user", headers={"X-API-Key": secret}, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.json.get("error")


@pytest.mark.spec("S4-3", "S4-32", "S4-33", "S4-46")
def test_a_list_of_addresses_is_enforced(admin: Admin, world: World) -> None:
    made = admin.ok("POST", "api-keys", data={**BODY, "ip_allowlist": "203.0.113.0/24\n192.0.2.7\n2001:db8::/32\n"})
    assert made["ip_allowlist"] == ["203.0.113.0/24", "192.0.2.7/32", "2001:db8::/32"]
    inside = ("203.0.113.9", "192.0.2.7", "2001:db8::1", "::ffff:203.0.113.9", "::ffff:c000:207")
    for address in inside:
        assert from_(world, address, made["client_secret"]) == (200, None), address
    outside = ("198.51.100.1", "192.0.2.8", "2001:db9::1", "::ffff:198.51.100.1", "", "nowhere", "fe80::1%eth0")
    for address in outside:
        assert from_(world, address, made["client_secret"]) == (403, "ip_not_allowed"), address
    free = admin.ok("POST", "api-keys", BODY)["client_secret"]
    for address in (*inside, *outside):
        assert from_(world, address, free) == (200, None), "without a list any address will do"


@pytest.mark.spec("S4-34", "S4-54")
@pytest.mark.parametrize(
    "bad",
    [
        "10.0.0.0/33",
        "300.1.1.1",
        "example.com",
        "10.0.0.1/255.0.0.0",
        "fe80::1%eth0",
        "10.0.0.1-10.0.0.9",
        "1.2.3",
        "/8",
    ],
)
def test_a_line_that_is_no_address_is_refused_by_its_number(admin: Admin, world: World, bad: str) -> None:
    key = world.key()
    for method, path, more in (("POST", "api-keys", BODY), ("PATCH", f"api-keys/{key.id}", {})):
        found = admin.refused(422, method, path, {**more, "ip_allowlist": ["10.0.0.1", "", bad]})
        assert [(error["field"], error["code"]) for error in found["errors"]] == [("ip_allowlist", "invalid_network")]
        assert found["errors"][0]["message"].startswith("Line 3: ")
    assert admin.ok("GET", f"api-keys/{key.id}")["ip_allowlist"] == []


def test_what_a_line_became_is_told_once_in_the_answer_that_saved_it(admin: Admin) -> None:
    lines = ["10.0.0.7/24", "", "203.0.113.7", "2001:db8::5/64", "::ffff:192.0.2.0/120", "0.0.0.0/0", "::/0"]
    told = [
        "Line 1 saved as 10.0.0.0/24.",
        "Line 4 saved as 2001:db8::/64.",
        "Line 5 saved as 192.0.2.0/24.",
        "Line 6 allows every IPv4 address.",
        "Line 7 allows every IPv6 address.",
    ]
    made = admin.ok("POST", "api-keys", {**BODY, "ip_allowlist": lines})
    assert made["notices"] == told
    assert made["ip_allowlist"][0] == "10.0.0.0/24"
    address = f"api-keys/{made['client_id']}"
    assert admin.ok("PATCH", address, {"ip_allowlist": lines[:1]})["notices"] == told[:1]
    assert admin.ok("PATCH", address, data={"ip_allowlist": "\r\n".join(lines[:4])})["notices"] == [
        told[0],
        "Line 3 saved as 2001:db8::/64.",
    ]
    for quiet in (admin.ok("GET", address), admin.ok("PATCH", address, {"name": "CRM", "ip_allowlist": ["10.0.0.7"]})):
        assert "notices" not in quiet


def test_a_list_holds_a_hundred_entries_and_no_repeats(admin: Admin) -> None:
    hundred = [f"10.0.{number}.0/24" for number in range(100)]
    made = admin.ok("POST", "api-keys", {**BODY, "ip_allowlist": [*hundred, *hundred, "10.0.5.9/24"]})
    assert made["ip_allowlist"] == hundred
    found = admin.refused(422, "POST", "api-keys", {**BODY, "ip_allowlist": [*hundred, "10.1.0.0/24"]})
    assert [(error["field"], error["code"]) for error in found["errors"]] == [("ip_allowlist", "too_many")]


@pytest.mark.spec("S4-56")
def test_an_edited_list_is_in_force_at_the_next_call_tokens_included(admin: Admin, world: World) -> None:
    made = admin.ok("POST", "api-keys", BODY)
    key, server = Key(made["client_id"], made["client_secret"]), world.resource_server()
    token = world.token(key)

    def answers() -> tuple[Any, ...]:
        bearer = {"Authorization": f"Bearer {token}"}
        return (
            world.whoami(key.secret),
            world.client.get("/api/user", headers=bearer).status_code,
            world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth).status_code,
            world.introspect(server, token, client_address="127.0.0.1")["active"],
            world.introspect(server, token).get("ip_allowlist"),
        )

    assert answers() == (200, 200, 200, True, None)
    admin.ok("PATCH", f"api-keys/{key.id}", {"ip_allowlist": ["198.51.100.1"]})
    assert answers() == (403, 403, 400, False, ["198.51.100.1/32"])
    admin.ok("PATCH", f"api-keys/{key.id}", {"ip_allowlist": ["198.51.100.1", "127.0.0.0/8"]})
    assert answers() == (200, 200, 200, True, ["198.51.100.1/32", "127.0.0.0/8"])
    admin.ok("PATCH", f"api-keys/{key.id}", {"ip_allowlist": []})
    assert answers() == (200, 200, 200, True, None)
