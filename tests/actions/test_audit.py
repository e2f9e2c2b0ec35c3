"""The audit log shows whatever is done to it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.actions import audit, groups, keys
from app.domain import chain as chaining
from app.domain.events import DEPLOYMENT, Event
from app.domain.refusals import Invalid, NotFound
from app.store import audit as store
from tests.world import OPERATOR, World


def filled(world: World) -> str:
    tenant: str = world.tenant["id"]
    for number in range(4):
        world.key(f"Key {number}")
    return tenant


def damage(world: World, statement: str, **values: Any) -> None:
    with world.ctx.database.transaction() as connection:
        connection.execute(text(statement), values)


def test_an_untouched_log_holds_and_its_heads_can_be_kept_outside(world: World) -> None:
    tenant = filled(world)
    verified = audit.verify(world.ctx, None)
    assert (verified.ok, verified.first_broken) == (True, None)
    assert verified.rows == sum(head["count"] for head in verified.heads.values())
    world.key("Later")
    later = audit.verify(world.ctx, tenant, verified.heads)
    assert later.ok
    assert later.heads[tenant]["count"] == verified.heads[tenant]["count"] + 1


@pytest.mark.parametrize(("statement", "broken"), [
    ("UPDATE audit_events SET actor_id = 'nobody' WHERE chain = :c AND number = 3", 3),
    ("UPDATE audit_events SET after = '{}' WHERE chain = :c AND number = 6", 6),
    ("DELETE FROM audit_events WHERE chain = :c AND number = 2", 2),
    ("DELETE FROM audit_events WHERE chain = :c AND number = 6", 6),
    ("DELETE FROM audit_events WHERE chain = :c", 1),
    ("UPDATE audit_events SET number = number + 1 WHERE chain = :c AND number = 6", 6),
    ("DELETE FROM audit_chains WHERE chain = :c", 1),
    ("UPDATE audit_chains SET count = 5 WHERE chain = :c", 6),
])  # fmt: skip
def test_a_changed_or_removed_row_is_named(world: World, statement: str, broken: int) -> None:
    tenant = filled(world)
    damage(world, statement, c=tenant)
    for asked in (tenant, None):
        verified = audit.verify(world.ctx, asked)
        assert (verified.ok, verified.first_broken) == (False, f"{tenant} {broken}")


def test_rows_that_changed_places_are_named(world: World) -> None:
    tenant = filled(world)
    for old, new in ((3, 99), (4, 3), (99, 4)):
        damage(
            world,
            "UPDATE audit_events SET number = :new WHERE chain = :c AND number = :old",
            c=tenant,
            old=old,
            new=new,
        )
    assert audit.verify(world.ctx, tenant).first_broken == f"{tenant} 3"


def test_a_whole_chain_that_was_removed_is_missed(world: World) -> None:
    tenant = filled(world)
    damage(world, "DELETE FROM audit_events WHERE chain = :c", c=tenant)
    damage(world, "DELETE FROM audit_chains WHERE chain = :c", c=tenant)
    assert audit.verify(world.ctx, None).first_broken == f"{tenant} 1"
    with pytest.raises(NotFound):
        audit.verify(world.ctx, "ten_never")


def test_newest_rows_removed_together_with_an_old_seal_show_against_the_copy_outside(world: World) -> None:
    tenant = filled(world)
    kept = audit.verify(world.ctx, None).heads
    key = world.ctx.vault.audit_key
    with world.ctx.database.transaction() as connection:
        connection.execute(text("DELETE FROM audit_events WHERE chain = :c AND number = 6"), {"c": tenant})
        head = connection.execute(
            text("SELECT link FROM audit_events WHERE chain = :c AND number = 5"), {"c": tenant}
        ).scalar_one()
        seal = chaining.seal(key, tenant, 5, bytes(head))
        connection.execute(
            text("UPDATE audit_chains SET count = 5, head = :h, seal = :s WHERE chain = :c"),
            {"c": tenant, "h": head, "s": seal},
        )
    assert audit.verify(world.ctx, tenant).ok  # whoever can restore an old seal leaves no trace inside
    assert audit.verify(world.ctx, tenant, kept).first_broken == f"{tenant} 6"
    world.key("Another")
    assert audit.verify(world.ctx, tenant, kept).first_broken == f"{tenant} 6"
    with pytest.raises(Invalid):
        audit.verify(world.ctx, tenant, {tenant: {"count": "many"}})


def test_what_is_recorded_is_logged_once_it_is_committed_and_not_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(world.ctx.database, "told", lambda event, **members: told.append({"event": event, **members}))
    tenant = filled(world)
    told.clear()

    def record_and_fail() -> None:
        with world.ctx.database.transaction() as connection:
            store.record(
                connection, world.ctx.vault.audit_key, Event.KEY_EDITED, OPERATOR, world.clock(),
                tenant_id=tenant, object_kind="key", object_id="x",
            )  # fmt: skip
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    world.key("One more")
    (line,) = told
    head = audit.verify(world.ctx, tenant).heads[tenant]
    assert line == {
        "event": "audit.recorded",
        "chain": tenant,
        "number": head["count"],
        "recorded": "key.created",
        "link": head["head"],
    }


def test_pages_run_through_all_chains_newest_first_without_gaps(world: World) -> None:
    tenant = filled(world)
    world.clock.advance(hours=1)
    groups.create(world.ctx, OPERATOR, tenant, world.clock(), name="Late", scopes=[])
    everything = len(list(audit.export(world.ctx, None)))
    for asked, total in ((None, everything), (tenant, 7)):
        seen, cursor = [], None
        while True:
            page = audit.page(world.ctx, asked, world.clock(), after=cursor, limit=3)
            seen += [(item["chain"], item["number"]) for item in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == total
        assert seen[0] == (tenant, 7)


def test_pages_can_be_narrowed(world: World) -> None:
    tenant = filled(world)
    world.clock.advance(hours=2)
    key = world.key("Late")
    keys.revoke(world.ctx, OPERATOR, tenant, key.id, world.clock())

    def ask(**filters: str) -> list[str]:
        return [item["event"] for item in audit.page(world.ctx, tenant, world.clock(), filters=filters).items]

    assert ask(object=key.id) == ["key.revoked", "key.created"]
    assert ask(event="key.revoked", actor="tester", since="1h") == ["key.revoked"]
    assert len(ask(until="2026-11-21T13:00:00Z")) == 6
    for bad in ({"since": "yesterday"}, {"colour": "red"}):
        with pytest.raises(Invalid):
            audit.page(world.ctx, tenant, world.clock(), filters=bad)
    with pytest.raises(Invalid):
        audit.page(world.ctx, tenant, world.clock(), after=("x", tenant, 1))
    assert next(audit.export(world.ctx, None))["chain"] == min(DEPLOYMENT, tenant)


def test_a_row_that_was_put_in_is_named_and_one_written_meanwhile_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = filled(world)
    monkeypatch.setattr(audit, "BATCH", 2)  # so that the walk asks several times
    walk = store.batch

    def batch(connection: Any, chain: str, after: int, limit: int) -> Any:
        if after == 4 and chain == tenant:
            world.key("Meanwhile")
        return walk(connection, chain, after, limit)

    monkeypatch.setattr(store, "batch", batch)
    assert audit.verify(world.ctx, tenant).ok
    monkeypatch.undo()
    columns = "event, at, actor_kind, actor_id, object_kind, object_id, before, after, link"
    damage(
        world,
        f"INSERT INTO audit_events (chain, number, {columns}) SELECT chain, 8, {columns} FROM audit_events"
        " WHERE chain = :c AND number = 7",
        c=tenant,
    )
    assert audit.verify(world.ctx, tenant).first_broken == f"{tenant} 8"


def test_a_head_that_was_exchanged_breaks_its_seal(world: World) -> None:
    tenant = filled(world)
    damage(world, "UPDATE audit_chains SET seal = head WHERE chain = :c", c=tenant)
    assert audit.verify(world.ctx, tenant).first_broken == f"{tenant} 6"
