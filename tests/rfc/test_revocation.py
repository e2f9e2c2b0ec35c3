"""RFC 7009: a key takes its own tokens back."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import audit, keys, tenants
from tests.rfc.asking import assert_challenged, assert_error, assert_inactive
from tests.rfc.forging import Forger, b64, unb64
from tests.world import OPERATOR, Key, World

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NOTHING_TO_TAKE_BACK = ["x", "unknown token", "a.b.c", "\u00e9\u4e16", "a" * 10_000, "kts_0000000000000000", "%", "{}"]


def revoke(world: World, key: Key, token: str, **form: str) -> Any:
    """Ask for a token to be taken back."""
    return world.client.post("/revoke", data={"token": token, **form}, auth=key.auth)


def revoked(answer: Any) -> None:
    """Check the one answer of success: no body, for clients ignore it."""
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.spec("T-7009-01", "T-7009-09")
@pytest.mark.parametrize("method", ["basic", "form"])
def test_the_owner_takes_a_token_back_and_it_is_dead_everywhere(world: World, method: str) -> None:
    key, server = world.key(), world.resource_server()
    token, other = world.token(key), world.token(key)
    if method == "basic":
        answer = revoke(world, key, token)
    else:
        form = {"token": token, "client_id": key.id, "client_secret": key.secret}
        answer = world.client.post("/revoke", data=form)
    revoked(answer)
    for caller in (server, key):
        assert_inactive(world.client.post("/introspect", data={"token": token}, auth=caller.auth))
        assert world.introspect(caller, other)["active"] is True
    assert world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert world.client.get("/api/user", headers={"Authorization": f"Bearer {other}"}).status_code == 200


@pytest.mark.spec("T-7009-01")
def test_what_was_taken_back_and_by_whom_is_in_the_audit_log_once(world: World) -> None:
    key = world.key()
    token = world.token(key)
    for _ in range(2):
        revoked(revoke(world, key, token))
    page = audit.page(world.ctx, world.tenant["id"], world.clock(), filters={"event": "token.revoked"})
    assert [(event["actor"]["id"], event["object"]["id"]) for event in page.items] == [(key.id, key.id)]
    assert token not in str(page.items)


@pytest.mark.spec("T-7009-02")
@pytest.mark.parametrize("token", NOTHING_TO_TAKE_BACK)
def test_what_is_no_token_needs_no_taking_back(world: World, token: str) -> None:
    revoked(revoke(world, world.key(), token))


@pytest.mark.spec("T-7009-02")
def test_a_token_that_is_expired_or_taken_back_needs_no_taking_back(world: World) -> None:
    key = world.key()
    token, late = world.token(key), world.token(key)
    revoked(revoke(world, key, token))
    revoked(revoke(world, key, token))
    world.clock.advance(seconds=600)
    revoked(revoke(world, key, late))
    revoked(revoke(world, key, token))
    revoked(revoke(world, key, key.secret))
    assert world.whoami(key.secret) == 200


@pytest.mark.spec("T-7009-03")
def test_a_changed_signature_takes_nothing_back(world: World) -> None:
    forger = Forger(world)
    flipped = bytes([unb64(forger.signature)[0] ^ 1]) + unb64(forger.signature)[1:]
    for signature in (flipped, bytes(64), b"x"):
        revoked(revoke(world, forger.key, f"{forger.head}.{forger.body}.{b64(signature)}"))
    forger.accepted(forger.token)


@pytest.mark.spec("T-7009-03")
def test_a_token_taken_back_stays_dead_under_the_twin_of_its_signature(world: World) -> None:
    forger = Forger(world)
    raw = unb64(forger.signature)
    twin = f"{forger.head}.{forger.body}.{b64(raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32))}"
    forger.accepted(twin)  # remembered as a good signature before its revocation
    revoked(revoke(world, forger.key, forger.token))
    for token in (twin, forger.token):
        assert_inactive(forger.at("/introspect", token))
        assert forger.at_door(token).status_code == 401


@pytest.mark.spec("T-7009-04", "T-7009-09")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "foo", "", "\u00e9"])
def test_the_hint_makes_no_difference(world: World, hint: str) -> None:
    key = world.key()
    token = world.token(key)
    revoked(revoke(world, key, token, token_type_hint=hint))
    assert world.introspect(key, token) == {"active": False}


@pytest.mark.spec("T-7009-05")
def test_a_request_without_its_token_or_with_two_takes_nothing_back(world: World) -> None:
    key = world.key()
    token = world.token(key)
    for form in ({}, {"token": ""}, {"token": [token, token]}, {"token": [token, "x"]}, {"token": [token, ""]}):
        assert_error(world.client.post("/revoke", data=form, auth=key.auth), 400, "invalid_request")
    answer = world.client.post("/revoke", query_string={"token": token}, data={"x": "y"}, auth=key.auth)
    assert_error(answer, 400, "invalid_request")
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-06")
def test_wrong_or_missing_credentials_take_nothing_back(world: World) -> None:
    key, other = world.key(), world.key("Other")
    token = world.token(key)
    wrong = other.secret.replace(other.id[3:], key.id[3:])
    for auth in (None, (key.id, wrong), (key.id, "x"), (key.id, other.secret), ("kt_0", key.secret), (key.id, token)):
        assert_challenged(world.client.post("/revoke", data={"token": token}, auth=auth))
    bearer = {"Authorization": f"Bearer {token}"}
    assert_challenged(world.client.post("/revoke", data={"token": token}, headers=bearer))
    assert_challenged(world.client.post("/revoke", data={"token": token, "client_id": key.id}))
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-06")
def test_a_key_that_is_no_more_cannot_take_back_what_is_dead_with_it(world: World) -> None:
    key, server, now = world.key(), world.resource_server(), world.clock
    token = world.token(key)
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, now())
    assert_challenged(revoke(world, key, token))
    keys.delete(world.ctx, OPERATOR, world.tenant["id"], key.id, now())
    assert_challenged(revoke(world, key, token))
    assert world.introspect(server, token) == {"active": False}


@pytest.mark.spec("T-7009-06")
def test_a_suspended_key_takes_nothing_back_and_its_token_returns_with_it(world: World) -> None:
    key = world.key()
    token = world.token(key)
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    assert_error(revoke(world, key, token), 400, "unauthorized_client")
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=True)
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-07")
def test_nobody_takes_back_the_token_of_another_key(world: World) -> None:
    key = world.key()
    token = world.token(key)
    strangers = [world.key("Other"), world.key(tenant=world.new_tenant("Globex")), world.resource_server()]
    for stranger in strangers:
        assert_error(revoke(world, stranger, token), 400, "invalid_grant")
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-08")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_takes_back(world: World, method: str) -> None:
    key = world.key()
    token = world.token(key)
    answer = world.client.open("/revoke", method=method, query_string={"token": token}, auth=key.auth)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert world.introspect(key, token)["active"] is True


@pytest.mark.spec("T-7009-08")
def test_a_json_body_takes_nothing_back(world: World) -> None:
    key = world.key()
    token = world.token(key)
    assert_error(world.client.post("/revoke", json={"token": token}, auth=key.auth), 400, "invalid_request")
    assert world.introspect(key, token)["active"] is True
