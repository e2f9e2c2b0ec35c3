"""Many threads change keys of many tenants at once: each change is counted, and none waits for another in a circle."""

from __future__ import annotations

from typing import Any

from app.actions import keys, rotation
from app.domain.refusals import Unavailable
from tests.status.polling import Polling
from tests.status.reading import fetch, index_of
from tests.together import at_once
from tests.world import OPERATOR, Key, World

THREADS, KEYS = 6, 5


def flush(world: World) -> None:
    try:
        world.ctx.verifiers.flush(world.clock())
    except Unavailable:
        world.ctx.verifiers.flush(world.clock())


def test_changes_of_many_tenants_at_once_are_all_in_the_list(world: World) -> None:
    tenants = [world.new_tenant(f"Tenant {number}") for number in range(THREADS)]
    own = [[world.key(f"Key {n}", tenant=tenant) for n in range(KEYS)] for tenant in tenants]
    indexes = [[index_of(world.token(key)) for key in mine] for mine in own]
    verifier = Polling(world, world.resource_server())
    verifier.poll()
    flush(world)
    before = fetch(world).version

    def change(tenant: dict[str, Any], mine: list[Key]) -> None:
        act = (world.ctx, OPERATOR, tenant["id"])
        keys.revoke(*act, mine[0].id, world.clock())
        keys.delete(*act, mine[1].id, world.clock())
        rotation.rotate(*act, mine[2].id, world.clock())
        keys.edit(*act, mine[3].id, world.clock(), group="Read only")
        flush(world)

    works = [lambda pair=pair: change(*pair) for pair in zip(tenants, own, strict=True)]  # type: ignore[misc]
    assert at_once(works) == []
    found = fetch(world)
    assert found.nonzero == {index: value for mine in indexes for index, value in zip(mine, (1, 1, 1, 3), strict=False)}
    assert found.version == before + 4 * THREADS
