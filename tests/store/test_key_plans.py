"""Lists of few keys among very many: what is looked for, by which index, and what is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from app.domain.health import QUESTIONS
from app.store import few_keys, key_health, key_lists
from app.store.key_lists import Wanted
from app.store.key_orders import SORTS, Order
from tests.console.people import Person
from tests.many_keys import analyse, fill
from tests.statements import heard
from tests.store.test_key_lists import plan
from tests.world import START, World

MANY, TENANTS, MOST = 1_000, 8, 10_000
FILTERS: dict[str, dict[str, Any]] = {
    "active": {"revoked": False},
    "revoked": {"revoked": True},
    "valid": {"expiration": "valid"},
    "expiring soon": {"expiration": "expiring_soon"},
    "expired": {"expiration": "expired"},
    "group": {"group_id": "grp_full"},
    "never used": {"unused": True},
    "idle": {"idle_since": START - timedelta(days=30)},
    "creator": {"creator": "nobody"},
    "text": {"text": "zapier"},
    "text or key ID": {"text": "kt_00", "key_id": "kt_00"},
    "nothing like it": {"text": "nothing like it"},
    "several": {"revoked": True, "idle_since": START - timedelta(days=90), "text": "osaka"},
    **{question: {"health": question} for question in QUESTIONS},
}
PLACES = [None, 0, 3, -2]


@pytest.fixture
def filled(world: World) -> World:
    """A tenant with many keys of every kind, among others that have as many."""
    fill(world, world.tenant["id"], MANY)
    for number in range(1, TENANTS):
        fill(world, world.new_tenant(f"Tenant {number}")["id"], MANY, f"k{number}")
    analyse(world)
    return world


def wanted(world: World, **more: Any) -> Wanted:
    return Wanted(world.tenant["id"], "tenant_api_key", START, START + timedelta(days=14), **more)


def orders() -> Iterator[Order]:
    for sort in SORTS:
        yield from (Order(sort), Order(sort, descending=True))


@contextmanager
def indexed(world: World) -> Iterator[Connection]:
    """A connection that walks through a whole table only where no index helps.

    PostgreSQL may well do so with a table as small as a test's; SQLite believes that all are large.
    """
    with world.ctx.database.reader.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        yield connection
        connection.invalidate()


def test_few_keys_are_looked_for_along_an_index(filled: World) -> None:
    with indexed(filled) as connection:
        for name, narrow in FILTERS.items():
            for order in orders():
                found = plan(connection, few_keys.question(wanted(filled, **narrow), order, None, 51, MOST))
                assert not re.search(r"Seq Scan on (keys|key_uses|secrets|secret_uses)\b", found), (name, order, found)
                assert not re.search(r"SCAN (keys|key_uses|secrets|secret_uses)\w*(?! USING)$", found, re.MULTILINE), (
                    name,
                    order,
                    found,
                )


def test_both_ways_find_the_same_keys_in_the_same_order(filled: World) -> None:
    with filled.ctx.database.reader.connect() as connection:
        for name, narrow in FILTERS.items():
            for order in orders():
                asking = wanted(filled, **narrow)
                whole = key_lists.page(connection, asking, order, None, MANY + 1)
                for at in PLACES if whole[3:] else [None]:
                    after = (whole[at].place, whole[at].key_id) if at is not None else None
                    rows, matches = few_keys.page(connection, asking, order, after, 20, MOST)
                    walked = key_lists.page(connection, asking, order, after, 20)
                    found = [(row.key_id, row.place) for row in rows]
                    assert found == [(row.key_id, row.place) for row in walked], (name, order, at)
                    assert matches == len(whole), (name, order, at)


def test_keys_that_are_asked_for_their_use_one_by_one_are_the_same(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = ({"unused": True}, FILTERS["idle"], FILTERS["several"], {"health": "idle"}, {"health": "never_used"})
    with filled.ctx.database.reader.connect() as connection:
        for narrow in asked_for:
            asking, order = wanted(filled, **narrow), Order("name")
            gathered = few_keys.page(connection, asking, order, None, MANY, MOST)
            with monkeypatch.context() as patch:
                patch.setattr(few_keys, "MOST_USES", 1)
                assert few_keys.page(connection, asking, order, None, MANY, MOST) == gathered, narrow
            assert gathered[1] > 1, narrow


def test_of_too_many_only_so_many_are_counted(filled: World) -> None:
    with filled.ctx.database.reader.connect() as connection:
        assert few_keys.page(connection, wanted(filled, revoked=False), Order(), None, 20, 100) == ([], 101)


def test_no_page_is_reached_by_counting_rows_off(filled: World) -> None:
    after = (START, "kt_0")
    for narrow in FILTERS.values():
        asking = wanted(filled, **narrow)
        for question in (
            few_keys.question(asking, Order(), after, 51, MOST),
            *(found.limit(51) for found in key_lists.questions(asking, Order(), after)),
        ):
            assert "OFFSET" not in str(question.compile(dialect=postgresql.dialect()))


def test_health_counts_what_the_lists_of_its_questions_hold(filled: World) -> None:
    with filled.ctx.database.reader.connect() as connection:
        counts = key_health.counts(connection, filled.tenant["id"], "tenant_api_key", START, START + timedelta(days=14))
        for question, count in zip(QUESTIONS, counts, strict=True):
            asking = wanted(filled, health=question)
            assert len(key_lists.page(connection, asking, Order(), None, MANY + 1)) == count, question
        assert sum(count > 0 for count in counts) >= 8, counts


def test_the_list_counts_what_it_shows_and_nothing_else(filled: World) -> None:
    person = Person(filled).signed_in()
    person.read("/tenant-api-keys")
    with heard(filled.ctx.database.reader) as said:
        page = person.read("/tenant-api-keys").text
    assert "50 of 980 keys" in page
    counting = [text for text, _ in said if "count(" in text]
    assert len(counting) == 1, counting  # the keys that can authenticate now, which the header tells
    assert "deleted_at" not in counting[0]
    with heard(filled.ctx.database.reader) as said:
        page = person.read("/tenant-api-keys?status=revoked").text
    assert re.search(r"50 of \d\d keys", page)
    bounded = [text for text, _ in said if "count(" in text and "deleted_at" in text]
    assert len(bounded) == 1, bounded
    assert re.match(r"WITH found AS \(SELECT keys.key_id .*? LIMIT .*?\) SELECT", bounded[0]), bounded
