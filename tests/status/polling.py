"""A verifier that polls with its credentials, and the questions an administrator asks about it."""

from __future__ import annotations

from typing import Any

from app.actions import keys
from tests.world import OPERATOR, Key, World

LIST = "/status-lists/0"


class Polling:
    """One verifier: remembers the tag of the list it holds."""

    def __init__(self, world: World, key: Key, address: str = "192.0.2.1", client: Any = None, name: str = "") -> None:
        self.world, self.key, self.address, self.client = world, key, address, client or world.client
        self.etag, self.named = "", {"X-Keyturn-Verifier": name} if name else {}

    def poll(self) -> Any:
        headers = {"If-None-Match": self.etag} if self.etag else {}
        answer = self.client.get(
            LIST,
            auth=self.key.auth,
            headers={**headers, **self.named, "User-Agent": "keyturn-verify/1.0.3"},
            environ_base={"REMOTE_ADDR": self.address},
        )
        assert answer.status_code in {200, 304}
        self.etag = answer.headers["ETag"]
        return answer


def flush(world: World) -> None:
    world.ctx.verifiers.flush(world.clock())


def revoke(world: World, key: Key) -> dict[str, Any]:
    return keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())


def ask(world: World, path: str, caller: Key | None = None) -> Any:
    admin = caller or world.key("Administrator")
    answer = world.client.get(path, headers={"X-API-Key": admin.secret})
    assert answer.status_code == 200, answer.data
    return answer.json["items"]


def propagation(world: World, key: Key) -> dict[str, Any]:
    found: dict[str, Any] = ask(world, f"/admin/api-keys/{key.id}/propagation")[0]
    return found
