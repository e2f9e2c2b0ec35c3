"""The shortest way through the product."""

from __future__ import annotations

from tests.world import World


def test_a_key_becomes_a_token_and_a_revoked_key_does_not(world: World) -> None:
    key = world.key()
    token = world.token(key)
    assert world.introspect(key, token)["active"] is True
    assert world.whoami(key.secret) == 200
