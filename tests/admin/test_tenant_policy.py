"""What a tenant lays down for its keys holds for whoever makes or changes them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.actions import audit, members
from tests.admin.client import Admin, group
from tests.world import OPERATOR, START, World

TODAY = START.date()


def policy(admin: Admin, **members: Any) -> dict[str, Any]:
    """Lay down what is given."""
    return admin.ok("PATCH", "tenant", members)


def day(ahead: int) -> str:
    """The date so many days from now."""
    return (TODAY + timedelta(days=ahead)).isoformat()


def acting_for(world: World, role: str) -> Admin:
    """A key that may do what its creator may, who has this role."""
    made = members.create(
        world.ctx, OPERATOR, world.tenant["id"], world.clock(), email=f"{role}@example.com", name="Ada", role=role
    )
    key = world.key(role, group="Same as the key's creator", created_by_member=made["id"])
    return Admin(world, key.secret)


def test_a_key_ends_within_the_maximum_lifetime(admin: Admin) -> None:
    eternal = admin.ok("POST", "api-keys", {"name": "Before", "group": "Read only"})
    policy(admin, max_lifetime_days=30)
    new = {"name": "ERP", "group": "Read only"}
    for wanted in ({}, {"expires_at": None}, {"expires_at": day(31)}):
        refused = admin.refused(422, "POST", "api-keys", {**new, **wanted})
        assert [(error["field"], error["message"]) for error in refused["errors"]] == [
            ("expires_at", "Your tenant allows at most 30 days.")
        ]
    made = admin.ok("POST", "api-keys", {**new, "expires_at": day(30)})
    rotate = f"api-keys/{made['client_id']}/rotate"
    assert admin.fields("POST", rotate, {"expires_at": None}) == {"expires_at"}
    assert admin.fields("POST", rotate, {"expires_at": day(31)}) == {"expires_at"}
    assert admin.ok("POST", rotate, {"expires_at": day(7)})["expires_at"] == f"{date.fromisoformat(day(7))}T23:59:59Z"
    # What was agreed before stays: a leaked secret must be replaceable at once, without a word about the end.
    assert admin.ok("POST", f"api-keys/{eternal['client_id']}/rotate", {"reason": "leak"})["expires_at"] is None
    policy(admin, max_lifetime_days=None)
    assert admin.ok("POST", "api-keys", {**new, "name": "After"})["expires_at"] is None


def test_the_maximum_lifetime_counts_days_of_the_tenants_zone(admin: Admin, world: World) -> None:
    policy(admin, max_lifetime_days=1, time_zone="Pacific/Auckland")
    world.clock.advance(hours=1)  # 13:00 UTC is 02:00 of the next day there
    new = {"name": "ERP", "group": "Read only"}
    assert admin.ok("POST", "api-keys", {**new, "expires_at": day(2)})["expires_at"] == f"{day(2)}T10:59:59Z"
    assert admin.fields("POST", "api-keys", {**new, "expires_at": day(3)}) == {"expires_at"}
    assert admin.fields("POST", "api-keys", {**new, "expires_at": f"{day(2)}T11:00:00Z"}) == {"expires_at"}


def test_a_required_address_list_is_there_and_keeps_somebody_out(admin: Admin) -> None:
    open_to_all = admin.ok("POST", "api-keys", {"name": "Before", "group": "Read only"})["client_id"]
    policy(admin, require_ip_allowlist=True)
    new = {"name": "ERP", "group": "Read only"}
    for lines in ([], ["0.0.0.0/0"], ["192.0.2.1", "::/0"]):
        assert admin.fields("POST", "api-keys", {**new, "ip_allowlist": lines}) == {"ip_allowlist"}
    assert admin.fields("POST", "api-keys", new) == {"ip_allowlist"}
    made = admin.ok("POST", "api-keys", {**new, "ip_allowlist": ["192.0.2.0/24"]})["client_id"]
    assert admin.fields("PATCH", f"api-keys/{made}", {"ip_allowlist": []}) == {"ip_allowlist"}
    assert admin.ok("PATCH", f"api-keys/{open_to_all}", {"name": "Older", "ip_allowlist": []})["name"] == "Older"
    assert admin.ok("PATCH", f"api-keys/{open_to_all}", {"ip_allowlist": ["192.0.2.9"]})["ip_allowlist"]
    assert admin.fields("PATCH", f"api-keys/{open_to_all}", {"ip_allowlist": []}) == {"ip_allowlist"}


def test_from_when_a_key_expires_soon_is_the_tenants_to_say(admin: Admin, world: World) -> None:
    made = admin.ok("POST", "api-keys", {"name": "ERP", "group": "Read only", "expires_at": day(20)})
    headers = {"X-API-Key": made["client_secret"]}

    def seen() -> tuple[str, bool, int, str, bool]:
        key = admin.ok("GET", f"api-keys/{made['client_id']}")
        listed = admin.ok("GET", "api-keys?expiration=expiring_soon")["items"]
        card = next(card for card in admin.ok("GET", "api-keys/health")["cards"] if card["name"] == "expiring_soon")
        told = "X-API-Key-Expires" in world.client.get("/api/user", headers=headers).headers
        assert (key["expiration_state"] == "expiring_soon") == ("expiring_soon" in key["flags"])
        return key["expiration_state"], bool(listed), card["count"], card["title"], told

    assert seen() == ("valid", False, 0, "Expiring within 14 days", False)
    policy(admin, expiring_soon_days=30)
    assert seen() == ("expiring_soon", True, 1, "Expiring within 30 days", True)
    policy(admin, expiring_soon_days=1)
    assert seen() == ("valid", False, 0, "Expiring within 1 day", False)


@pytest.mark.parametrize("role", ["tenant_administrator", "super_user"])
def test_where_only_global_admins_manage_keys_other_roles_only_look(admin: Admin, world: World, role: str) -> None:
    caller, new = acting_for(world, role), {"name": "ERP", "group": "Read only"}
    made = caller.ok("POST", "api-keys", new)["client_id"]
    acting_for(world, "global_admin").ok("PATCH", "tenant", {"key_managers": "global_admins"})
    for method, path, body in (
        ("POST", "api-keys", {**new, "name": "Other"}),
        ("PATCH", f"api-keys/{made}", {"name": "X2"}),
        ("POST", f"api-keys/{made}/rotate", {}),
        ("POST", f"api-keys/{made}/revoke", {}),
        ("DELETE", f"api-keys/{made}", None),
    ):
        assert caller.refused(403, method, path, body)["error"] == "insufficient_scope"
    shown = caller.ok("GET", f"api-keys/{made}")
    assert shown["status"] == "active"
    assert "api_keys:write" not in admin.ok("GET", f"api-keys?q={role}")["items"][0]["scopes"]
    assert admin.ok("POST", "api-keys", {**new, "name": "Of a program"})["client_id"]
    acting_for(world, "auditor").refused(403, "POST", "api-keys", new)


def test_who_manages_keys_is_said_by_global_admins_and_the_operator_alone(
    admin: Admin, operator: Admin, world: World
) -> None:
    boss = acting_for(world, "global_admin")
    group(world, "Settings", "tenant:read", "tenant:write")
    others = [
        admin,
        acting_for(world, "tenant_administrator"),
        Admin(world, world.key("Settings key", group="Settings").secret),
    ]
    for caller in others:
        refused = caller.refused(403, "PATCH", "tenant", {"key_managers": "global_admins", "name": "Changed"})
        assert refused["error"] == "global_admin_only"
        assert caller.ok("PATCH", "tenant", {"key_managers": "by_role"})["name"] == "Acme"
    assert boss.ok("PATCH", "tenant", {"key_managers": "global_admins"})["key_managers"] == "global_admins"
    assert admin.refused(403, "PATCH", "tenant", {"key_managers": "by_role"})["error"] == "global_admin_only"
    path = f"tenants/{world.tenant['id']}"
    assert operator.ok("PATCH", path, {"key_managers": "by_role"})["key_managers"] == "by_role"


def test_every_setting_is_kept_told_and_written_down(admin: Admin, world: World) -> None:
    given = {
        "max_lifetime_days": 365,
        "expiring_soon_days": 7,
        "confirmation_days": 0,
        "require_ip_allowlist": True,
        "session_idle": 600,
        "session_lifetime": 3600,
        "reauth_after": 60,
        "require_mfa": True,
    }
    before = admin.ok("GET", "tenant")
    changed = policy(admin, **given)
    assert {name: changed[name] for name in given} == given
    assert {name: admin.ok("GET", "tenant")[name] for name in given} == given
    event = audit.page(world.ctx, world.tenant["id"], world.clock()).items[0]
    assert (event["event"], event["after"]) == ("tenant.edited", {**given, "version": changed["version"]})
    assert event["before"] == {name: before[name] for name in (*given, "version")}
    assert policy(admin, session_idle="20m", session_lifetime="1d")["session_lifetime"] == 86400


def test_a_setting_beyond_its_bounds_is_named(admin: Admin) -> None:
    low = {
        "max_lifetime_days": 0,
        "expiring_soon_days": 0,
        "confirmation_days": -1,
        "session_idle": 299,
        "session_lifetime": 899,
        "reauth_after": 59,
    }
    high = {
        "max_lifetime_days": 3651,
        "expiring_soon_days": 91,
        "confirmation_days": 366,
        "session_idle": "25h",
        "session_lifetime": "31d",
        "reauth_after": "13h",
    }
    wrong = {"key_managers": "nobody", "require_mfa": "yes", "require_ip_allowlist": 1, "expiring_soon_days": None}
    for bad in (low, high):
        assert admin.fields("PATCH", "tenant", bad) == set(bad)
    assert admin.fields("PATCH", "tenant", wrong) >= {"key_managers", "require_mfa", "require_ip_allowlist"}
    assert admin.fields("PATCH", "tenant", {"expiring_soon_days": None}) == {"expiring_soon_days"}
    assert admin.fields("PATCH", "tenant", {"session_idle": "2h", "session_lifetime": "1h"}) == {"session_idle"}
