"""Tables come and go by migrations alone, and are then exactly the models."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.models import Base
from app.runtime import migrations
from tests.postgres import PostgresServer
from tests.world import World

IN_ANOTHER_PROCESS = "import sys; from app.runtime import migrations; migrations.upgrade(sys.argv[1])"


@pytest.fixture
def url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database that has nothing in it; the SQLite file is not even there."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'keyturn.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"migrations_{os.getpid()}_{tmp_path.name[-20:]}"
    yield server.database(name).replace("postgresql://", "postgresql+psycopg://")
    server.drop(name)


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def details(url: str) -> dict[str, Any]:
    """Everything a comparison by Alembic leaves out: CHECK constraints, partial indexes, keys, SQLite's own text."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    inspector = sa.inspect(engine)
    found: dict[str, Any] = {}
    for table in set(inspector.get_table_names()) - {"alembic_version", "sqlite_sequence"}:
        found[table] = {
            "columns": sorted(map(str, inspector.get_columns(table))),
            "checks": sorted(map(str, inspector.get_check_constraints(table))),
            "indexes": sorted(re.sub(r"<.* object at \w+>", "", str(index)) for index in inspector.get_indexes(table)),
            "primary": str(inspector.get_pk_constraint(table)),
            "foreign": sorted(map(str, inspector.get_foreign_keys(table))),
            "unique": sorted(map(str, inspector.get_unique_constraints(table))),
        }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
            )
            found["partial"] = {row.name: row.sql for row in rows}
            autoincrement = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
            )
            found["numbered"] = sorted(autoincrement.scalars())
    return found


def test_tables_go_up_down_and_up_again(url: str) -> None:
    assert migrations.state(url) == "empty"
    migrations.upgrade(url)
    assert migrations.state(url) == "current"
    assert tables(url) >= set(Base.metadata.tables)
    migrations.downgrade(url, "base")
    assert migrations.state(url) == "empty"
    assert not tables(url) - {"sqlite_sequence"}
    migrations.upgrade(url)
    assert migrations.state(url) == "current"


def test_asking_for_the_state_creates_no_file(tmp_path: Path) -> None:
    assert migrations.state(f"sqlite:///{tmp_path / 'none.db'}") == "empty"
    assert list(tmp_path.iterdir()) == []


def test_what_migrations_make_is_exactly_what_the_models_say(url: str) -> None:
    migrations.upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
        assert [difference for difference in differences if "alembic_version" not in str(difference)] == []
    migrated = details(url)
    migrations.downgrade(url, "base")
    Base.metadata.create_all(engine)
    assert migrated == details(url)
    assert len(migrated) >= len(Base.metadata.tables)


def test_a_second_upgrade_changes_nothing_and_rows_survive(world: World) -> None:
    key = world.key()
    migrations.upgrade(world.settings.database)
    assert migrations.state(world.settings.database) == "current"
    assert world.whoami(key.secret) == 200


def test_a_database_of_a_newer_version_is_ahead(url: str) -> None:
    migrations.upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrations.state(url) == "ahead"


def test_processes_that_upgrade_at_once_do_not_disturb_each_other(url: str) -> None:
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, url]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    problems = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], problems
    assert migrations.state(url) == "current"


def test_a_migration_that_fails_leaves_the_database_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", _fail)
        with pytest.raises(RuntimeError, match="the disk is gone"):
            migrations.upgrade(url)
    assert migrations.state(url) == "empty"
    assert not tables(url) - {"sqlite_sequence"}
    migrations.upgrade(url)
    assert migrations.state(url) == "current"


def _fail(*_arguments: Any, **_named: Any) -> None:
    raise RuntimeError("the disk is gone")


def test_a_new_sqlite_file_keeps_a_log_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "keyturn.db"
    before = os.umask(0)
    try:
        migrations.upgrade(f"sqlite:///{file}")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
