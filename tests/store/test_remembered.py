"""SQLite is asked for a row once until somebody commits, and never answers from before."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from app.store import remembered
from tests.together import at_once
from tests.world import World

ELSEWHERE = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
SWITCHED_OFF, SWITCHED_ON = ("UPDATE tenants SET api_access = 0", "UPDATE tenants SET api_access = 1")


@pytest.fixture
def database() -> str:
    return "sqlite"


def commit_elsewhere(world: World, statement: str) -> None:
    """Let another process commit a change."""
    file = world.url.removeprefix("sqlite:///")
    subprocess.run([sys.executable, "-c", ELSEWHERE, file, statement], check=True)


def questions(world: World, secret: str) -> list[str]:
    """What SQLite is asked while a key calls."""
    heard: list[str] = []
    driver = world.ctx.database.read(lambda connection: connection.connection.driver_connection)
    assert driver is not None
    driver.set_trace_callback(heard.append)
    try:
        assert world.whoami(secret) == 200
    finally:
        driver.set_trace_callback(None)
    return heard


def test_a_row_is_asked_for_once_until_somebody_commits(world: World) -> None:
    key = world.key()
    assert len(questions(world, key.secret)) == 1
    assert questions(world, key.secret) == []
    commit_elsewhere(world, "UPDATE tenants SET name = 'Renamed'")
    assert len(questions(world, key.secret)) == 1


def test_what_another_process_commits_holds_at_once(world: World) -> None:
    key = world.key()
    for _ in range(3):
        assert world.whoami(key.secret) == 200
        commit_elsewhere(world, SWITCHED_OFF)
        assert world.whoami(key.secret) == 403
        commit_elsewhere(world, SWITCHED_ON)


def test_what_is_committed_while_nobody_here_has_the_database_open_holds(world: World) -> None:
    key = world.key()
    assert world.whoami(key.secret) == 200
    world.ctx.database.close()  # the last one: SQLite removes the wal-index, and makes another one later
    commit_elsewhere(world, SWITCHED_OFF)
    assert world.whoami(key.secret) == 403
    commit_elsewhere(world, SWITCHED_ON)
    assert world.whoami(key.secret) == 200


def test_two_openings_of_a_database_whose_log_is_empty_are_told_apart(world: World) -> None:
    key = world.key()
    world.ctx.database.close()  # nothing is left in the log: every new wal-index begins with the same header
    assert world.whoami(key.secret) == 200
    world.ctx.database.close()
    commit_elsewhere(world, SWITCHED_OFF)
    assert world.whoami(key.secret) == 403


def test_threads_that_connect_at_once_let_go_of_the_file_together(world: World) -> None:
    key, before = world.key(), len(remembered._shared)
    world.ctx.database.close()
    together = threading.Barrier(8)

    def connect() -> None:
        together.wait()
        world.whoami(key.secret)
        world.ctx.database._drop()

    assert at_once([connect] * 8) == []
    world.ctx.database.close()
    assert len(remembered._shared) == before - 1


def test_a_second_user_of_the_database_goes_on_when_the_first_leaves(world: World) -> None:
    key, other = world.key(), World.client_of(world.another_process())
    for _ in range(2):
        assert other.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 200
        commit_elsewhere(world, SWITCHED_OFF)
        assert other.get("/api/user", headers={"X-API-Key": key.secret}).status_code == 403
        commit_elsewhere(world, SWITCHED_ON)
        world.ctx.database.close()


def test_a_wal_index_of_another_format_is_not_relied_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = world.key()
    world.ctx.database.close()
    monkeypatch.setattr(remembered, "FORMAT", b"none")
    assert [len(questions(world, key.secret)) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("step", ["os.open", "mmap.mmap"])
def test_an_index_that_cannot_be_looked_at_only_costs_time(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError("nothing left")

    key, (module, _, name) = world.key(), step.partition(".")
    world.ctx.database.close()
    without = SimpleNamespace(**{**vars(getattr(remembered, module)), name: refuse})
    monkeypatch.setattr(remembered, module, without)
    assert [len(questions(world, key.secret)) for _ in range(3)] == [1, 1, 1]


def test_many_keys_take_a_bounded_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_ROWS", 3)
    made = [world.key(name=f"Key {number}") for number in range(5)]
    for _ in range(2):
        assert [world.whoami(key.secret) for key in made] == [200] * 5
        assert 0 < len(world.ctx.database._remembered._rows()) <= 3


def test_no_file_stays_open(world: World) -> None:
    world.whoami(world.key().secret)
    before = len(remembered._shared)
    world.ctx.database.close()
    assert len(remembered._shared) == before - 1
