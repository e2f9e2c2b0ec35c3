from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.actions import signing_keys
from app.domain.refusals import Conflict, Invalid, NotFound
from app.domain.tokens import ALGORITHMS
from app.runtime import migrations
from tests.fixtures import WorldMaker
from tests.signing import LEARNT, jwks, kid_in, sign_with, states, verified
from tests.world import OPERATOR, World


def prepare(world: World, **more: Any) -> str:
    kid: str = signing_keys.prepare(world.ctx, OPERATOR, world.clock(), **more)["kid"]
    return kid


def activate(world: World, kid: str | None = None) -> str:
    activated: str = signing_keys.activate(world.ctx, OPERATOR, world.clock(), kid)["kid"]
    return activated


def revoke(world: World, kid: str) -> dict[str, Any]:
    return signing_keys.revoke(world.ctx, OPERATOR, world.clock(), kid)


def ask(world: World, key: Any) -> Any:
    return world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)


def pem(private: Any) -> bytes:
    data: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return data


def test_a_new_deployment_publishes_an_active_and_a_next_key_and_signs_at_once(world: World) -> None:
    assert sorted(states(world).values()) == ["active", "next"]
    assert jwks(world.client).keys() == states(world).keys()
    token = world.token(world.key())
    assert jwt.get_unverified_header(token)["kid"] == kid_in(world, "active")


def test_a_next_key_may_sign_only_when_every_cache_has_learnt_of_it(world: World) -> None:
    following = kid_in(world, "next")
    world.clock.advance(seconds=LEARNT - 1)
    with pytest.raises(Conflict) as refused:
        activate(world)
    assert refused.value.code == "signing_key_too_young"
    assert "2026-11-21T12:05:05Z" in refused.value.hints[0]
    world.clock.advance(seconds=1)
    assert activate(world) == following == kid_in(world, "active")


def test_there_is_always_a_next_key(world: World) -> None:
    for _ in range(3):
        world.clock.advance(seconds=LEARNT)
        activate(world)
        assert kid_in(world, "next")
    revoke(world, kid_in(world, "next"))
    assert kid_in(world, "next")
    revoke(world, kid_in(world, "active"))
    assert kid_in(world, "next")


def test_the_key_before_verifies_until_its_last_token_has_expired_and_then_retires_by_itself(
    make_world: WorldMaker,
) -> None:
    world = make_world(KEYTURN_TOKEN_LIFETIME="3600")
    key, old = world.key(), kid_in(world, "active")
    world.clock.advance(seconds=LEARNT)
    token = world.token(key)
    activate(world)
    assert states(world)[old] == "verifying"
    world.clock.advance(seconds=3599)
    assert world.introspect(key, token)["active"] is True
    verified(token, jwks(world.client))
    world.clock.advance(seconds=6)
    assert old not in jwks(world.client), "time alone takes it out, nobody has to ask for it"
    assert states(world)[old] == "retired"
    assert old not in jwks(world.client)


def test_an_emergency_revocation_kills_the_keys_tokens_and_hands_over_to_the_next(world: World) -> None:
    key = world.key()
    world.clock.advance(seconds=LEARNT)
    token, (old, following) = world.token(key), (kid_in(world, "active"), kid_in(world, "next"))
    assert revoke(world, old)["state"] == "revoked"
    assert world.introspect(key, token) == {"active": False}
    assert world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert old not in jwks(world.client)
    assert kid_in(world, "active") == following
    assert jwt.get_unverified_header(world.token(key))["kid"] == following


def test_while_the_key_that_follows_is_too_young_token_requests_wait(world: World) -> None:
    key = world.key()
    world.clock.advance(seconds=100)
    revoke(world, kid_in(world, "active"))
    answer = ask(world, key)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert "access_token" not in answer.json
    wait = int(answer.headers["Retry-After"])
    assert LEARNT - 100 <= wait <= LEARNT - 100 + 1
    assert world.whoami(key.secret) == 200, "the raw key needs no signing key"
    world.clock.advance(seconds=wait)
    assert ask(world, key).status_code == 200


def test_a_verifying_key_can_be_revoked_and_takes_its_tokens_with_it(world: World) -> None:
    key = world.key()
    world.clock.advance(seconds=LEARNT)
    token, old = world.token(key), kid_in(world, "active")
    active = activate(world)
    revoke(world, old)
    assert world.introspect(key, token) == {"active": False}
    assert (states(world)[old], kid_in(world, "active")) == ("revoked", active)


def test_what_cannot_be_done_to_a_key_is_told(world: World) -> None:
    active, following = kid_in(world, "active"), kid_in(world, "next")
    for attempt, code in (
        (lambda: activate(world, active), "signing_key_not_prepared"),
        (lambda: activate(world, following), "signing_key_too_young"),
    ):
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == code
    for missing in (lambda: activate(world, "unknown"), lambda: revoke(world, "unknown")):
        with pytest.raises(NotFound):
            missing()
    revoke(world, following)
    for again, code in (
        (lambda: revoke(world, following), "signing_key_ended"),
        (lambda: activate(world, following), "signing_key_not_prepared"),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.code == code
    with pytest.raises(Invalid):
        prepare(world, alg="HS256")


def test_the_oldest_prepared_key_comes_first_unless_another_is_named(world: World) -> None:
    oldest = kid_in(world, "next")
    world.clock.advance(seconds=1)
    younger, youngest = prepare(world), prepare(world, alg="RS256")
    world.clock.advance(seconds=LEARNT)
    assert activate(world, youngest) == youngest
    assert activate(world) == oldest
    assert states(world)[younger] == "next"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_deployment_signs_with_the_algorithm_it_is_set_to(make_world: WorldMaker, alg: str) -> None:
    world = make_world(KEYTURN_SIGNING_ALG=alg)
    for _ in range(2):  # the copy was begun with the default algorithm: first its next key, then one of the new setting
        world.clock.advance(seconds=LEARNT)
        activate(world)
    key = world.key()
    token = world.token(key)
    assert jwt.get_unverified_header(token)["alg"] == alg
    assert verified(token, jwks(world.client))["sub"] == key.id
    assert world.introspect(key, token)["active"] is True
    assert {
        key["alg"] for key in signing_keys.all_keys(world.ctx, world.clock()) if key["state"] in {"active", "next"}
    } == {alg}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_deployment_can_begin_with_any_algorithm(sqlite_template: Any, tmp_path: Any, alg: str) -> None:
    class Fresh(World):
        def another_process(self, plane: str = "all", **settings: str) -> Any:
            migrations.upgrade(self.settings.database)
            return super().another_process(plane, **settings)

    world = Fresh(f"sqlite:///{tmp_path / 'fresh.db'}", tmp_path, {"KEYTURN_SIGNING_ALG": alg})
    assert {key["alg"] for key in signing_keys.all_keys(world.ctx, world.clock())} == {alg}
    assert verified(world.token(world.key()), jwks(world.client))["iss"] == world.settings.issuer
    world.close()


def test_an_imported_key_signs_under_its_own_thumbprint(world: World) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = prepare(world, alg="PS256", pem=pem(private))
    world.clock.advance(seconds=LEARNT)
    activate(world, kid)
    token = world.token(world.key())
    jwt.decode(
        token,
        private.public_key(),
        algorithms=["PS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
    )
    with pytest.raises(Conflict) as refused:
        prepare(world, alg="RS256", pem=pem(private))
    assert refused.value.code == "signing_key_exists"


def test_a_key_that_was_revoked_cannot_come_back_by_import(world: World) -> None:
    data = pem(ec.generate_private_key(ec.SECP256R1()))
    revoke(world, prepare(world, pem=data))
    with pytest.raises(Conflict):
        prepare(world, pem=data)


def test_another_process_learns_of_every_change_at_its_next_request(world: World) -> None:
    key, other = world.key(), World.client_of(world.another_process())
    assert jwks(other).keys() == jwks(world.client).keys()
    kid = sign_with(world, "ES256")
    answer = other.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert jwt.get_unverified_header(answer.json["access_token"])["kid"] == kid
    assert other.get("/api/user", headers={"Authorization": f"Bearer {answer.json['access_token']}"}).status_code == 200
    revoke(world, kid)
    assert other.get("/api/user", headers={"Authorization": f"Bearer {answer.json['access_token']}"}).status_code == 401
    assert kid not in jwks(other)
