"""Connections: short write transactions, and one held autocommit connection per thread for reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.refusals import Conflict, Unavailable
from app.models import Base
from app.store.audit import RECORDED

T = TypeVar("T")
LOCK_WAIT_SECONDS = 5
SAFE_WAL_RESET = (3, 51, 3)  # https://sqlite.org/wal.html: older libraries can lose a checkpoint race


class Database:
    """Where the rows are. Flask-SQLAlchemy owns the engines; statements go through connections only."""

    def __init__(self, app: Flask, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        connect: dict[str, Any] = {"timeout": LOCK_WAIT_SECONDS} if self.is_sqlite else {"connect_timeout": 3, "prepare_threshold": 2}
        pool: dict[str, Any] = {"pool_pre_ping": not self.is_sqlite, "pool_timeout": LOCK_WAIT_SECONDS, "max_overflow": 32}
        options = {"url": url, "connect_args": connect, "hide_parameters": True, **pool}
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
        app.config["SQLALCHEMY_BINDS"] = {"read": {**options, "isolation_level": "AUTOCOMMIT"}}
        extension = SQLAlchemy(app, metadata=Base.metadata, disable_autonaming=True)
        with app.app_context():
            self.writer: Engine = extension.engine
            self.reader: Engine = extension.engines["read"]
        dbapi: Any = self.reader.dialect.dbapi
        self._driver_error: type[Exception] = dbapi.OperationalError  # prepared questions speak to the driver directly
        self._held = threading.local()
        self.told: Callable[..., None] = _untold
        if self.is_sqlite:
            _prepare_sqlite(self.writer, self.reader)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction; commit when the block ends, roll back when it raises.

        raises   Unavailable when the database cannot be reached or stays locked; Conflict when somebody wrote the same first
        """
        try:
            with self.writer.begin() as connection:
                connection.info.pop(RECORDED, None)  # of a transaction before that was rolled back
                yield connection
                recorded = connection.info.pop(RECORDED, [])
        except IntegrityError as error:
            raise Conflict("conflict", "Somebody else made a change at the same time that this one cannot live with.") from error
        except (OperationalError, PoolTimeout) as error:
            raise Unavailable("The database cannot take this change now.") from error
        for row in recorded:  # only what is committed; rows removed later then show against the log
            self.told("audit.recorded", **row)

    def read(self, question: Callable[[Connection], T]) -> T:
        """Ask one question on this thread's connection; a connection that died is replaced once.

        raises   Unavailable when the database cannot be reached
        """
        for last in (False, True):
            try:
                return question(self._connection())
            except (DBAPIError, PoolTimeout, self._driver_error) as error:
                self._drop()
                if last or not isinstance(error, (OperationalError, PoolTimeout, self._driver_error)):
                    raise Unavailable("The database does not answer.") from error
        raise AssertionError  # the loop returns or raises

    def _connection(self) -> Connection:
        held: Connection | None = getattr(self._held, "connection", None)
        if held is None:
            held = self._held.connection = self.reader.connect()
        return held

    def _drop(self) -> None:
        held: Connection | None = getattr(self._held, "connection", None)
        self._held.connection = None
        if held is not None:
            held.invalidate()
            held.close()

    def close(self) -> None:
        """Close every connection; for tests and at the end of a command."""
        self._drop()
        self.writer.dispose()
        self.reader.dispose()


def _untold(_event: str, **_members: Any) -> None:
    """Whom a database tells when nobody listens."""


def _prepare_sqlite(writer: Engine, reader: Engine) -> None:
    def pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "journal_size_limit=67108864"):
            connection.execute(f"PRAGMA {pragma}").close()

    for engine in (writer, reader):
        event.listen(engine, "connect", pragmas)
    # Taking the write lock first is what makes read-then-write safe: a deferred transaction loses updates.
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def sqlite_file(url: str) -> Path | None:
    """The file behind an SQLite address, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def checkpoints_safely() -> bool:
    """Whether several processes may checkpoint this SQLite library's write-ahead log."""
    return sqlite3.sqlite_version_info >= SAFE_WAL_RESET
