"""Connections: short write transactions, and one held autocommit connection per thread for reads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.refusals import Conflict, Unavailable
from app.models import Base
from app.store import checkpoints, deadlines, status_changes
from app.store.audit import RECORDED
from app.store.checkpoints import Checkpointer, checkpoints_safely
from app.store.prepared import Prepared
from app.store.remembered import Remembered

T = TypeVar("T")
LOCK_WAIT_SECONDS = 5
_NOTHING = "SELECT count(*) FROM sqlite_schema"
# Of SQLite's pages a connection keeps 2 MB unless told otherwise; a search through 100,000 keys then reads each page
# of the file again and again. It takes what it reads, so a small deployment never gets there.
READ_CACHE_KB = 32 * 1024
READ_ONLY = "25006"  # a PostgreSQL that is no longer, or not yet, the primary


class _Held(threading.local):
    """A thread's connection for reads, and a cursor of the driver's own one in it."""

    connection: Connection | None = None
    cursor: Any = None


class Database:
    """Where the rows are. Flask-SQLAlchemy owns the engines; statements go through connections only."""

    def __init__(self, app: Flask, url: str) -> None:
        file = sqlite_file(url)
        self.is_sqlite = file is not None
        connect = {"timeout": LOCK_WAIT_SECONDS} if self.is_sqlite else {"connect_timeout": 3, "prepare_threshold": 2}
        pool = {"pool_pre_ping": not self.is_sqlite, "pool_timeout": LOCK_WAIT_SECONDS, "max_overflow": 32}
        options: dict[str, Any] = {"url": url, "connect_args": connect, "hide_parameters": True, **pool}
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
        app.config["SQLALCHEMY_BINDS"] = {"read": {**options, "isolation_level": "AUTOCOMMIT"}}
        extension = SQLAlchemy(app, metadata=Base.metadata, disable_autonaming=True)
        with app.app_context():
            self.writer: Engine = extension.engine
            self.reader: Engine = extension.engines["read"]
        self._held, self._dialect = _Held(), self.reader.dialect
        self.told: Callable[..., None] = _untold
        self._checkpointer: Checkpointer | None = None
        self._remembered = Remembered(file) if file is not None else None
        # Prepared questions speak to the driver directly, so its own errors arrive too.
        self._errors: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout, self._driver.Error)
        if file is None:
            deadlines.keep(self.writer, deadlines.WRITING)
            deadlines.keep(self.reader, deadlines.READING)
            return
        begin_immediately(self.writer)
        keep_sqlite_rules(self.reader, f"cache_size=-{READ_CACHE_KB}")
        if not checkpoints_safely():
            self._checkpointer = Checkpointer(file, self.writer, self.reader)

    @property
    def _driver(self) -> Any:
        return self.reader.dialect.dbapi

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction; commit when the block ends, roll back when it raises.

        raises   Unavailable when the database cannot be reached, is full or stays locked; Conflict when somebody wrote
                 the same first; the driver's own error when the statement is at fault
        """
        try:
            with self.writer.begin() as connection:
                connection.info.pop(RECORDED, None)  # of a transaction before that was rolled back
                status_changes.forget(connection)
                yield connection
                status_changes.settle(connection)
                recorded = connection.info.pop(RECORDED, [])
        except IntegrityError as error:
            raise Conflict(
                "conflict", "Somebody else made a change at the same time that this one cannot live with."
            ) from error
        except self._errors as error:
            if not self._passes(error):
                raise
            raise Unavailable("The database cannot take this change now.") from error
        if self._checkpointer is not None:
            self._checkpointer.committed()
        for row in recorded:  # only what is committed; rows removed later then show against the log
            self.told("audit.recorded", **row)

    def read(self, question: Callable[[Connection], T]) -> T:
        """Ask one question on this thread's connection; one that died since it was last used is replaced.

        raises   Unavailable when the database cannot be reached or is locked; the driver's own error when the question
                 is at fault
        """
        held = self._held.connection is not None
        try:
            return question(self._connection())
        except self._errors as error:
            if self._to_be_repeated(error, held=held):
                return self.read(question)
            raise

    def first(self, question: Prepared, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """Ask for one row with every request, on this thread's connection as `read` does; raises the same.

        SQLite is asked once until somebody commits: the row is not to be changed.
        """
        cursor = self._held.cursor
        try:
            asked = cursor or self._cursor()
            if self._remembered is not None:
                return self._remembered.first(question, asked, self._dialect, parameters)
            return question.first(asked, self._dialect, parameters)
        except self._errors as error:
            if self._to_be_repeated(error, held=cursor is not None):
                return self.first(question, parameters)
            raise

    def _to_be_repeated(self, error: Exception, *, held: bool) -> bool:
        # A connection that died since it was last used is replaced, once; what waiting helps against is Unavailable.
        died = self._died(error)
        self._drop()
        if held and died:
            return True
        if self._passes(error):
            raise Unavailable("The database does not answer.") from error
        return False

    def _passes(self, error: Exception) -> bool:
        # Whether waiting helps: lost connections, locks, deadlines, full disks. A wrong statement stays wrong.
        cause: Any = getattr(error, "orig", None) or error
        if isinstance(cause, sqlite3.OperationalError):
            # SQLite calls a missing table operational as well, under its code for everything general.
            return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_BUSY) != sqlite3.SQLITE_ERROR
        passing = (PoolTimeout, self._driver.OperationalError, self._driver.InterfaceError)
        return isinstance(cause, passing) or getattr(cause, "sqlstate", None) == READ_ONLY

    def _died(self, error: Exception) -> bool:
        if isinstance(getattr(error, "orig", None) or error, deadlines.TooLate):
            return False  # the next connection would keep its caller waiting just as long
        if isinstance(error, DBAPIError):
            return error.connection_invalidated
        cursor = self._held.cursor
        return not self.is_sqlite and cursor is not None and bool(cursor.connection.closed)

    def _connection(self) -> Connection:
        held = self._held.connection
        if held is None:
            held = self._held.connection = self.reader.connect()
            driver: Any = held.connection.driver_connection
            self._held.cursor = driver.cursor()
            if self._remembered is not None:
                driver.execute(_NOTHING).close()  # its first question opens the wal-index
                self._remembered.connected()
        return held

    def _cursor(self) -> Any:
        self._connection()
        return self._held.cursor

    def _drop(self) -> None:
        held, self._held.connection, self._held.cursor = self._held.connection, None, None
        if held is not None:
            held.invalidate()
            held.close()

    def close(self) -> None:
        """Close every connection; for tests and at the end of a command."""
        self._drop()
        self.writer.dispose()
        self.reader.dispose()
        if self._remembered is not None:
            self._remembered.close()


def _untold(_event: str, **_members: Any) -> None:
    """Whom a database tells when nobody listens."""


def keep_sqlite_rules(engine: Engine, *more: str) -> None:
    """Make every connection of an SQLite engine durable and strict; the driver opens no transactions of its own.

    more   pragmas of this engine alone
    """

    def pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *checkpoints.rules(), *more):
            connection.execute(f"PRAGMA {pragma}").close()

    def connecting(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        if engine.url.database:
            create_privately(Path(engine.url.database))

    event.listen(engine, "do_connect", connecting)
    event.listen(engine, "connect", pragmas)


def begin_immediately(engine: Engine) -> None:
    """Keep the rules, and take the write lock first: a deferred transaction that reads, then writes, loses updates."""
    keep_sqlite_rules(engine)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def create_privately(file: Path) -> None:
    """Create a file that its owner alone reads; nothing happens to one that is there, or that cannot be.

    An SQLite file in use must not be opened like any other: closing it again would let go of SQLite's own locks.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def sqlite_file(url: str) -> Path | None:
    """The file behind an SQLite address, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
