"""When a key ends: the date it works through, in the tenant's zone, or an instant; and what tells that it is near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.admin.client import Admin
from tests.matrix.standing import dead, live
from tests.world import Key, World

DAYS = timedelta(days=1)


def created(admin: Admin, **members: Any) -> Key:
    """A key made over HTTP."""
    made = admin.ok("POST", "api-keys", {"name": "ERP", "group": "Read only", **members})
    return Key(made["client_id"], made["client_secret"], made)


# The last date a key works on, and its last second in UTC: an ordinary day, the days on which clocks change, midnights
# that come twice or are left out, and the ends of the world.
LAST_SECONDS = [
    ("UTC", "2026-12-31", "2026-12-31T23:59:59Z"),
    ("Europe/Berlin", "2027-01-31", "2027-01-31T22:59:59Z"),
    ("Europe/Berlin", "2027-03-28", "2027-03-28T21:59:59Z"),
    ("Europe/Berlin", "2027-10-31", "2027-10-31T22:59:59Z"),
    ("America/Havana", "2027-03-13", "2027-03-14T04:59:59Z"),
    ("America/Havana", "2027-11-07", "2027-11-08T04:59:59Z"),
    ("Asia/Beirut", "2027-10-30", "2027-10-30T21:59:59Z"),
    ("Australia/Lord_Howe", "2027-04-04", "2027-04-04T13:29:59Z"),
    ("Pacific/Kiritimati", "2026-12-31", "2026-12-31T09:59:59Z"),
    ("Pacific/Pago_Pago", "2026-12-31", "2027-01-01T10:59:59Z"),
]


@pytest.mark.spec("S4-4", "S4-31")
@pytest.mark.parametrize(("zone", "date", "end"), LAST_SECONDS)
def test_a_key_works_through_its_date_and_stops_with_it(
    admin: Admin, world: World, zone: str, date: str, end: str
) -> None:
    admin.ok("PATCH", "tenant", {"time_zone": zone})
    key, server = created(admin, expires_at=date), world.resource_server()
    assert key.object["expires_at"] == end
    world.clock.now = datetime.fromisoformat(end) - timedelta(seconds=1)
    token = world.token(key)
    assert live(world, key)
    world.clock.now += timedelta(seconds=1)
    assert dead(world, key, token, server)


@pytest.mark.spec("S4-31")
def test_a_key_stops_at_an_exact_instant(admin: Admin, world: World) -> None:
    key = created(admin, expires_at="2026-11-21T15:30:00+02:00")
    assert key.object["expires_at"] == "2026-11-21T13:30:00Z"
    world.clock.now = datetime(2026, 11, 21, 13, 29, 59, 999999, tzinfo=UTC)
    assert world.whoami(key.secret) == 200
    world.clock.now = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
    assert world.whoami(key.secret) == 401


def test_a_change_of_zone_moves_no_end_that_was_promised(admin: Admin) -> None:
    key = created(admin, expires_at="2026-12-31")
    admin.ok("PATCH", "tenant", {"time_zone": "Asia/Tokyo"})
    assert admin.ok("GET", f"api-keys/{key.id}")["expires_at"] == "2026-12-31T23:59:59Z"


@pytest.mark.spec("S4-29", "S4-30")
@pytest.mark.parametrize(
    ("zone", "past", "ahead"),
    [
        ("UTC", ["2026-11-20", "2026-11-21", "2026-11-21T12:00:00Z"], ["2026-11-22", "2026-11-21T12:00:01Z"]),
        # There it is the 22nd already, and an instant that is written with the 21st may still lie ahead.
        ("Pacific/Kiritimati", ["2026-11-21", "2026-11-22"], ["2026-11-23", "2026-11-21T23:00:00Z"]),
        ("Pacific/Pago_Pago", ["2026-11-20", "2026-11-21"], ["2026-11-22"]),
    ],
)
def test_an_end_lies_ahead_and_none_is_never(admin: Admin, zone: str, past: list[str], ahead: list[str]) -> None:
    admin.ok("PATCH", "tenant", {"time_zone": zone})
    body = {"name": "ERP", "group": "Read only"}
    for text in past:
        assert admin.fields("POST", "api-keys", {**body, "expires_at": text}) == {"expires_at"}
    for text in ahead:
        admin.ok("POST", "api-keys", {**body, "expires_at": text})
    for never in ({}, {"expires_at": None}):
        assert admin.ok("POST", "api-keys", {**body, **never})["expires_at"] is None


def test_no_token_outlives_its_key_or_its_tenants_wish(admin: Admin, world: World) -> None:
    key = created(admin, expires_at="2026-11-21T12:05:00Z")
    for passed, left in ((0, 300), (120, 180), (179, 1)):
        world.clock.advance(seconds=passed)
        answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
        assert answer.json["expires_in"] == left
    admin.ok("PATCH", "tenant", {"token_lifetime": 60})
    free = created(admin)
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=free.auth)
    assert answer.json["expires_in"] == 60


def test_every_door_tells_of_an_end_that_is_near_and_so_do_list_and_flag(admin: Admin, world: World) -> None:
    world.clock.advance(minutes=1)
    end = world.clock() + 14 * DAYS
    key = world.key(expires_at=end.isoformat())
    caller, told = Admin(world, key.secret), end.strftime("%Y-%m-%dT%H:%M:%SZ")
    token = world.token(key)

    def answers() -> list[Any]:
        form = {"grant_type": "client_credentials"}
        bearer = {"Authorization": f"Bearer {token}"}
        ways = ({"X-API-Key": key.secret}, {"Authorization": key.basic}, bearer)
        return [
            *(world.client.get(path, headers=headers) for headers in ways for path in ("/api/user", "/gateway/check")),
            caller("GET", "tenant"),
            world.client.post("/token", data=form, auth=key.auth),
        ]

    for passed, header, state in (
        (timedelta(0), told, "expiring_soon"),
        (-timedelta(seconds=1), None, "valid"),
        (timedelta(seconds=2), told, "expiring_soon"),
    ):
        world.clock.now += passed
        token = world.token(key)
        assert [answer.headers.get("X-API-Key-Expires") for answer in answers()] == [header] * 8
        seen = admin.ok("GET", f"api-keys/{key.id}")
        assert (seen["expiration_state"], "expiring_soon" in seen["flags"]) == (state, state == "expiring_soon")
        listed = admin.ok("GET", "api-keys?expiration=expiring_soon")["items"]
        assert [item["client_id"] for item in listed] == ([key.id] if header else [])
    world.clock.now = end
    refused = world.client.get("/api/user", headers={"X-API-Key": key.secret})
    assert (refused.status_code, "X-API-Key-Expires" in refused.headers) == (401, False)


@pytest.mark.spec("S4-52", "S4-63")
def test_only_a_rotation_changes_an_end(admin: Admin, world: World) -> None:
    key = created(admin, expires_at="2026-12-01")
    for end in ("2027-12-01", None):
        assert admin.fields("PATCH", f"api-keys/{key.id}", {"expires_at": end}) == {"expires_at"}
    assert admin.ok("GET", f"api-keys/{key.id}")["expires_at"] == "2026-12-01T23:59:59Z"
    rotated = admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": "2027-01-15", "overlap": "1h"})
    assert rotated["expires_at"] == "2027-01-15T23:59:59Z"
    assert live(world, key)
    assert admin.ok("POST", f"api-keys/{key.id}/rotate")["expires_at"] == "2027-01-15T23:59:59Z"
    assert admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": None})["expires_at"] is None


def test_an_expired_key_comes_back_by_a_rotation_with_a_new_end_and_room_in_the_limit(
    admin: Admin, operator: Admin, world: World
) -> None:
    key = created(admin, expires_at="2026-11-22")
    world.clock.advance(days=2)
    operator.ok("PATCH", f"tenants/{world.tenant['id']}", {"key_limit": 2})
    refused = admin.refused(409, "POST", f"api-keys/{key.id}/rotate")
    assert (refused["error"], "expires_at" in refused["hints"][0]) == ("key_expired", True)
    filler = created(admin)
    full = admin.refused(409, "POST", f"api-keys/{key.id}/rotate", {"expires_at": "2027-01-15"})
    assert full["error"] == "key_limit_reached"
    admin.ok("POST", f"api-keys/{filler.id}/revoke")
    assert admin.fields("POST", f"api-keys/{key.id}/rotate", {"expires_at": "2026-11-22"}) == {"expires_at"}
    rotated = admin.ok("POST", f"api-keys/{key.id}/rotate", {"expires_at": "2027-01-15"})
    assert live(world, Key(key.id, rotated["client_secret"]))
    assert world.whoami(key.secret) == 401
