"""What cannot wait about a tenant's keys is asked along the index of what is rare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.models import Key, KeyUse
from app.store import key_notices
from tests.many_keys import analyse, fill
from tests.statements import heard
from tests.world import START, World

WEEK = timedelta(days=7)
KIND = "tenant_api_key"


def called(world: World, key_id: str, **at: Any) -> None:
    """Let a key have ended, and be called, so long ago."""
    with world.ctx.database.writer.begin() as connection:
        ended, dead = START - timedelta(**at["ended"]), START - timedelta(**at["called"])
        connection.execute(update(Key).where(Key.key_id == key_id).values(expires_at=ended))
        connection.execute(update(KeyUse).where(KeyUse.key_id == key_id).values(dead_call_at=dead))


def asked(world: World) -> Any:
    tenant = world.tenant["id"]
    return world.ctx.database.read(
        lambda connection: key_notices.expired_but_called(connection, tenant, KIND, START - WEEK, START)
    )


def test_the_key_that_expired_lately_and_was_called_last_is_told(world: World) -> None:
    keys = [world.key(f"Key {number}") for number in range(5)]
    assert asked(world) is None
    called(world, keys[0].id, ended={"days": 2}, called={"hours": 5})
    called(world, keys[1].id, ended={"days": 3}, called={"hours": 4})
    called(world, keys[2].id, ended={"days": 9}, called={"hours": 3})  # long ago: somebody lives with it
    called(world, keys[3].id, ended={"hours": 1}, called={"hours": 2})  # while it was revoked, before its end
    found = asked(world)
    assert (found.key_id, found.name, found.dead_call_at) == (keys[1].id, "Key 1", START - timedelta(hours=4))
    stranger = world.key("Stranger", tenant=world.new_tenant("Other"))
    called(world, stranger.id, ended={"days": 2}, called={"hours": 1})
    assert asked(world).key_id == keys[1].id


def test_it_is_the_first_that_is_met_from_the_newest_call_on(world: World) -> None:
    fill(world, world.tenant["id"], 1_000)
    analyse(world)
    with heard(world.ctx.database.reader) as said:
        asked(world)
    statement, given = said[-1]
    with world.ctx.database.reader.connect() as connection:
        if not world.ctx.database.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        prefix = "EXPLAIN QUERY PLAN " if world.ctx.database.is_sqlite else "EXPLAIN "
        plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(prefix + statement, given))
        connection.invalidate()
    assert "ix_key_uses_dead" in plan, plan
    assert "TEMP B-TREE" not in plan, plan  # PostgreSQL may sort the few that a test has
