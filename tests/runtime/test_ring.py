from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.actions import signing_keys
from app.domain.refusals import Conflict, Unavailable
from app.runtime import vault
from app.settings import JWKS_MAX_AGE
from tests.fixtures import WorldMaker
from tests.postgres import PostgresServer
from tests.signing import JWKS, LEARNT, jwks, kid_in, sign_with, verified
from tests.world import OPERATOR, World

STEPS = ("prepare", "activate", "revoke active", "revoke next", "revoke verifying", "issue", "issue", "look", "look")


class Walk:
    """A deployment of two processes, and verifiers that keep every JWKS for as long as they may."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, world.key()
        self.clients = [world.client, World.client_of(world.another_process())]
        self.seen: list[tuple[Any, dict[str, Any]]] = []
        self.tokens: list[str] = []
        self.revoked: set[str] = set()

    def step(self, name: str, process: int) -> None:
        """Do one thing through one process, then hold the deployment to its promises."""
        ctx, now = self.world.ctx, self.world.clock()
        found = signing_keys.all_keys(ctx, now)
        try:
            if name == "prepare":
                signing_keys.prepare(ctx, OPERATOR, now)
            elif name == "activate":
                signing_keys.activate(ctx, OPERATOR, now)
            elif name.startswith("revoke"):
                for kid in [key["kid"] for key in found if key["state"] == name.split()[1]][:1]:
                    signing_keys.revoke(ctx, OPERATOR, now, kid)
                    self.revoked.add(kid)
        except Conflict as refused:
            assert refused.code == "signing_key_too_young"  # noqa: PT017 - most steps are not refused
        if name == "look":
            self.seen.append((now, jwks(self.clients[process])))
        if name == "issue":
            self.issue(self.clients[process])
        self.hold()

    def issue(self, client: FlaskClient) -> None:
        """Ask for a token; every JWKS that a verifier may still hold verifies it."""
        answer = client.post("/token", data={"grant_type": "client_credentials"}, auth=self.key.auth)
        if answer.status_code == 503:
            assert 0 < int(answer.headers["Retry-After"]) <= LEARNT + 1
            return
        token = answer.json["access_token"]
        self.tokens.append(token)
        for seen_at, keys in self.seen:
            if self.world.clock() - seen_at <= JWKS_MAX_AGE:
                verified(token, keys)

    def hold(self) -> None:
        """What holds after every step, seen from either process."""
        now, states = (
            self.world.clock(),
            [key["state"] for key in signing_keys.all_keys(self.world.ctx, self.world.clock())],
        )
        assert states.count("active") == 1
        assert "next" in states
        published = [jwks(client) for client in self.clients]
        assert published[0].keys() == published[1].keys()
        assert not self.revoked & published[0].keys()
        for token in self.tokens:
            claims, keys = verified_or_revoked(token, published[0], self.revoked)
            assert claims is None or claims["exp"] <= now.timestamp() or keys


def verified_or_revoked(token: str, keys: dict[str, Any], revoked: set[str]) -> tuple[dict[str, Any] | None, bool]:
    """A token's claims, None under a revoked key; and whether the published keys verify it."""
    header = json.loads(_decoded(token.split(".", maxsplit=1)[0]))
    if header["kid"] in revoked:
        return None, False
    if header["kid"] not in keys:
        return dict(json.loads(_decoded(token.split(".")[1]))), False
    return verified(token, keys), True


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    walk=st.lists(
        st.tuples(
            st.sampled_from(STEPS), st.integers(0, 1), st.sampled_from([0, 1, 59, 150, 299, 300, 301, 305, 610, 3700])
        ),
        min_size=5,
        max_size=25,
    )
)
def test_no_token_is_issued_that_a_jwks_fetched_max_age_earlier_could_not_verify(
    make_world: WorldMaker, walk: list[tuple[str, int, int]]
) -> None:
    world = make_world()
    deployment = Walk(world)
    for name, process, seconds in walk:
        deployment.step(name, process)
        world.clock.advance(seconds=seconds)
    world.clock.advance(seconds=LEARNT)
    deployment.step("issue", 0)
    assert deployment.tokens, "whatever happened, tokens come again once caches have learnt"
    world.close()


@pytest.fixture
def take_away(world: World, request: pytest.FixtureRequest, database: str) -> Callable[[], None]:
    """Take the database away from a running world for good."""

    def take() -> None:
        if database == "sqlite":
            world.ctx.database.close()
            shutil.rmtree(world.folder)
            return
        postgres: PostgresServer = request.getfixturevalue("postgres")
        postgres.drop(world.url.rpartition("/")[2].partition("?")[0])

    return take


def test_the_jwks_stays_while_the_database_is_away(world: World, take_away: Callable[[], None]) -> None:
    before = world.client.get(JWKS)
    take_away()
    after = world.client.get(JWKS)
    assert (after.status_code, after.data, after.headers["ETag"]) == (200, before.data, before.headers["ETag"])


def test_a_process_that_never_saw_the_keys_says_so_while_the_database_is_away(
    world: World, take_away: Callable[[], None]
) -> None:
    other = world.another_process()
    take_away()
    with pytest.raises(Unavailable):
        other.extensions["keyturn"].ring.current(world.clock())
    answer = World.client_of(other).get(JWKS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_the_ring_is_opened_once_per_change_and_shared(world: World) -> None:
    ring = world.ctx.ring
    first = ring.current(world.clock())
    assert ring.current(world.clock()) is first
    assert ring.at(first.version, world.clock()) is first
    signing_keys.prepare(world.ctx, OPERATOR, world.clock())
    assert ring.current(world.clock()) is not first


def test_an_idle_process_drops_a_key_when_time_alone_retires_it(world: World) -> None:
    old = kid_in(world, "active")
    sign_with(world, "ES256")
    idle = world.another_process().extensions["keyturn"].ring
    held = idle.current(world.clock())
    assert old in held.verifying
    assert held.changes_at == world.clock() + timedelta(seconds=3605)
    assert idle.at(held.version, held.changes_at - timedelta(microseconds=1)) is held
    later = idle.at(held.version, held.changes_at)
    assert old not in later.verifying
    assert old.encode() not in later.jwks
    assert later.changes_at is None
    assert later.version == held.version, "nobody wrote anything"


def test_a_prepared_key_is_published_and_verifies_nothing_yet(world: World) -> None:
    following = kid_in(world, "next")
    ring = world.ctx.ring.current(world.clock())
    assert following.encode() in ring.jwks
    assert following not in ring.verifying


def test_the_etag_changes_with_the_keys_and_only_with_them(world: World) -> None:
    first = world.client.get(JWKS)
    again = world.client.get(JWKS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert World.client_of(world.another_process()).get(JWKS).headers["ETag"] == first.headers["ETag"]
    signing_keys.prepare(world.ctx, OPERATOR, world.clock())
    changed = world.client.get(JWKS, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    "spoil",
    ["sealed_private = (SELECT sealed_private FROM signing_keys WHERE state = 'next')", "sealed_private = NULL"],
)
def test_a_private_half_that_does_not_open_stops_new_tokens_and_nothing_else(world: World, spoil: str) -> None:
    key = world.key()
    token = world.token(key)
    with world.ctx.database.transaction() as connection:
        connection.execute(text(f"UPDATE signing_keys SET {spoil} WHERE state = 'active'"))
        connection.execute(text("UPDATE deployment SET signing_keys_version = signing_keys_version + 1"))
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert world.introspect(key, token)["active"] is True
    verified(token, jwks(world.client))


def test_a_process_with_another_master_key_signs_nothing(world: World, tmp_path: Path) -> None:
    key = world.key()
    vault.create(tmp_path / "other-keys")
    other = World.client_of(world.another_process(KEYTURN_KEYS_DIR=str(tmp_path / "other-keys")))
    assert other.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth).status_code == 401
    ring = other.application.extensions["keyturn"].ring.current(world.clock())
    assert ring.signing is None
