"""/gateway/check: the question of gateways, answered with what they understand."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from app.actions import groups, operator_keys
from tests.gateways.asking import BELOW, CHECK, ask
from tests.world import ISSUER, OPERATOR, START, World

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "BREW"]


def claims(token: str) -> dict[str, Any]:
    """What a token says; its signature is another test's matter."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def product(world: World) -> str:
    """Every product scope of the shipped catalogue, as headers write them."""
    names = ("contacts", "messages", "resources", "clients", "users", "folders", "boards")
    return " ".join(sorted([f"{n}:{a}" for n in names for a in ("read", "write")] + ["messages:send", "users:invite"]))


@pytest.mark.spec("S3-3", "S5-2")
@pytest.mark.parametrize("path", [CHECK, BELOW, CHECK + "/"])
def test_a_key_passes_by_every_header_and_is_named(world: World, path: str) -> None:
    key = world.key()
    sent = ({"Authorization": f"Bearer {key.secret}"}, {"X-API-Key": key.secret}, {"Authorization": key.basic})
    for headers in sent:
        answer = world.client.get(path, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["X-Key-Id"] == key.id
        assert answer.headers["X-Tenant-Id"] == world.tenant["id"]
        assert answer.headers["X-Scope"] == product(world)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "X-Access-Token" not in answer.headers


@pytest.mark.parametrize("method", METHODS)
def test_every_method_asks_the_same(world: World, method: str) -> None:
    key = world.key()
    for path in (CHECK, BELOW):
        assert ask(world, key.secret, path, method=method).status_code == 200
        assert world.client.open(path, method=method).status_code == 401


def test_a_body_is_neither_read_nor_waited_for(world: World) -> None:
    key = world.key()
    for credential, status in ((key.secret, 200), ("nothing", 401)):
        for body in (b"x" * 300_000, b"{"):
            answer = ask(world, credential, method="POST", data=body, content_type="application/json")
            assert answer.status_code == status


@pytest.mark.spec("S2-40", "S2-41")
def test_the_needed_scopes_stand_in_the_query(world: World) -> None:
    key = world.key(group="Read only")
    assert ask(world, key.secret, CHECK + "?scope=contacts:read+boards:read").status_code == 200
    assert ask(world, key.secret, CHECK + "?scope=contacts%3Aread&scope=").status_code == 200
    answer = ask(world, key.secret, CHECK + "?scope=contacts:read+contacts:write")
    assert (answer.status_code, answer.json["error"], answer.json["message"]) == (
        403,
        "insufficient_scope",
        "Unauthorized",
    )
    assert "contacts:write" in answer.json["hints"][0]
    assert 'scope="contacts:read contacts:write"' in answer.headers["WWW-Authenticate"]
    # A caller's query that a gateway appends to its own can only ask for more.
    assert ask(world, key.secret, CHECK + "?scope=contacts:write&scope=contacts:read").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "scope=%zz",
        "scope=a%22b",
        "scope=%C3%A9",
        "scope=%00",
        "scope=%0d%0aX-Key-Id:x",
        "a=&" * 200,
        "scope=" + "a" * 5000,
    ],
)
def test_an_unreadable_query_lets_nobody_pass_and_is_no_400(world: World, query: str) -> None:
    key = world.key()
    answer = ask(world, key.secret, f"{CHECK}?{query}")
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    assert world.client.get(f"{CHECK}?{query}").status_code == 401


def test_below_the_address_headers_of_the_gateway_ask_and_the_query_is_the_callers(world: World) -> None:
    key = world.key(group="Read only")
    below = BELOW + "?scope=contacts:write&token=1&api_key=x&a=%zz"
    answer = ask(world, key.secret, below)
    assert answer.status_code == 200
    assert "X-Access-Token" not in answer.headers
    asked = {"X-Keyturn-Scope": "contacts:read boards:read", "X-Keyturn-Token": "1"}
    assert "X-Access-Token" in ask(world, key.secret, below, headers=asked).headers
    for scope in ("contacts:write", "contacts:read contacts:write", "contacts:read,boards:read", "a\tb"):
        assert ask(world, key.secret, below, headers={"X-Keyturn-Scope": scope}).status_code == 403
    plain = ask(world, key.secret, headers={"X-Keyturn-Scope": "contacts:write", "X-Keyturn-Token": "1"})
    assert (plain.status_code, "X-Access-Token" in plain.headers) == (200, False)


@pytest.mark.parametrize("path", ["/gateway", "/gateway/", "/gateway/checks", "/gateway/check-not/x", "/gateway/CHECK"])
def test_what_only_resembles_the_address_is_not_it(world: World, path: str) -> None:
    assert ask(world, world.key().secret, path).status_code == 404


def test_a_key_gets_a_token_for_the_upstream_of_the_default_audience(world: World) -> None:
    key = world.key(expires_at="2026-11-21T12:05:00Z")
    answer = ask(world, key.secret, CHECK + "?token=1&scope=contacts:read")
    said = claims(answer.headers["X-Access-Token"])
    assert (said["aud"], said["sub"], said["tenant"]) == (ISSUER + "/api", key.id, world.tenant["id"])
    assert said["scope"] == answer.headers["X-Scope"] == product(world)
    assert said["exp"] == int(START.timestamp()) + 300
    own = claims(world.token(key))
    assert said["status"] == own["status"]
    assert world.introspect(world.resource_server(), answer.headers["X-Access-Token"])["active"] is True


def test_a_token_comes_ready_for_the_authorization_header_where_a_gateway_only_copies(world: World) -> None:
    key = world.key()
    token = world.token(key)
    for answer in (
        ask(world, token, CHECK + "?token=bearer"),
        ask(world, token, BELOW, headers={"X-Keyturn-Token": "bearer"}),
    ):
        assert (answer.headers["Authorization"], "X-Access-Token" in answer.headers) == (f"Bearer {token}", False)
    for other in ("0", "true", "", "1,1"):
        answer = ask(world, token, f"{CHECK}?token={other}")
        assert (answer.status_code, {"Authorization", "X-Access-Token"} & set(answer.headers.keys())) == (200, set())


def test_a_presented_token_is_never_answered_with_a_longer_or_wider_one(world: World) -> None:
    key = world.key(group="Full access")
    presented = world.token(key, scope="contacts:read contacts:write")
    world.clock.advance(seconds=100)
    answer = ask(world, presented, CHECK + "?token=1")
    assert (answer.status_code, answer.headers["X-Scope"]) == (200, "contacts:read contacts:write")
    assert answer.headers["X-Access-Token"] == presented


def test_a_presented_token_that_says_more_than_its_key_may_is_replaced(world: World) -> None:
    tenant = world.tenant["id"]
    group = groups.create(
        world.ctx, OPERATOR, tenant, world.clock(), name="Two", scopes=["contacts:read", "contacts:write"]
    )
    key = world.key(group="Two")
    presented = world.token(key)
    groups.edit(world.ctx, OPERATOR, tenant, group["id"], world.clock(), scopes=["contacts:read", "boards:read"])
    world.clock.advance(seconds=100)
    answer = ask(world, presented, CHECK + "?token=1")
    before, now = claims(presented), claims(answer.headers["X-Access-Token"])
    assert now["scope"] == answer.headers["X-Scope"] == "contacts:read"
    assert (now["exp"], now["status"], now["jti"]) == (before["exp"], before["status"], before["jti"])
    assert now["iat"] == before["iat"] + 100
    assert world.client.post("/revoke", data={"token": presented}, auth=key.auth).status_code == 200
    assert ask(world, answer.headers["X-Access-Token"]).status_code == 401


def test_tokens_of_other_audiences_do_not_pass(world: World) -> None:
    key = world.key()
    world.resource_server(audience="https://contacts.example/api")
    for resource in (ISSUER + "/admin", "https://contacts.example/api"):
        answer = ask(world, world.token(key, resource=resource))
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_api_key")


def test_management_scopes_are_none_of_the_products_apis_business(world: World) -> None:
    answer = ask(world, world.key().secret, CHECK + "?scope=api_keys:read")
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    assert "api_keys:read" in answer.json["hints"][0]


def test_a_key_that_holds_no_product_scope_passes_but_gets_no_token(world: World) -> None:
    tenant = world.tenant["id"]
    groups.create(world.ctx, OPERATOR, tenant, world.clock(), name="Managers", scopes=["api_keys:read"])
    key = world.key(group="Managers")
    assert ask(world, key.secret).headers["X-Scope"] == ""
    assert ask(world, key.secret, CHECK + "?token=1").status_code == 403


def test_keys_of_the_deployment_do_not_pass(world: World) -> None:
    made = operator_keys.create(world.ctx, OPERATOR, world.clock(), name="Ops")
    assert made.issued is not None
    for secret in (world.resource_server().secret, made.issued.text):
        answer = ask(world, secret, CHECK + "?token=1")
        assert (answer.status_code, answer.json["error"]) == (403, "wrong_kind_of_key")


def test_nothing_the_caller_sends_shows_in_the_identity(world: World) -> None:
    key = world.key()
    smuggled = {"X-Key-Id": "kt_X", "X-Tenant-Id": "other", "X-Scope": "boards:write", "X-Access-Token": "a.b.c"}
    answer = ask(world, key.secret, headers=smuggled)
    assert answer.headers.getlist("X-Key-Id") == [key.id]
    assert answer.headers.getlist("X-Tenant-Id") == [world.tenant["id"]]
    assert answer.headers.getlist("X-Scope") == [product(world)]
    assert "X-Access-Token" not in answer.headers
