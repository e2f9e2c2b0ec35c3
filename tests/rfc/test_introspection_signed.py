"""RFC 9701: what is said about a token, signed, to whom prefers it so (RFC 9110 §12.5.1)."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from app.actions import signing_keys
from tests.fixtures import WorldMaker
from tests.rfc.asking import assert_error, assert_inactive
from tests.rfc.forging import unb64
from tests.world import ISSUER, OPERATOR, Key, World

SIGNED = "application/token-introspection+jwt"


def ask(world: World, caller: Key, token: str, accept: str | None = SIGNED) -> Any:
    headers = {"Accept": accept} if accept is not None else {}
    return world.client.post("/introspect", data={"token": token}, auth=caller.auth, headers=headers)


def opened(world: World, answer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Verify a signed answer with the published keys; its header and claims."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, SIGNED)
    text = answer.data.decode()
    header = jwt.get_unverified_header(text)
    keys = world.client.get("/.well-known/jwks.json").json["keys"]
    key = next(jwk for jwk in keys if jwk["kid"] == header["kid"])
    jwt.api_jws.decode(text, jwt.PyJWK(key).key, algorithms=[key["alg"]])
    return header, json.loads(unb64(text.split(".")[1]))


@pytest.mark.spec("T-9701-01", "T-9701-02", "T-9701-03")
def test_the_signed_answer_says_what_the_plain_one_says_and_to_whom(world: World) -> None:
    server = world.resource_server()
    token = world.token(world.key())
    header, claims = opened(world, ask(world, server, token))
    assert header["typ"] == "token-introspection+jwt"
    plain = ask(world, server, token, None).json
    now = int(world.clock().timestamp())
    assert claims == {"iss": ISSUER, "aud": server.id, "iat": now, "token_introspection": plain}
    assert plain["active"] is True


@pytest.mark.spec("T-9701-04")
def test_of_an_inactive_token_it_says_nothing_else(world: World) -> None:
    server = world.resource_server()
    for token in ("nonsense", world.token(world.key(), resource=f"{ISSUER}/admin", scope="api_keys:read")):
        _, claims = opened(world, ask(world, server, token))
        assert claims["token_introspection"] == {"active": False}


@pytest.mark.spec("T-9701-05")
@pytest.mark.parametrize(
    ("accept", "signed"),
    [
        (None, False),
        ("application/json", False),
        ("*/*", False),
        (f"{SIGNED};q=0", False),
        (f"{SIGNED};q=0.5, application/json", False),
        (f"application/json;q=0.5, {SIGNED}", True),
        (f"application/json, {SIGNED}", True),
        (SIGNED.upper().replace("APPLICATION", "Application"), False),
        (f"{SIGNED} ; q=1.0", True),
        ("application/token-introspection+jwtx", False),
        ("token-introspection+jwt", False),
    ],
)
def test_who_does_not_ask_for_it_gets_the_plain_answer(world: World, accept: str | None, *, signed: bool) -> None:
    answer = ask(world, world.resource_server(), world.token(world.key()), accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == (SIGNED if signed else "application/json")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.spec("T-9701-06")
@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_the_algorithm_is_the_one_the_metadata_lists(make_world: WorldMaker, alg: str) -> None:
    world = make_world()
    kid = signing_keys.prepare(world.ctx, OPERATOR, world.clock(), alg)["kid"]
    world.clock.advance(minutes=6)
    signing_keys.activate(world.ctx, OPERATOR, world.clock(), kid)
    header, _ = opened(world, ask(world, world.resource_server(), world.token(world.key())))
    listed = world.client.get("/.well-known/oauth-authorization-server").json
    assert listed["introspection_signing_alg_values_supported"] == [alg] == [header["alg"]]


@pytest.mark.spec("T-7662-09")
def test_a_signed_answer_and_a_status_list_are_no_tokens(world: World) -> None:
    server, key = world.resource_server(), world.key()
    said = ask(world, server, world.token(key)).data.decode()
    listed = world.client.get("/status-lists/0").data.decode()
    for statement in (said, listed):
        for caller in (server, key):
            assert_inactive(ask(world, caller, statement, None))
        assert world.client.get("/api/user", headers={"Authorization": f"Bearer {statement}"}).status_code == 401


def test_who_does_not_prove_who_asks_gets_the_same_errors(world: World) -> None:
    token = world.token(world.key())
    headers = {"Accept": SIGNED}
    nobody = world.client.post("/introspect", data={"token": token}, headers=headers)
    assert_error(nobody, 400, "invalid_client")
    wrong = Key(world.key().id, world.resource_server().secret)
    assert_error(
        world.client.post("/introspect", data={"token": token}, auth=wrong.auth, headers=headers), 401, "invalid_client"
    )
    assert_error(
        world.client.post("/introspect", data={}, auth=world.key().auth, headers=headers), 400, "invalid_request"
    )
