"""RFC 9068: the access token, as it is issued and as it is taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest

from app.actions import catalogue, keys, rotation, tenants
from app.domain.tokens import ALGORITHMS
from tests.fixtures import WorldMaker
from tests.rfc.forging import DROP, Forger
from tests.signing import jwks, sign_with, verified
from tests.world import ISSUER, OPERATOR, START, Key, World

REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")


def claims_of(world: World, key: Key, **form: str) -> dict[str, Any]:
    return verified(world.token(key, **form), jwks(world.client))


def granted(world: World, key: Key) -> dict[str, Any]:
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.spec("T-9068-01", "T-9068-02")
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_says_what_it_is_and_is_signed_by_the_algorithm_that_is_set(world: World, alg: str) -> None:
    sign_with(world, alg)
    header = jwt.get_unverified_header(world.token(world.key()))
    assert (header["typ"], header["alg"]) == ("at+jwt", alg)


@pytest.mark.spec("T-9068-03", "T-9068-04")
def test_a_token_has_every_required_claim_and_its_client_is_its_subject(world: World) -> None:
    key = world.key()
    claims = claims_of(world, key)
    assert set(REQUIRED) <= claims.keys()
    assert claims["sub"] == claims["client_id"] == key.id
    assert (claims["iss"], claims["tenant"]) == (ISSUER, world.tenant["id"])
    assert (claims["iat"], claims["exp"]) == (int(START.timestamp()), int(START.timestamp()) + 600)
    assert claims["status"]["status_list"]["uri"].startswith(f"{ISSUER}/status-lists/")


@pytest.mark.spec("T-9068-05")
def test_every_token_has_an_id_of_its_own_that_nobody_can_guess_and_that_revokes_it_alone(world: World) -> None:
    key = world.key()
    tokens = [world.token(key) for _ in range(20)]
    ids = {verified(token, jwks(world.client))["jti"] for token in tokens}
    assert len(ids) == len(tokens)
    assert all(len(bytes.fromhex(jti)) * 8 >= 128 for jti in ids)
    assert world.client.post("/revoke", data={"token": tokens[0]}, auth=key.auth).status_code == 200
    assert world.introspect(key, tokens[0]) == {"active": False}
    assert world.introspect(key, tokens[1])["active"] is True


@pytest.mark.spec("T-9068-06", "T-9068-07")
def test_the_audience_is_the_resource_asked_for_or_the_default_and_never_the_issuer_or_the_client(world: World) -> None:
    key, audience = world.key(), "https://rs1.example"
    world.resource_server(audience=audience)
    assert claims_of(world, key)["aud"] == f"{ISSUER}/api"
    assert claims_of(world, key, resource=audience)["aud"] == audience
    assert {claims_of(world, key, **form)["aud"] for form in ({}, {"resource": audience})}.isdisjoint({ISSUER, key.id})


@pytest.mark.spec("T-9068-07")
def test_the_default_audience_can_be_set(make_world: WorldMaker) -> None:
    world = make_world(KEYTURN_AUDIENCE="https://api.example/v1")
    assert claims_of(world, world.key())["aud"] == "https://api.example/v1"


@pytest.mark.spec("T-9068-08")
def test_the_scope_of_the_token_is_the_scope_of_the_answer(world: World) -> None:
    key = world.key(group="Read only")
    for form in ({}, {"scope": "contacts:read"}, {"scope": "messages:read contacts:read"}):
        answer = world.client.post("/token", data={"grant_type": "client_credentials", **form}, auth=key.auth).json
        assert verified(answer["access_token"], jwks(world.client))["scope"] == answer["scope"]
        assert set(answer["scope"].split()) == set(form.get("scope", answer["scope"]).split())


@pytest.mark.spec("T-9068-09")
def test_scopes_of_two_audiences_make_no_token(world: World) -> None:
    form = {"grant_type": "client_credentials", "scope": "contacts:read api_keys:read"}
    answer = world.client.post("/token", data=form, auth=world.key().auth)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


@pytest.mark.spec("T-9068-10")
def test_a_token_tells_of_no_person(world: World) -> None:
    claims = claims_of(world, world.key())
    assert claims.keys() == {*REQUIRED, "scope", "tenant", "status"}


@pytest.mark.spec("T-9068-11")
def test_a_clients_id_is_the_servers_choice(world: World) -> None:
    found = [world.key(f"Key {number}").id for number in range(5)]
    assert len(set(found)) == 5
    assert all(key_id.startswith("kt_") for key_id in found)
    assert not {"key_id", "client_id"} & set(keys.NewKey.__dataclass_fields__)


@pytest.mark.spec("T-9068-12", "T-8725-07")
def test_a_token_of_another_type_is_refused_at_the_doors(world: World) -> None:
    forger = Forger(world)
    for typ in ("JWT", "at+jwt+x", DROP):
        refused_at_the_door(forger, header={"typ": typ})


@pytest.mark.spec("T-9068-13")
def test_a_token_of_another_issuer_is_refused_at_the_doors(world: World) -> None:
    forger = Forger(world)
    for issuer in (f"{ISSUER}/", ISSUER.upper(), ISSUER[:-1], f"{ISSUER}.evil.example", [ISSUER], "", DROP):
        refused_at_the_door(forger, claims={"iss": issuer})


@pytest.mark.spec("T-9068-14")
def test_a_token_for_another_audience_is_refused_at_the_doors(world: World) -> None:
    key = world.key()
    world.resource_server(audience="https://rs1.example")
    for resource in ("https://rs1.example", f"{ISSUER}/admin"):
        answer = world.client.get(
            "/api/user", headers={"Authorization": f"Bearer {world.token(key, resource=resource)}"}
        )
        assert answer.status_code == 401
    for audience in (f"{ISSUER}/api/", f"{ISSUER}/API", ISSUER, key.id, DROP):
        forger = Forger(world)
        assert forger.at_door(forger.ours(claims={"aud": audience})).status_code == 401


@pytest.mark.spec("T-9068-15")
def test_a_token_without_a_claim_is_refused_at_the_doors(world: World) -> None:
    forger = Forger(world)
    for claim in ("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "status"):
        refused_at_the_door(forger, claims={claim: DROP})


NO_TIMES = ["abc", "1800000000", 10**400, -1, 1.5, float("nan"), float("inf"), True, None, [], {}]


@pytest.mark.spec("T-9068-15")
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_time_that_is_no_whole_number_of_seconds_is_refused(world: World, claim: str) -> None:
    forger = Forger(world)
    for value in NO_TIMES:
        forger.rejected(forger.ours(claims={claim: value}))


@pytest.mark.spec("T-9068-15")
def test_a_token_works_until_the_second_before_its_end_and_not_at_it(world: World) -> None:
    forger = Forger(world)
    world.clock.advance(seconds=599)
    forger.accepted(forger.token)
    world.clock.advance(seconds=1)
    assert world.introspect(forger.key, forger.token) == {"active": False}
    answer = forger.at_door(forger.token)
    assert (answer.status_code, 'error="invalid_token"' in answer.headers["WWW-Authenticate"]) == (401, True)


@pytest.mark.spec("T-9068-16")
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_the_largest_token_of_the_shipped_catalogue_fits_a_header(world: World, alg: str) -> None:
    sign_with(world, alg)
    key = world.key(ip_allowlist=("127.0.0.1",))
    assert len(world.token(key)) < 4096
    assert len(world.token(key, resource=f"{ISSUER}/admin")) < 4096


@pytest.mark.spec("T-9068-16")
def test_a_token_that_would_fit_nowhere_is_not_issued_and_fewer_scopes_are(world: World) -> None:
    for number in range(130):
        catalogue.create(world.ctx, OPERATOR, f"{'r' * 34}_{number}:{'a' * 30}", "", world.clock())
    key = world.key()
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    forger_token = world.token(key, scope="contacts:read")
    assert world.introspect(key, forger_token)["active"] is True


def test_a_token_never_outlives_its_key(world: World) -> None:
    key = world.key(expires_at="2026-11-21T12:03:00Z")
    answer = granted(world, key)
    assert answer["expires_in"] == 180
    world.clock.advance(seconds=179, milliseconds=400)
    last = granted(world, key)
    assert last["expires_in"] == 1
    world.clock.advance(milliseconds=600)
    assert world.introspect(world.key("Other"), last["access_token"]) == {"active": False}
    assert verified(last["access_token"], jwks(world.client))["exp"] == int(START.timestamp()) + 180


def test_a_token_never_outlives_the_secret_that_obtained_it(world: World) -> None:
    key = world.key()
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock(), overlap=timedelta(seconds=90))
    assert granted(world, key)["expires_in"] == 90


@pytest.mark.parametrize(
    ("deployment", "tenant", "lifetime"), [("600", 120, 120), ("60", 3600, 60), ("3600", None, 3600)]
)
def test_a_tenant_may_shorten_the_lifetime_and_never_lengthen_it(
    make_world: WorldMaker, deployment: str, tenant: int | None, lifetime: int
) -> None:
    world = make_world(KEYTURN_TOKEN_LIFETIME=deployment)
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), token_lifetime=tenant)
    key = world.key()
    answer = granted(world, key)
    claims = verified(answer["access_token"], jwks(world.client))
    assert (answer["expires_in"], claims["exp"] - claims["iat"]) == (lifetime, lifetime)


def test_a_key_with_an_address_list_marks_its_tokens(world: World) -> None:
    assert claims_of(world, world.key(ip_allowlist=("127.0.0.1",)))["ip_restricted"] is True
    assert "ip_restricted" not in claims_of(world, world.key("Free"))


def refused_at_the_door(
    forger: Forger, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None
) -> None:
    token = forger.ours(header, claims)
    answer = forger.at_door(token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    forger.rejected(token)
