"""LIVE and DEAD: what a secret and the tokens obtained with it are good for, at every kind of door."""

from __future__ import annotations

from tests.world import Key, World


def live(world: World, key: Key) -> bool:
    """Whether a secret works: at a door, and for a token."""
    return world.whoami(key.secret) == 200 and _asks(world, key) == (200, None)


def dead(world: World, key: Key, token: str, server: Key) -> bool:
    """Whether a secret and a token it obtained are refused: as a key, at /token, at introspection, as a token."""
    raw = world.client.get("/api/user", headers={"X-API-Key": key.secret})
    bearer = world.client.get("/api/user", headers={"Authorization": f"Bearer {token}"})
    return (
        (raw.status_code, raw.json["message"]) == (401, "Invalid API Key")
        and bearer.status_code == 401
        and _asks(world, key) == (401, "invalid_client")
        and world.introspect(server, token) == {"active": False}
    )


def _asks(world: World, key: Key) -> tuple[int, str | None]:
    answer = world.client.post("/token", data={"grant_type": "client_credentials"}, auth=key.auth)
    return answer.status_code, answer.json.get("error")
