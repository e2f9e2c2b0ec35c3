"""What is recorded of every call: who, when, from where, and what came of it; seen over HTTP after a write."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import keys, rotation
from tests.world import OPERATOR, Key, World

FORM = {"grant_type": "client_credentials"}
AGENT = {"User-Agent": "python-requests/2.32.3"}


def shown(world: World, key: Key) -> dict[str, Any]:
    """The key object, once everything counted is written."""
    world.ctx.recorder.flush()
    return keys.show(world.ctx, None, key.id, world.clock())


@pytest.mark.spec("S2-14")
def test_s2_14_a_key_shows_when_it_was_last_used_from_where_and_by_what(world: World) -> None:
    key = world.key()
    never = shown(world, key)
    assert (never["last_used_at"], never["last_used_ip"], never["last_used_client"]) == (None, None, None)
    assert "never_used" in never["flags"]
    world.client.post("/token", data=FORM, auth=key.auth, headers=AGENT, environ_base={"REMOTE_ADDR": "198.51.100.4"})
    world.clock.advance(seconds=30)
    world.client.get("/api/user", headers={"X-API-Key": key.secret, "User-Agent": "curl/8.5.0"})
    world.clock.advance(minutes=5)
    used = shown(world, key)
    assert used["last_used_at"] == "2026-11-21T12:00:30Z"
    assert used["last_used_ip"] == "127.0.0.1"
    assert used["last_used_client"] == "curl/8.5"
    assert used["secrets"][0]["last_used_at"] == "2026-11-21T12:00:30Z"
    assert used["secrets"][0]["last_used_ip"] == "127.0.0.1"
    assert "never_used" not in used["flags"]
    assert used["version"] == never["version"]


def test_a_refused_call_is_no_use(world: World) -> None:
    key = world.key(ip_allowlist=("203.0.113.0/24",))
    assert world.whoami(key.secret) == 403
    assert shown(world, key)["last_used_at"] is None


@pytest.mark.parametrize("origin", ["https://app.example.com", "null", "x" * 5000])
def test_a_browser_is_noticed_by_its_origin_until_its_secret_ends(world: World, origin: str) -> None:
    key = world.key()
    assert world.whoami(key.secret) == 200
    assert "browser_use" not in shown(world, key)["flags"]
    world.client.get("/api/user", headers={"X-API-Key": key.secret, "Origin": origin})
    assert "browser_use" in shown(world, key)["flags"]
    rotation.rotate(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    assert "browser_use" not in shown(world, key)["flags"]
