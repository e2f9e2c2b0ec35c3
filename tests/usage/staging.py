"""Calls from many places, and what the management API tells of them once they are written."""

from __future__ import annotations

from typing import Any

from tests.admin.client import Admin
from tests.world import Key, World

FORM = {"grant_type": "client_credentials"}
REQUESTS, CURL = "python-requests/2.32.3", "curl/8.5.0"


def call(world: World, secret: str, address: str = "198.51.100.4", client: str = REQUESTS, **headers: str) -> int:
    """One call at a door; its status."""
    given = {"X-API-Key": secret, "User-Agent": client, **headers}
    answer = world.client.get("/api/user", headers=given, environ_base={"REMOTE_ADDR": address})
    return answer.status_code


def usage(admin: Admin, key: Key, query: str = "") -> dict[str, Any]:
    """What is told of a key's use, everything counted so far written."""
    admin.world.ctx.recorder.flush()
    return admin.ok("GET", f"api-keys/{key.id}/usage{query}")


def rotation(admin: Admin, key: Key) -> dict[str, Any]:
    """The evidence of a running rotation."""
    admin.world.ctx.recorder.flush()
    found: dict[str, Any] = admin.ok("GET", f"api-keys/{key.id}")["rotation"]
    return found


def rotated(admin: Admin, key: Key, overlap: str) -> Key:
    """The key with its new secret."""
    made = admin.ok("POST", f"api-keys/{key.id}/rotate", {"overlap": overlap})
    return Key(key.id, made["client_secret"], made)
