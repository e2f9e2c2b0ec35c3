"""Pages of keys walk along an index: looked up in the plans of both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, insert, select, text, update

from app.models import Group
from app.store import few_keys, key_lists
from app.store.key_lists import Wanted
from app.store.key_orders import SORTS, Order, groups_from
from tests.many_keys import analyse
from tests.world import START, World

MANY, TENANTS = 5_000, 10
INSERT = """
    INSERT INTO keys (key_id, tenant_id, kind, name, name_folded, description, description_folded,
                      group_id, networks, created_at, created_by, expires_at, version, revoked_at)
"""
GROUP = "CASE i % 5 WHEN 0 THEN 'grp_full' WHEN 1 THEN :tenant || '_a' WHEN 2 THEN :tenant || '_b' ELSE 'grp_ro' END"
FILL = {
    "sqlite": f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) {INSERT}
        SELECT printf('%s_%016d', :prefix, i), :tenant, 'tenant_api_key',
               'Key ' || (i * 7919 % :many), 'key ' || (i * 7919 % :many), '', '', {GROUP}, '',
               datetime('2026-01-01', '+' || (i / 3) || ' seconds') || '.000000', 'system:test',
               CASE WHEN i % 3 THEN datetime('2027-01-01', '+' || (i * 31 % 5000) || ' hours') || '.000000' END, 1,
               CASE WHEN i % 7 = 3 THEN '2026-06-01 00:00:00.000000' END
        FROM n
    """,
    "postgresql": f"""
        {INSERT}
        SELECT :prefix || '_' || lpad(i::text, 16, '0'), :tenant, 'tenant_api_key',
               'Key ' || (i * 7919 % :many), 'key ' || (i * 7919 % :many), '', '', {GROUP}, '',
               timestamptz '2026-01-01Z' + (i / 3) * interval '1 second', 'system:test',
               CASE WHEN i % 3 > 0 THEN timestamptz '2027-01-01Z' + (i * 31 % 5000) * interval '1 hour' END, 1,
               CASE WHEN i % 7 = 3 THEN timestamptz '2026-06-01Z' END
        FROM generate_series(1, :many) AS i
    """,
}
USE = {
    "sqlite": """
        INSERT INTO key_uses (key_id, tenant_id, kind, last_used_at)
        SELECT key_id, tenant_id, kind,
               CASE WHEN rowid % 3 THEN datetime('2026-11-20', '-' || (rowid * 31 % 5000) || ' hours') || '.000000' END
        FROM keys WHERE tenant_id = :tenant
    """,
    "postgresql": """
        INSERT INTO key_uses (key_id, tenant_id, kind, last_used_at)
        SELECT key_id, tenant_id, kind,
               CASE WHEN n % 3 > 0 THEN timestamptz '2026-11-20Z' - (n * 31 % 5000) * interval '1 hour' END
        FROM (SELECT keys.*, row_number() OVER () AS n FROM keys WHERE tenant_id = :tenant) AS numbered
    """,
}
PLACES: dict[str, list[Any]] = {
    "status": [None, ("active", "kt_0000000000000007"), ("revoked", "kt_0000000000000009")],
    "group": [None, ("full access\ngrp_full", "kt_0000000000000007")],
    "name": [None, ("key 5", "kt_0000000000000007")],
    "created": [None, (datetime(2026, 1, 1, 1, tzinfo=UTC), "kt_0000000000000007")],
    "last_used": [None, (datetime(2026, 11, 1, tzinfo=UTC), "kt_0000000000000007"), (None, "kt_0000000000000009")],
    "expires": [None, (datetime(2027, 3, 1, tzinfo=UTC), "kt_0000000000000007"), (None, "kt_0000000000000009")],
}


@pytest.fixture
def filled(world: World) -> World:
    """A tenant with many keys among others that have as many, and a database that knows it."""
    owners = {"kt": world.tenant["id"]}
    owners |= {f"k{number}": world.new_tenant(f"Tenant {number}")["id"] for number in range(1, TENANTS)}
    with world.ctx.database.writer.begin() as connection:
        for prefix, tenant_id in owners.items():
            given = {"tenant": tenant_id, "prefix": prefix, "many": MANY}
            connection.execute(insert(Group), [*_groups(tenant_id)])
            connection.execute(text(FILL[connection.dialect.name]), given)
            connection.execute(text(USE[connection.dialect.name]), {"tenant": tenant_id})
    analyse(world)
    return world


def _groups(tenant_id: str) -> Iterator[dict[str, Any]]:
    # One is named as a group that is built in, the other before all of those.
    for suffix, name in (("a", "Full access"), ("b", "Archive")):
        named = {"id": f"{tenant_id}_{suffix}", "name": name, "name_folded": name.lower()}
        yield {**named, "tenant_id": tenant_id, "type": "tenant_api_key", "created_at": START, "updated_at": START}


def wanted(world: World, **more: Any) -> Wanted:
    return Wanted(world.tenant["id"], "tenant_api_key", START, START + timedelta(days=14), **more)


def questions(connection: Connection, asking: Wanted) -> Iterator[tuple[str, Select[Any]]]:
    for sort in SORTS:
        for order in (Order(sort), Order(sort, descending=True)):
            for after in PLACES[sort]:
                groups = (
                    groups_from(connection, asking.tenant_id, asking.kind, order, after, None)
                    if sort == "group"
                    else ()
                )
                for question in key_lists.questions(asking, order, after, groups):
                    yield sort, question.limit(51)


def plan(connection: Connection, question: Select[Any]) -> str:
    compiled = question.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    values = {
        name: compiled._bind_processors[name](value) if name in compiled._bind_processors else value
        for name, value in compiled.params.items()
    }
    prefix = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    given: Any = tuple(values[name] for name in compiled.positiontup) if compiled.positional else values
    rows = connection.exec_driver_sql(prefix + str(compiled), given).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_every_page_is_a_stretch_of_the_index_of_its_order(filled: World) -> None:
    indexes = {"last_used": "ix_key_uses_last_used", "status": "ix_keys_(active|ended)"}
    with filled.ctx.database.reader.connect() as connection:
        for sort, question in questions(connection, wanted(filled)):
            found = plan(connection, question)
            assert re.search(indexes.get(sort, f"ix_keys_{sort}"), found), found
            assert "TEMP B-TREE" not in found, found
            assert "Sort" not in found, found
            assert "SCAN" not in found, found
            assert "Seq Scan" not in found, found


def test_pages_hold_every_key_once_and_in_order(filled: World) -> None:
    with filled.ctx.database.reader.connect() as connection:
        for sort in SORTS:
            whole = key_lists.page(connection, wanted(filled), Order(sort), None, MANY + 1)
            assert len({row.key_id for row in whole}) == len(whole) == MANY
            mirrored = key_lists.page(connection, wanted(filled), Order(sort, descending=True), None, MANY + 1)
            assert mirrored == whole[::-1]
            if sort == "expires":
                assert all(row.place is None for row in whole[-(MANY // 3) :])
            if sort == "last_used":
                assert all(row.place is None for row in whole[: MANY // 3])
            if sort == "status":
                assert [(row.place, row.key_id) for row in whole] == sorted((row.place, row.key_id) for row in whole)
                assert [row.place for row in whole[-(MANY // 7) :]] == ["revoked"] * (MANY // 7)
            if sort == "group":
                assert [row.place.split("\n")[0] for row in whole] == ["archive"] * (MANY // 5) + ["full access"] * (
                    MANY // 5 * 2
                ) + ["read only"] * (MANY // 5 * 2)
            for at in (0, 1, MANY // 2, MANY - MANY // 3 - 2, MANY - MANY // 3 - 1, MANY - 2, MANY - 1):
                after = (whole[at].place, whole[at].key_id)
                assert key_lists.page(connection, wanted(filled), Order(sort), after, 60) == whole[at + 1 : at + 61]
                before = key_lists.page(connection, wanted(filled), Order(sort, descending=True), after, 60)
                assert before == whole[max(at - 60, 0) : at][::-1]


def test_filters_hold_on_every_page(filled: World) -> None:
    with filled.ctx.database.reader.connect() as connection:
        for more, count in [
            ({"text": "key 77"}, 11),
            ({"key_id": "kt_00000000000049"}, 100),
            ({"text": "nothing", "key_id": "kt_000000000000001"}, 10),
            ({"revoked": True}, 714),
            ({"group_id": "grp_full"}, 1000),
            ({"group_id": "grp_owner"}, 0),
            ({"expiration": "expired"}, 0),
        ]:
            for sort in SORTS:
                found = key_lists.page(connection, wanted(filled, **more), Order(sort), None, MANY)
                assert len(found) == count, (more, sort)


def test_the_place_in_the_order_of_groups_survives_new_names(filled: World) -> None:
    asking, part = wanted(filled), MANY // 5  # Archive, two of the name Full access, and Read only with two parts
    with filled.ctx.database.reader.connect() as connection:
        whole = [(row.place, row.key_id) for row in key_lists.page(connection, asking, Order("group"), None, MANY + 1)]
    ids = [key_id for _, key_id in whole]
    after, mine, archived = whole[part * 2 + 99], ids[part * 2 + 100 : part * 3], ids[:part]
    for group, name, expected in (
        ("b", "archive of old", mine + ids[part * 3 :]),
        ("b", "zero", mine + ids[part * 3 :] + archived),
        ("a", "a", mine + ids[part * 3 :]),
        ("a", "zero", mine + ids[part * 3 :]),
    ):
        renamed = Group.id == f"{filled.tenant['id']}_{group}"
        with filled.ctx.database.transaction() as connection:
            before = connection.execute(select(Group.name_folded).where(renamed)).scalar_one()
            connection.execute(update(Group).where(renamed).values(name_folded=name))
            walked = key_lists.page(connection, asking, Order("group"), after, MANY + 1)
            found, _ = few_keys.page(connection, asking, Order("group"), after, MANY + 1, MANY)
            connection.execute(update(Group).where(renamed).values(name_folded=before))
        assert [row.key_id for row in walked] == [row.key_id for row in found] == expected, (group, name)
