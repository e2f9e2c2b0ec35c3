"""Fixtures that every test may use: a whole deployment on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.runtime import migrations
from app.settings import load
from tests.postgres import PostgresServer
from tests.world import World, copy_sqlite

WorldMaker = Callable[..., World]


def begin(url: str, folder: Path) -> None:
    migrations.upgrade(load({"KEYTURN_DATABASE_URL": url}).database)
    World(url, folder).close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a begun SQLite deployment and its master key."""
    folder = tmp_path_factory.mktemp("sqlite-template")
    begin(f"sqlite:///{folder / 'keyturn.db'}", folder)
    return folder


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> tuple[Path, str]:
    """A folder with a master key, and the name of a begun PostgreSQL deployment."""
    folder = tmp_path_factory.mktemp("postgres-template")
    name = f"template_{os.getpid()}"
    begin(postgres.database(name), folder)
    return folder, name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: every test that names a world runs on both."""
    return str(request.param)


@pytest.fixture
def make_world(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WorldMaker]:
    """Make deployments with settings of their own: `make_world(KEYTURN_TOKEN_LIFETIME="60")`."""
    made: list[World] = []
    dropped: list[Any] = []

    def make(**settings: str) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        if database == "sqlite":
            template: Path = request.getfixturevalue("sqlite_template")
            url = copy_sqlite(template / "keyturn.db", folder)
        else:
            postgres: PostgresServer = request.getfixturevalue("postgres")
            template, source = request.getfixturevalue("postgres_template")
            name = f"world_{os.getpid()}_{len(dropped)}_{abs(hash(request.node.nodeid)) % 10**8}"
            url = postgres.database(name, template=source)
            dropped.append(lambda: postgres.drop(name))
        shutil.copytree(template / "keys", folder / "keys")
        made.append(World(url, folder, settings))
        return made[-1]

    yield make
    for world in made:
        world.close()
    for drop in dropped:
        drop()


@pytest.fixture
def world(make_world: WorldMaker) -> World:
    """A begun deployment."""
    return make_world()
