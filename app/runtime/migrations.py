"""Bring a database's tables to what this version needs, and say how far they are."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import OperationalError

from app.domain.refusals import Unavailable
from app.store import database

EMPTY, BEHIND, CURRENT, AHEAD = "empty", "behind", "current", "ahead"
NEWEST, NOTHING = "head", "base"
LOCK = 7_237_021_984  # one number for every Keyturn: whoever holds it in PostgreSQL changes tables


def upgrade(database_url: str) -> None:
    """Bring a database to the newest revision, creating an SQLite file that is not there.

    Safe to repeat, and for several processes at once.
    database_url   for SQLAlchemy, as `Settings.database` gives it
    raises         Unavailable when the database cannot be reached
    """
    with _changing(database_url) as config:
        command.upgrade(config, NEWEST)


def downgrade(database_url: str, revision: str) -> None:
    """Take a database back to an earlier revision; `base` removes every table, and what is in them.

    raises   Unavailable when the database cannot be reached
    """
    with _changing(database_url) as config:
        command.downgrade(config, revision)


def state(database_url: str) -> str:
    """Say how a database stands: `empty`, `behind`, `current`, or `ahead` when a newer Keyturn has changed it.

    Reading creates nothing: an SQLite file that is not there is `empty`.
    raises   Unavailable when the database cannot be reached
    """
    file = database.sqlite_file(database_url)
    if file is not None and not file.exists():
        return EMPTY
    with _connected(_engine(database_url)) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if revision is None:
        return EMPTY
    try:
        scripts.get_revision(revision)
    except CommandError:
        return AHEAD
    return CURRENT if revision == scripts.get_current_head() else BEHIND


def folder() -> Path:
    """Where the scripts are: beside the application in a checkout, inside it once installed."""
    application = Path(__file__).resolve().parents[1]
    installed = application / "_migrations"
    return installed if installed.is_dir() else application.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    if database.sqlite_file(url) is not None:
        database.begin_immediately(engine)
    return engine


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable("The database cannot be reached, or is locked.") from error


@contextmanager
def _changing(url: str) -> Iterator[Config]:
    file = database.sqlite_file(url)
    engine = _engine(url)
    if file is not None:
        # A table that is rebuilt is dropped for a moment; what refers to it must not mind. Checked before the commit.
        event.listen(engine, "connect", _ignore_references)
    with _alone(file), _connected(engine) as connection:
        if file is None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
        yield _config(connection)
        if file is not None and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("the migration leaves rows that refer to nothing")


def _ignore_references(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF").close()


@contextmanager
def _alone(file: Path | None) -> Iterator[None]:
    # Two processes that turn a new file to WAL at once would meet an error that no waiting avoids.
    if file is None:
        yield
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        database.create_privately(file)
        yield
    finally:
        os.close(place)
