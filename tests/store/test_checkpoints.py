"""SQLite's log is moved by one process at a time, and by another one when that dies."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.store import checkpoints
from tests.another import Another
from tests.fixtures import WorldMaker
from tests.world import World

HOLDER = (
    "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
)


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def old_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the library here, it behaves as one that loses checkpoint races."""
    monkeypatch.setattr(checkpoints, "SAFE_WAL_RESET", (999,))


def log(world: World) -> Path:
    return Path(world.url.removeprefix("sqlite:///") + "-wal")


def lock(world: World) -> Path:
    return Path(world.url.removeprefix("sqlite:///") + checkpoints.LOCK_SUFFIX)


def pragma(world: World, name: str) -> list[Any]:
    def asked(connection: Any) -> Any:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    with world.ctx.database.transaction() as connection:
        return [asked(connection), world.ctx.database.read(asked)]


def test_every_connection_is_durable_strict_and_leaves_the_log_alone(world: World) -> None:
    assert pragma(world, "journal_mode") == ["wal", "wal"]
    assert pragma(world, "synchronous") == [2, 2]
    assert pragma(world, "foreign_keys") == [1, 1]
    assert pragma(world, "wal_autocheckpoint") == [0, 0]


def test_a_library_without_the_fault_checkpoints_by_itself(
    make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SAFE_WAL_RESET", (3, 0, 0))
    world = make_world()
    assert pragma(world, "wal_autocheckpoint") == [1000, 1000]
    world.key()
    assert not lock(world).exists()


def test_the_log_stays_short_while_keys_are_made(make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LONG_LOG", 100_000)
    world = make_world()
    sizes = []
    for number in range(30):
        world.key(f"Key {number}")
        sizes.append(log(world).stat().st_size)
    assert max(sizes) < 300_000
    assert lock(world).exists()
    assert stat.S_IMODE(lock(world).stat().st_mode) == 0o600


def test_reading_does_not_hold_the_log_open(world: World) -> None:
    key = world.key()
    token = world.token(key)
    world.introspect(key, token)
    assert world.whoami(key.secret) == 200
    assert world.client.get("/.well-known/oauth-authorization-server").status_code == 200
    world.key("Another one")
    checkpointer = world.ctx.database._checkpointer
    assert checkpointer is not None
    assert checkpointer.checkpoint() is True
    connection = sqlite3.connect(world.url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    connection.close()


def test_another_process_takes_over_when_the_one_with_the_lock_is_killed(world: World) -> None:
    world.key()
    checkpointer = world.ctx.database._checkpointer
    assert checkpointer is not None
    command = [sys.executable, "-c", HOLDER, str(lock(world))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert checkpointer.checkpoint() is False
        holder.kill()
        holder.wait()
    assert checkpointer.checkpoint() is True


def test_a_checkpoint_that_cannot_be_made_fails_no_change(
    make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LONG_LOG", 1)
    world = make_world()
    lock(world).mkdir()
    key = world.key()
    assert world.whoami(key.secret) == 200


@pytest.fixture
def two(world: World) -> Iterator[tuple[Another, Another]]:
    with Another(world) as one, Another(world) as other:
        yield one, other


def test_nothing_is_lost_when_two_processes_write_and_checkpoint(world: World, two: tuple[Another, Another]) -> None:
    tenant = world.tenant["id"]
    for process in two:
        process.start("create", 12, tenant=tenant, repeat=5, long_log=60_000)
    made = [key for process in two for key in process.outcomes()]
    assert len(set(made)) == 120
    connection = sqlite3.connect(world.url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    stored = {row[0] for row in connection.execute("SELECT key_id FROM keys")}
    connection.close()
    assert set(made) <= stored
