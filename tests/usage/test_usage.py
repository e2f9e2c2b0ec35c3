"""GET /admin/api-keys/<id>/usage: days, secrets, callers, refusals after a revocation; as CSV too."""

from __future__ import annotations

import csv
import io

import pytest

from app.actions import tenants
from app.domain import credentials
from tests.admin.client import Admin
from tests.usage.staging import CURL, FORM, call, rotated, usage
from tests.world import OPERATOR, World


def counts(**more: int) -> dict[str, int]:
    return {"ok": 0, "401": 0, "403": 0, "429": 0, "other": 0, "checks": 0} | {
        name.strip("_"): count for name, count in more.items()
    }


def test_s2_30_every_outcome_is_counted_whatever_the_door(admin: Admin, world: World) -> None:
    key, server = world.key(ip_allowlist=("198.51.100.0/24",)), world.resource_server()
    assert [call(world, key.secret) for _ in range(3)] == [200] * 3
    assert call(world, key.secret, "203.0.113.9") == 403
    for address, status in (("198.51.100.4", 200), ("203.0.113.9", 403)):
        given = {"headers": {"X-API-Key": key.secret}, "environ_base": {"REMOTE_ADDR": address}}
        assert world.client.get("/gateway/check", **given).status_code == status
        assert world.client.get("/admin/api-keys", **given).status_code == status
    assert world.client.post("/token", data=FORM, auth=key.auth).status_code == 400  # the same refusal at this door
    wrong = key.secret[:-1] + ("A" if key.secret[-1] != "A" else "B")
    assert call(world, wrong) == 401  # malformed: nobody knows whose it is
    here = {"environ_base": {"REMOTE_ADDR": "198.51.100.4"}}
    token = world.client.post("/token", data=FORM, auth=key.auth, **here).json["access_token"]
    bad_scope = world.client.post("/token", data={**FORM, "scope": "tenants:write"}, auth=key.auth, **here)
    assert bad_scope.json["error"] == "invalid_scope"
    assert world.client.post("/token", data={"grant_type": "x"}, auth=key.auth, **here).status_code == 400
    world.introspect(server, token)
    world.introspect(server, token, client_address="198.51.100.4")
    found = usage(admin, key)
    assert found["totals"] == counts(ok=6, _403=5, other=1, checks=2)
    assert found["days"][-1] == {"day": "2026-11-21", **found["totals"]}
    assert found["previous"] == counts()
    assert found["secrets"][0]["totals"] == found["totals"]


def test_guessing_at_a_key_shows_as_401_of_no_secret(admin: Admin, world: World) -> None:
    key = world.key()
    assert call(world, credentials.new_secret(key.id, world.ctx.entropy).text) == 401
    found = usage(admin, key)
    assert found["totals"] == counts(_401=1)
    assert found["secrets"][0]["totals"] == counts()
    assert [(seen["secret"], seen["refused"]) for seen in found["callers"]] == [(None, 1)]
    assert admin.ok("GET", f"api-keys/{key.id}")["last_used_at"] is None


@pytest.mark.spec("S2-48")
def test_s2_48_keys_share_the_limit_of_their_tenant_and_the_429s_show(admin: Admin, world: World) -> None:
    small, large = world.new_tenant("Small", plan="standard"), world.new_tenant("Large")
    first, second = (world.key(name, tenant=small) for name in ("First", "Second"))
    third = world.key("Third", tenant=large)
    assert [call(world, key.secret) for key in (first, second) for _ in range(60)] == [200] * 100 + [429] * 20
    limited = world.client.get("/api/user", headers={"X-API-Key": second.secret})
    assert int(limited.headers["Retry-After"]) >= 1
    assert world.client.post("/token", data=FORM, auth=second.auth).status_code == 429
    assert [call(world, third.secret) for _ in range(120)] == [200] * 120
    owner = Admin(world, second.secret)
    world.clock.advance(minutes=2)
    call(world, second.secret, "203.0.113.9")
    found = usage(owner, second)
    assert found["totals"] == counts(ok=41, _429=22)
    assert found["events"] == [
        {"event": "used_from_new_ip", "at": "2026-11-21T12:02:00Z", "ip": "203.0.113.9"},
        {"event": "used_from_new_ip", "at": "2026-11-21T12:00:00Z", "ip": "198.51.100.4"},
        {"event": "first_used", "at": "2026-11-21T12:00:00Z", "ip": "127.0.0.1"},
    ]
    assert usage(admin, world.key())["events"] == []


def test_days_are_the_tenants_own_and_periods_are_compared(admin: Admin, world: World) -> None:
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), time_zone="Pacific/Auckland")
    key = world.key()
    assert call(world, key.secret) == 200  # 12:00 in London is 01:00 of the next day there
    world.clock.advance(days=8)
    for _ in range(2):
        call(world, key.secret)
    found = usage(admin, key, "?range=7d")
    assert (found["time_zone"], found["from"], found["to"]) == ("Pacific/Auckland", "2026-11-24", "2026-11-30")
    assert len(found["days"]) == 7
    assert (found["totals"], found["previous"]) == (counts(ok=2), counts(ok=1))
    exactly = usage(admin, key, "?from=2026-11-22&to=2026-11-23")
    assert [day["ok"] for day in exactly["days"]] == [1, 0]
    assert len(usage(admin, key, "?range=90d")["days"]) == 90
    assert len(usage(admin, key)["days"]) == 30


def test_callers_are_told_apart_by_address_and_client(admin: Admin, world: World) -> None:
    key = world.key()
    for address in ("198.51.100.4", "198.51.100.4", "2001:db8::7"):
        call(world, key.secret, address)
        world.clock.advance(minutes=1)
    call(world, key.secret, "198.51.100.4", "python-requests/2.32.9")
    world.clock.advance(hours=25)
    call(world, key.secret, "203.0.113.9", "=cmd|' /C calc'!A0", Origin="https://app.example.com")
    seen = usage(admin, key)["callers"]
    assert [(one["ip"], one["client"], one["calls"], one["new"]) for one in seen] == [
        ("203.0.113.9", None, 1, True),
        ("198.51.100.4", "python-requests/2.32", 3, False),
        ("2001:db8::7", "python-requests/2.32", 1, False),
    ]
    assert seen[0]["origin"] == "https://app.example.com"
    assert seen[1]["first_at"] == "2026-11-21T12:00:00Z"
    assert seen[1]["secret"] == key.object["secrets"][0]["hint"]


def test_calls_with_a_revoked_or_deleted_key_are_evidence(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret)
    assert usage(admin, key)["refused_since_revocation"] is None
    world.clock.advance(minutes=1)
    admin.ok("POST", f"api-keys/{key.id}/revoke")
    world.clock.advance(minutes=1)
    told = world.client.get("/api/user", headers={"X-API-Key": key.secret}).json
    assert told["reason"] == "revoked"
    assert call(world, key.secret) == 401
    expected = {"since": "2026-11-21T12:01:00Z", "calls": 2, "callers": 2, "last_at": "2026-11-21T12:02:00Z"}
    assert usage(admin, key)["refused_since_revocation"] == expected
    admin.ok("DELETE", f"api-keys/{key.id}")
    told = world.client.get("/api/user", headers={"X-API-Key": key.secret}).json
    assert told["reason"] == "deleted"
    assert "The key was deleted at 2026-11-21T12:02:00Z." in told["hints"]
    assert usage(admin, key)["refused_since_revocation"] == {**expected, "calls": 3}


def test_a_replaced_secret_that_still_calls_shows(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret)
    new = rotated(admin, key, "0s")
    world.clock.advance(minutes=3)
    told = world.client.get("/api/user", headers={"X-API-Key": key.secret, "User-Agent": CURL}).json
    assert told["reason"] == "replaced"
    assert "The secret was replaced at 2026-11-21T12:00:00Z. Use the new one." in told["hints"]
    assert call(world, new.secret) == 200
    current, replaced = usage(admin, key)["secrets"]
    assert (current["state"], current["calls_since_replaced"]) == ("current", 0)
    assert (replaced["state"], replaced["calls_since_replaced"]) == ("replaced", 1)
    assert replaced["last_call_at"] == "2026-11-21T12:03:00Z"
    assert replaced["last_used_at"] == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize("asked", ["?format=csv", ""])
def test_usage_can_be_had_as_csv(admin: Admin, world: World, asked: str) -> None:
    key = world.key()
    call(world, key.secret, client="-2+3/1.0")
    world.ctx.recorder.flush()
    accept = {"X-API-Key": admin.credential, "Accept": "text/csv" if not asked else "application/json"}
    address = f"/admin/api-keys/{key.id}/usage{asked or '?format='}"
    days = world.client.get(address, headers=accept)
    assert days.content_type == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(days.text)))
    assert rows[0] == ["day", "ok", "401", "403", "429", "other", "checks"]
    assert (len(rows), rows[-1]) == (31, ["2026-11-21", "1", "0", "0", "0", "0", "0"])
    callers = list(csv.DictReader(io.StringIO(world.client.get(f"{address}&table=callers", headers=accept).text)))
    assert callers[0]["client"] == "'-2+3/1.0"


def test_bad_periods_are_named_and_other_tenants_keys_are_not_there(admin: Admin, world: World) -> None:
    key = world.key()
    path = f"api-keys/{key.id}/usage"
    assert admin.fields("GET", f"{path}?range=1d&from=x&to=2026-13-01&format=xml&table=z&a=b") == {
        *("range", "from", "to", "format", "table", "a")
    }
    assert admin.fields("GET", f"{path}?from=2026-11-22&to=2026-11-21") == {"from"}
    assert admin.fields("GET", f"{path}?from=2025-01-01") == {"from"}
    assert admin.fields("GET", f"{path}?from=0001-01-01&to=9999-12-31") == {"from", "to"}
    stranger = Admin(world, world.key("Theirs", tenant=world.new_tenant("Other")).secret)
    stranger.refused(404, "GET", path)
    admin.refused(404, "GET", "api-keys/kt_0000000000000000/usage")
