"""While the database takes no changes, calls are answered and their counts are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from app.domain.refusals import Unavailable
from app.store import database as store
from app.store import deadlines
from app.store.deadlines import Patience
from tests.admin.client import Admin
from tests.usage.staging import call, usage
from tests.world import World


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of a second, so that waiting them out takes no longer."""
    monkeypatch.setattr(deadlines, "READING", Patience(1, 1, 2))
    monkeypatch.setattr(deadlines, "WRITING", Patience(1, 1, 2))
    monkeypatch.setattr(store, "LOCK_WAIT_SECONDS", 1)


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else keeps the tables of counts, or the whole file, to themselves."""
    if world.ctx.database.is_sqlite:
        with closing(sqlite3.connect(world.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
        return
    with psycopg.connect(world.url) as connection:
        connection.execute("LOCK TABLE callers IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_database_that_takes_no_changes_costs_no_count_and_no_call(admin: Admin, world: World) -> None:
    key = world.key()
    call(world, key.secret)
    with locked(world):
        for _ in range(2):
            with pytest.raises(Unavailable):
                world.ctx.recorder.flush()
            assert call(world, key.secret) == 200
    found = usage(admin, key)
    assert found["totals"]["ok"] == 3
    assert found["callers"][0]["calls"] == 3
