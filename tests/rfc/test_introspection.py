"""RFC 7662: what a resource server is told about a token, and what it has to bring to be told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rfc.asking import assert_challenged, assert_error, assert_inactive
from tests.rfc.forging import DROP, Forger, b64, unb64
from tests.world import ISSUER, Key, World

UNKNOWN = ["x", "a.b.c", "..", "a" * 10_000, "\u00e9\u4e16\U0001f511", " ", "{}", "null", "-1", "%00", "kts_0"]
OTHER_TYPES = [
    "statuslist+jwt",
    "token-introspection+jwt",
    "client-authentication+jwt",
    "dpop+jwt",
    "JWT",
    "logout+jwt",
    "secevent+jwt",
]


def ask(world: World, caller: Key, **form: Any) -> Any:
    """Ask about a token."""
    return world.client.post("/introspect", data=form, auth=caller.auth)


@pytest.mark.spec("T-7662-01", "T-7662-02", "T-7662-19")
def test_a_live_token_is_active_and_told_as_its_claims_tell_it(world: World) -> None:
    key, server = world.key(group="Read only"), world.resource_server()
    token = world.token(key)
    claims = json.loads(unb64(token.split(".")[1]))
    answer = ask(world, server, token=token)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told.pop("active") is True
    assert told.pop("token_type") == "Bearer"
    names = {"scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "tenant"}
    assert told == {name: claims[name] for name in names}
    assert {type(told[name]) for name in ("exp", "iat")} == {int}
    assert (told["iss"], told["client_id"], told["sub"]) == (ISSUER, key.id, key.id)


@pytest.mark.spec("T-7662-03")
def test_scope_is_one_string_and_left_out_when_there_is_none(world: World) -> None:
    forger, server = Forger(world), world.resource_server()
    told = world.introspect(server, world.token(forger.key, scope="messages:read contacts:read"))
    assert sorted(told["scope"].split(" ")) == ["contacts:read", "messages:read"]
    for none in ("", DROP):
        told = world.introspect(server, forger.ours(claims={"scope": none}))
        assert told["active"] is True
        assert "scope" not in told


@pytest.mark.spec("T-7662-04")
@pytest.mark.parametrize("token", UNKNOWN)
def test_an_unknown_token_is_inactive_whatever_it_looks_like(world: World, token: str) -> None:
    assert_inactive(ask(world, world.resource_server(), token=token))
    assert_inactive(ask(world, world.key(), token=token))


@pytest.mark.spec("T-7662-15")
def test_a_form_that_cannot_be_read_is_no_garbage_token(world: World) -> None:
    auth, form = world.resource_server().auth, "application/x-www-form-urlencoded"
    for body in (b"token=%00", b"token=\xff", b"token=%ff", b"token=%zz", b"token=\0"):
        answer = world.client.post("/introspect", data=body, content_type=form, auth=auth)
        assert_error(answer, 400, "invalid_request")


@pytest.mark.spec("T-7662-05")
def test_a_token_is_inactive_from_its_end_on_and_before_its_beginning(world: World) -> None:
    # RFC 7519 §4.1.4: "on or after" its `exp`
    forger, server = Forger(world), world.resource_server()
    begins = forger.claims["iat"] + 300
    early = forger.ours(claims={"nbf": begins})
    assert_inactive(ask(world, server, token=early))
    world.clock.advance(seconds=300)
    assert world.introspect(server, early)["active"] is True
    world.clock.advance(seconds=299)
    assert world.introspect(server, forger.token)["active"] is True
    world.clock.advance(seconds=1)
    assert_inactive(ask(world, server, token=forger.token))
    assert_inactive(ask(world, forger.key, token=forger.token))


@pytest.mark.spec("T-7662-06")
def test_a_revoked_token_is_inactive(world: World) -> None:
    key, server = world.key(), world.resource_server()
    token = world.token(key)
    assert world.introspect(server, token)["active"] is True
    assert world.client.post("/revoke", data={"token": token}, auth=key.auth).status_code == 200
    assert_inactive(ask(world, server, token=token))


@pytest.mark.spec("T-7662-08")
def test_a_token_that_we_did_not_sign_so_is_inactive(world: World) -> None:
    forger, server = Forger(world), world.resource_server()
    flipped = bytes([unb64(forger.signature)[0] ^ 1]) + unb64(forger.signature)[1:]
    forged = [
        f"{forger.head}.{forger.body}.{b64(flipped)}",
        f"{forger.head}.{forger.body}.",
        f"{forger.head}.{forger.body}",
        forger.unsigned({"alg": "none"}),
        forger.unsigned({"alg": "none"}, b"x"),
        forger.ours({"kid": "unknown"}),
        forger.ours({"kid": DROP}),
        forger.ours(claims={"iss": "https://other.example"}),
        forger.ours(claims={"iss": f"{ISSUER}/"}),
        forger.ours(claims={"iss": DROP}),
    ]
    for token in forged:
        assert_inactive(ask(world, server, token=token))
    assert world.introspect(server, forger.token)["active"] is True


@pytest.mark.spec("T-7662-09")
@pytest.mark.parametrize("typ", [*OTHER_TYPES, DROP, "", None], ids=lambda typ: "dropped" if typ is DROP else str(typ))
def test_another_jwt_under_our_key_is_inactive(world: World, typ: Any) -> None:
    forger, server = Forger(world), world.resource_server()
    assert_inactive(ask(world, server, token=forger.ours({"typ": typ})))
    assert_inactive(ask(world, forger.key, token=forger.ours({"typ": typ})))


@pytest.mark.spec("T-7662-12")
def test_without_credentials_nothing_is_told_and_the_answer_is_400(world: World) -> None:
    key = world.key()
    token = world.token(key)
    assert_error(world.client.post("/introspect", data={"token": token}), 400, "invalid_client")
    assert_error(world.client.post("/introspect", data={"token": token, "client_id": key.id}), 400, "invalid_client")
    query = {"client_id": key.id, "client_secret": key.secret}
    assert_error(world.client.post("/introspect", data={"token": token}, query_string=query), 400, "invalid_client")
    assert_error(world.client.post("/introspect", data={"x": "y"}), 400, "invalid_client")


@pytest.mark.spec("T-7662-13")
def test_wrong_credentials_are_401(world: World) -> None:
    server, other = world.resource_server(), world.resource_server("Other API")
    token = world.token(world.key())
    wrong = other.secret.replace(other.id[3:], server.id[3:])
    for auth in ((server.id, wrong), (server.id, other.secret), (server.id, "x"), ("kt_0", server.secret)):
        assert_challenged(world.client.post("/introspect", data={"token": token}, auth=auth))
        form = {"token": token, "client_id": auth[0], "client_secret": auth[1]}
        assert_challenged(world.client.post("/introspect", data=form))


@pytest.mark.spec("T-7662-14")
def test_a_bearer_token_authenticates_nobody_and_is_not_offered(world: World) -> None:
    server = world.resource_server()
    token = world.token(world.key())
    for sent in (token, server.secret, "x"):
        headers = {"Authorization": f"Bearer {sent}"}
        assert_challenged(world.client.post("/introspect", data={"token": token}, headers=headers))
    metadata: Any = world.client.get("/.well-known/oauth-authorization-server").json
    assert "Bearer" not in metadata["introspection_endpoint_auth_methods_supported"]


@pytest.mark.spec("T-7662-15")
def test_a_request_without_its_token_or_with_two_is_invalid(world: World) -> None:
    token, server = world.token(world.key()), world.resource_server()
    for form in ({}, {"token": ""}, {"token": [token, token]}, {"token": [token, "x"]}, {"token": ["", token]}):
        assert_error(ask(world, server, **form), 400, "invalid_request")
    assert_error(ask(world, server, token=token, token_type_hint=["a", "b"]), 400, "invalid_request")
    query = {"token": token}
    answer = world.client.post("/introspect", query_string=query, data={"x": "y"}, auth=server.auth)
    assert_error(answer, 400, "invalid_request")


@pytest.mark.spec("T-7662-16")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "foo", "", "\u00e9"])
def test_the_hint_makes_no_difference(world: World, hint: str) -> None:
    token, server = world.token(world.key()), world.resource_server()
    assert ask(world, server, token=token, token_type_hint=hint).data == ask(world, server, token=token).data
    assert_inactive(ask(world, server, token="x", token_type_hint=hint))


@pytest.mark.spec("T-7662-17")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_tells(world: World, method: str) -> None:
    token, server = world.token(world.key()), world.resource_server()
    answer = world.client.open("/introspect", method=method, query_string={"token": token}, auth=server.auth)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.spec("T-7662-17")
def test_a_json_body_is_not_read(world: World) -> None:
    token, server = world.token(world.key()), world.resource_server()
    assert_error(world.client.post("/introspect", json={"token": token}, auth=server.auth), 400, "invalid_request")
