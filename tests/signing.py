"""Signing keys of a world under test: change them, and verify as a resource server does that keeps its JWKS."""

from __future__ import annotations

from typing import Any

import jwt
from flask.testing import FlaskClient

from app.actions import signing_keys
from app.settings import CLOCK_LEEWAY, JWKS_MAX_AGE
from tests.world import OPERATOR, World

JWKS = "/.well-known/jwks.json"
LEARNT = (JWKS_MAX_AGE + CLOCK_LEEWAY).total_seconds()


def sign_with(world: World, alg: str) -> str:
    """Let the deployment sign with a new key of an algorithm; its `kid`."""
    prepared = signing_keys.prepare(world.ctx, OPERATOR, world.clock(), alg)
    world.clock.advance(seconds=LEARNT)
    kid: str = signing_keys.activate(world.ctx, OPERATOR, world.clock(), prepared["kid"])["kid"]
    return kid


def states(world: World) -> dict[str, str]:
    """Every signing key's state by `kid`."""
    return {key["kid"]: key["state"] for key in signing_keys.all_keys(world.ctx, world.clock())}


def kid_in(world: World, state: str) -> str:
    """The `kid` of the one key in a state."""
    (kid,) = [kid for kid, found in states(world).items() if found == state]
    return kid


def jwks(client: FlaskClient) -> dict[str, jwt.PyJWK]:
    """The published keys by `kid`, as a client library reads them."""
    answer = client.get(JWKS)
    assert answer.status_code == 200
    return {key["kid"]: jwt.PyJWK(key) for key in answer.json["keys"]}


def verified(token: str, keys: dict[str, jwt.PyJWK]) -> dict[str, Any]:
    """A token's claims, verified offline; its time is not judged, for the clock is the test's."""
    header = jwt.get_unverified_header(token)
    key = keys[header["kid"]]
    unjudged = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[str(key.algorithm_name)], options=unjudged)
    return claims
