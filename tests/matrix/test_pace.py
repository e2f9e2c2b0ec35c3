"""The tenant's allowance is one for all its keys and doors; `/revoke` and `/admin` have their own (PRODUCT.md §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.actions import tenants
from tests.admin.client import Admin, operator_key
from tests.fixtures import WorldMaker
from tests.matrix.rate_fields import field, standing
from tests.world import OPERATOR, Key, World

FORM = {"grant_type": "client_credentials"}


def doors(world: World, key: Key) -> list[Callable[[], TestResponse]]:
    """Every way to use a key that its tenant pays for."""
    token = world.token(key)

    def user(**headers: str) -> Callable[[], TestResponse]:
        return lambda: world.client.get("/api/user", headers={k.replace("_", "-"): v for k, v in headers.items()})

    return [
        lambda: world.client.post("/token", data=FORM, auth=key.auth),
        lambda: world.client.post("/token", data={**FORM, "client_id": key.id, "client_secret": key.secret}),
        user(Authorization=f"Bearer {key.secret}"),
        user(X_API_Key=key.secret),
        user(Authorization=key.basic),
        user(Authorization=f"Bearer {token}"),
        lambda: world.client.get("/gateway/check", headers={"X-API-Key": key.secret}),
        lambda: world.client.get("/gateway/check?token=1", headers={"X-API-Key": key.secret}),
    ]


@pytest.fixture
def standard(world: World) -> dict[str, Any]:
    return world.new_tenant("Standard", plan="standard")


@pytest.mark.spec("T-RATE-01", "T-RATE-02", "T-RATE-03")
def test_all_keys_and_doors_of_a_tenant_share_one_allowance(world: World, standard: dict[str, Any]) -> None:
    ways = doors(world, world.key("One", tenant=standard)) + doors(world, world.key("Two", tenant=standard))
    answers = [ways[number % len(ways)]() for number in range(110)]
    assert [answer.status_code for answer in answers] == [200] * 98 + [429] * 12  # two went for the tokens
    assert [standing(answer) for answer in answers[:98]] == [("tenant", 100, 97 - number) for number in range(98)]
    for answer in answers[98:]:
        assert standing(answer) == ("tenant", 100, 0)
        assert int(answer.headers["Retry-After"]) >= field(answer, "RateLimit")["tenant"]["t"]
        assert "no-store" in answer.headers["Cache-Control"]
    assert world.whoami(world.key().secret) == 200  # another tenant's


@pytest.mark.spec("T-RATE-01", "T-RATE-04", "T-RATE-05")
def test_a_refusal_says_when_to_come_back_and_that_is_true(world: World) -> None:
    """RFC 6585 §4: 429 and Retry-After. RFC 6749 §5.2 at /token, RFC 9457 §3 elsewhere."""
    tenant = world.new_tenant("Small", rate_limit=3)
    key = world.key(tenant=tenant)
    ways = doors(world, key)
    world.clock.advance(seconds=20)
    assert [ways[0]().status_code, ways[3]().status_code] == [200, 200]
    world.clock.advance(seconds=30)
    token, user = ways[0](), ways[3]()
    assert (token.status_code, token.content_type, token.json["error"]) == (
        429,
        "application/json",
        "temporarily_unavailable",
    )
    assert (user.status_code, user.content_type) == (429, "application/problem+json")
    assert user.json.items() >= {"error": "rate_limited", "reason": "rate_limited", "status": 429}.items()
    assert any("Retry-After" in hint for hint in user.json["hints"])
    assert token.headers["Retry-After"] == user.headers["Retry-After"] == "11"
    world.clock.advance(seconds=10)
    assert ways[3]().status_code == 429
    world.clock.advance(seconds=1)
    assert [ways[3]().status_code, ways[3]().status_code] == [200, 429]


def test_a_gateway_is_told_in_a_status_it_understands(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_GATEWAY_RATE_STATUS="403")
    key = world.key(tenant=world.new_tenant("Small", rate_limit=1))
    answers = [world.client.get("/gateway/check", headers={"X-API-Key": key.secret}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert (standing(answers[1]), answers[1].headers["Retry-After"]) == (("tenant", 1, 0), "61")


def test_what_is_refused_for_another_reason_costs_nothing(world: World) -> None:
    tenant = world.new_tenant("Small", rate_limit=2)
    key = world.key(tenant=tenant, group="Read only")
    abroad = world.key("Abroad", tenant=tenant, ip_allowlist=("192.0.2.0/24",))
    for _ in range(3):
        wider = world.client.post("/token", data={**FORM, "scope": "contacts:write"}, auth=key.auth)
        assert (wider.status_code, "RateLimit" in wider.headers) == (400, False)
        assert world.client.post("/token", data={**FORM, "scope": "nonsense"}, auth=key.auth).status_code == 400
        assert world.client.post("/token", data={**FORM, "grant_type": "password"}, auth=key.auth).status_code == 400
        assert world.whoami(abroad.secret) == 403
        other = world.client.get("/api/user", headers={"X-API-Key": key.secret, "X-Tenant": "Another"})
        assert other.status_code == 403
        for asked in ("scope=contacts%3Awrite", "scope=%22", "scope=api_keys%3Aread"):
            assert world.client.get(f"/gateway/check?{asked}", headers={"X-API-Key": key.secret}).status_code == 403
    assert [world.whoami(key.secret) for _ in range(3)] == [200, 200, 429]


def test_asking_about_a_token_costs_nothing(world: World) -> None:
    tenant = world.new_tenant("Small", rate_limit=1)
    key, server = world.key(tenant=tenant), world.resource_server(tenant=tenant)
    token = world.token(key)
    for caller in (server, key) * 5:
        answer = world.client.post("/introspect", data={"token": token}, auth=caller.auth)
        assert (answer.json["active"], "RateLimit" in answer.headers) == (True, False)
    assert world.whoami(key.secret) == 429


def test_a_changed_limit_counts_at_the_next_call(world: World) -> None:
    tenant = world.new_tenant("Growing", rate_limit=2)
    key = world.key(tenant=tenant)
    assert [world.whoami(key.secret) for _ in range(3)] == [200, 200, 429]
    tenants.change(world.ctx, OPERATOR, tenant["id"], world.clock(), rate_limit=4)
    answers = [world.client.get("/api/user", headers={"X-API-Key": key.secret}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert standing(answers[0]) == ("tenant", 4, 1)
    tenants.change(world.ctx, OPERATOR, tenant["id"], world.clock(), plan="enterprise")
    assert world.whoami(key.secret) == 200
    tenants.change(world.ctx, OPERATOR, tenant["id"], world.clock(), rate_limit=1)
    world.clock.advance(seconds=60)
    assert world.whoami(key.secret) == 429


def test_a_key_without_a_tenant_has_no_tenant_s_allowance(world: World) -> None:
    server = world.resource_server()
    answer = world.client.get("/api/user", headers={"X-API-Key": server.secret})
    assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)


def test_revoking_is_counted_for_each_key_and_not_with_the_tenant_s_calls(world: World) -> None:
    tenant = world.new_tenant("Small", rate_limit=1)
    leaked, key = world.key("Leaked", tenant=tenant), world.key(tenant=tenant)
    token = world.token(leaked)
    assert world.whoami(key.secret) == 429
    form = {"token": "what is no token"}
    answers = [world.client.post("/revoke", data=form, auth=leaked.auth) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert standing(answers[0]) == ("revoke", 120, 119)
    assert (standing(answers[-1]), answers[-1].json["error"]) == (("revoke", 120, 0), "temporarily_unavailable")
    assert int(answers[-1].headers["Retry-After"]) == 61
    assert world.client.post("/revoke", data=form, auth=key.auth).status_code == 200
    assert Admin(world, key.secret)("POST", f"api-keys/{leaked.id}/revoke").status_code == 200
    assert world.introspect(world.resource_server(), token) == {"active": False}


@pytest.mark.parametrize("who", ["a tenant's key", "its token", "an operator's key"])
def test_the_management_api_is_counted_for_each_key(world: World, who: str) -> None:
    key, other = world.key(), world.key("Other")
    if who == "an operator's key":
        caller, path = Admin(world, operator_key(world).secret), "tenants"
    else:
        secret = key.secret if who == "a tenant's key" else world.token(key, resource=f"{world.settings.base}/admin")
        caller, path = Admin(world, secret), "api-keys"
    answers = [caller("GET", path) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert standing(answers[0]) == ("admin", 120, 119)
    assert (standing(answers[-1]), answers[-1].json["error"]) == (("admin", 120, 0), "rate_limited")
    assert answers[-1].headers["Retry-After"] == "61"
    assert Admin(world, other.secret)("GET", "api-keys").status_code == 200
    assert world.whoami(key.secret) == 200
    world.clock.advance(seconds=61)
    assert caller("GET", path).status_code == 200
