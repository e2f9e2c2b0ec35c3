"""How the tests ask at /gateway/check, as a gateway does."""

from __future__ import annotations

from typing import Any

from tests.world import World

CHECK, BELOW = "/gateway/check", "/gateway/check/v1/contacts/7"


def ask(world: World, credential: str, path: str = CHECK, **more: Any) -> Any:
    """Ask as a gateway does for a caller that sends this Bearer credential."""
    headers = {"Authorization": f"Bearer {credential}", **more.pop("headers", {})}
    return world.client.open(path, method=more.pop("method", "GET"), headers=headers, **more)
