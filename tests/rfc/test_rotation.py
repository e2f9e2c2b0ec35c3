"""RFC 6749 §3.2.1: client credentials can be rotated; with an overlap both secrets work, and each dies alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.actions import tenants
from tests.admin.client import Admin
from tests.matrix.standing import dead, live
from tests.rfc.asking import ask, assert_challenged
from tests.world import OPERATOR, Key, World


@pytest.fixture
def admin(world: World) -> Admin:
    return Admin(world, world.key("Administration").secret)


def rotated(admin: Admin, key: Key, **how: Any) -> Key:
    """Rotate over HTTP; the key with its new secret."""
    answer = admin.ok("POST", f"api-keys/{key.id}/rotate", how)
    return Key(key.id, answer["client_secret"], answer)


@pytest.mark.spec("T-6749-60")
@pytest.mark.parametrize("overlap", ["1h", "24h", "72h", "7d", "90m", "1s"])
def test_an_old_secret_works_inside_its_overlap_and_not_after_it(admin: Admin, world: World, overlap: str) -> None:
    key = world.key()
    new = rotated(admin, key, overlap=overlap)
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    world.clock.advance(seconds=int(overlap[:-1]) * units[overlap[-1]] - 1)
    assert ask(world, key=key).status_code == ask(world, key=new).status_code == 200
    world.clock.advance(seconds=1)
    assert_challenged(ask(world, key=key))
    assert live(world, new)
    (left,) = admin.ok("GET", f"api-keys/{key.id}")["secrets"]
    assert left["ends_at"] is None


def test_without_an_overlap_the_old_secret_stops_now(admin: Admin, world: World) -> None:
    key, server = world.key(), world.resource_server()
    token = world.token(key)
    new = rotated(admin, key)
    assert dead(world, key, token, server)
    assert live(world, new)


def test_tokens_die_with_the_secret_that_obtained_them_and_not_with_its_sibling(admin: Admin, world: World) -> None:
    key, server = world.key(), world.resource_server()
    before = world.token(key)
    new = rotated(admin, key, overlap="5m")
    during, young = world.token(key), world.token(new)
    assert all(world.introspect(server, token)["active"] for token in (before, during, young))
    assert world.introspect(server, young)["exp"] - world.introspect(server, during)["exp"] == 300, (
        "no token outlives its secret"
    )
    admin.ok("POST", f"api-keys/{key.id}/overlap", {"end": "now"})
    assert dead(world, key, before, server)
    assert dead(world, key, during, server)
    assert world.introspect(server, young)["active"] is True
    again = rotated(admin, new)
    assert dead(world, new, young, server)
    assert live(world, again)


def test_an_overlap_is_extended_up_to_the_maximum_from_the_rotation(admin: Admin, world: World) -> None:
    key = world.key()
    new = rotated(admin, key, overlap="1h")
    world.clock.advance(minutes=59)
    address = f"api-keys/{key.id}/overlap"
    for beyond in ("2026-11-28T12:00:01Z", "2026-11-21T12:59:00Z", "2026-11-20T12:00:00Z"):
        assert admin.fields("POST", address, {"extend_to": beyond}) == {"extend_to"}
    moved = admin.ok("POST", address, {"extend_to": "2026-11-28T12:00:00Z"})
    assert [secret["ends_at"] for secret in moved["secrets"]] == [None, "2026-11-28T12:00:00Z"]
    world.clock.now += timedelta(days=6, hours=23)
    assert live(world, key)
    sooner = admin.ok("POST", address, {"extend_to": "2026-11-28T11:59:30Z"})
    assert sooner["secrets"][1]["ends_at"] == "2026-11-28T11:59:30Z", "its end may come nearer too"
    world.clock.advance(seconds=30)
    assert_challenged(ask(world, key=key))
    assert live(world, new)
    assert admin.refused(409, "POST", address, {"extend_to": "2026-11-28T12:00:00Z"})["error"] == "no_overlap"


def test_a_third_rotation_drops_the_oldest_secret(admin: Admin, world: World) -> None:
    first = world.key()
    server, token = world.resource_server(), world.token(first)
    second = rotated(admin, first, overlap="7d")
    third = rotated(admin, second, overlap="7d")
    assert len(third.object["secrets"]) == 2
    assert dead(world, first, token, server)
    assert live(world, second)
    assert live(world, third)
    fourth = rotated(admin, third)
    assert [live(world, key) for key in (second, third, fourth)] == [False, False, True]


def test_a_leaked_secret_gets_no_overlap(admin: Admin, world: World) -> None:
    key, server = world.key(), world.resource_server()
    token = world.token(key)
    for overlap in ("1h", "7d"):
        assert admin.fields("POST", f"api-keys/{key.id}/rotate", {"overlap": overlap, "reason": "leak"}) == {"overlap"}
    assert live(world, key)
    middle = rotated(admin, key, overlap="24h", reason="scheduled")
    rotated(admin, middle, reason="leak", overlap="0s")
    assert dead(world, key, token, server), "nor does the one before it keep its own"
    assert dead(world, middle, token, server)


def test_a_tenant_sets_its_longest_overlap(admin: Admin, world: World) -> None:
    for longest, fine, refused in (
        ("7d", "168h", "169h"),
        ("1h", "60m", "61m"),
        ("30d", "30d", "31d"),
        ("0s", "0s", "1s"),
    ):
        admin.ok("PATCH", "tenant", {"max_overlap": longest})
        key = world.key()
        assert admin.fields("POST", f"api-keys/{key.id}/rotate", {"overlap": refused}) == {"overlap"}
        rotated(admin, key, overlap=fine)


def test_an_overlap_ends_with_its_key(admin: Admin, world: World) -> None:
    key = world.key(expires_at="2026-11-21T12:30:00Z")
    new = rotated(admin, key, overlap="1h")
    world.clock.advance(minutes=30)
    assert [live(world, both) for both in (key, new)] == [False, False]
    other = world.key()
    newer = rotated(admin, other, overlap="1h")
    admin.ok("POST", f"api-keys/{other.id}/revoke")
    assert [live(world, both) for both in (other, newer)] == [False, False]


def test_a_key_in_an_overlap_follows_its_tenant_with_both_secrets(admin: Admin, world: World) -> None:
    key = world.key()
    new = rotated(admin, key, overlap="1h")
    tenants.change(world.ctx, OPERATOR, world.tenant["id"], world.clock(), api_access=False)
    assert [world.whoami(both.secret) for both in (key, new)] == [403, 403]
