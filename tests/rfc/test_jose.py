"""RFC 7515, 7517, 7518, 7519, 7638: keys as they are published, tokens as they are written."""

from __future__ import annotations

import json
import re
from typing import Any

import jwt
import pytest
from joserfc.jwk import import_key

from app.actions import signing_keys
from app.domain.tokens import ALGORITHMS
from tests.rfc.forging import Forger, b64, unb64
from tests.signing import JWKS, LEARNT, jwks, kid_in, sign_with, verified
from tests.world import OPERATOR, World

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
SIGNATURE_SIZES = {"ES256": 64, "EdDSA": 64, "RS256": 256, "PS256": 256}


@pytest.fixture(params=ALGORITHMS)
def alg(request: pytest.FixtureRequest, world: World) -> str:
    """Every algorithm that can be set, in use."""
    sign_with(world, request.param)
    return str(request.param)


def published(world: World) -> list[dict[str, Any]]:
    answer = world.client.get(JWKS)
    assert answer.status_code == 200
    keys: list[dict[str, Any]] = answer.json["keys"]
    return keys


@pytest.mark.spec("T-JOSE-01")
def test_the_jwks_is_an_object_with_keys(world: World) -> None:
    answer = world.client.get(JWKS)
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.json.keys() == {"keys"}
    assert len(answer.json["keys"]) == 2


@pytest.mark.spec("T-JOSE-02", "T-JOSE-03", "T-JOSE-04")
def test_every_published_key_is_public_told_what_for_and_named_by_its_thumbprint(world: World, alg: str) -> None:
    keys = published(world)
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert not PRIVATE & key.keys()
        assert key["use"] == "sig"
        assert key["kty"] == {"ES256": "EC", "EdDSA": "OKP"}.get(key["alg"], "RSA")
        assert import_key(key).thumbprint() == key["kid"]
    assert alg in {key["alg"] for key in keys}


@pytest.mark.spec("T-JOSE-05")
def test_key_material_has_its_full_size_and_is_written_without_padding(world: World, alg: str) -> None:
    for key in published(world):
        for member in {"x", "y", "n", "e"} & key.keys():
            assert re.fullmatch(r"[A-Za-z0-9_-]+", key[member])
        sizes = {member: len(unb64(key[member])) for member in {"x", "y", "n"} & key.keys()}
        assert sizes == {"EC": {"x": 32, "y": 32}, "OKP": {"x": 32}, "RSA": {"n": 256}}[key["kty"]]


@pytest.mark.spec("T-JOSE-06", "T-JOSE-07", "T-JOSE-08")
def test_a_token_names_its_key_and_has_the_form_of_its_algorithm(world: World, alg: str) -> None:
    for _ in range(8):  # a DER signature would vary in length
        token = world.token(world.key())
        head, _, signature = token.split(".")
        assert re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", token)
        assert [b64(unb64(part)) for part in token.split(".")] == token.split(".")
        header = json.loads(unb64(head))
        key = next(key for key in published(world) if key["kid"] == header["kid"])
        assert header == {"alg": alg, "typ": "at+jwt", "kid": key["kid"]}
        assert key["alg"] == alg
        assert len(unb64(signature)) == SIGNATURE_SIZES[alg]


@pytest.mark.spec("T-JOSE-06", "T-9068-02")
def test_every_algorithm_is_verified_offline_and_online(world: World, alg: str) -> None:
    forger = Forger(world)
    assert verified(forger.token, jwks(world.client))["jti"] == forger.claims["jti"]
    forger.accepted(forger.token)
    forger.rejected(f"{forger.head}.{forger.body}.{b64(bytes(SIGNATURE_SIZES[alg]))}")


@pytest.mark.spec("T-JOSE-09")
def test_a_new_key_is_public_before_it_signs_and_an_old_one_until_its_last_token_has_expired(world: World) -> None:
    key, old = world.key(), kid_in(world, "active")
    before = jwks(world.client)
    world.clock.advance(seconds=LEARNT)
    last = world.token(key)
    signing_keys.activate(world.ctx, OPERATOR, world.clock())
    assert verified(world.token(key), before), "who fetched the set before the change needs no new one"
    world.clock.advance(seconds=600)
    assert verified(last, jwks(world.client))
    world.clock.advance(seconds=3600)
    assert old not in jwks(world.client)


@pytest.mark.spec("T-JOSE-10")
def test_the_jwks_is_cached_and_asked_for_again_by_its_etag(world: World) -> None:
    first = world.client.get(JWKS)
    assert first.headers["Cache-Control"] == "public, max-age=300"
    etag = first.headers["ETag"]
    for given in (etag, f'"other", {etag}', f"W/{etag}"):
        again = world.client.get(JWKS, headers={"If-None-Match": given})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        assert again.headers["Cache-Control"] == "public, max-age=300"
    assert world.client.get(JWKS, headers={"If-None-Match": '"other"'}).status_code == 200


CRITS = [
    ["x"],
    ["exp"],
    ["b64"],
    [],
    5,
    0,
    None,
    True,
    1e308,
    [1],
    [None],
    {},
    {"x": 1},
    "x",
    "",
    [["x"]],
    ["kid", "kid"],
]


@pytest.mark.spec("T-JOSE-11")
def test_a_token_that_calls_anything_critical_is_refused_whatever_it_says(world: World) -> None:
    forger = Forger(world)
    for crit in CRITS:
        forger.rejected(forger.ours({"crit": crit}))
        forger.rejected(forger.ours({"crit": crit, "b64": False, "x": 1}))


REPEATED = [(0, "alg"), (0, "kid"), (0, "typ"), (1, "exp"), (1, "sub"), (1, "scope"), (1, "status")]


@pytest.mark.spec("T-JOSE-12")
@pytest.mark.parametrize("first", [True, False])
def test_a_repeated_name_is_refused_even_under_our_key(world: World, first: bool) -> None:
    forger = Forger(world)
    for part, member in REPEATED:
        texts = [unb64(forger.head).decode(), unb64(forger.body).decode()]
        extra = f'"{member}":{json.dumps((forger.header if part == 0 else forger.claims)[member])}'
        texts[part] = "{" + extra + "," + texts[part][1:] if first else texts[part][:-1] + "," + extra + "}"
        forger.rejected(forger.sealed(f"{b64(texts[0])}.{b64(texts[1])}"))


@pytest.mark.spec("T-JOSE-06")
def test_a_token_of_another_deployment_is_refused(make_world: Any) -> None:
    ours, theirs = make_world(), make_world()
    sign_with(theirs, "ES256")
    ours.clock.advance(seconds=LEARNT)
    forger = Forger(ours)
    token = theirs.token(theirs.key())
    assert jwt.get_unverified_header(token)["kid"] not in jwks(ours.client)
    forger.rejected(token)
