"""SQLite's write-ahead log: who moves it into the database file, and when.

Libraries before 3.51.3 can lose what one connection writes at the start of the log while another one finishes a
checkpoint (https://sqlite.org/wal.html, the WAL-reset bug). There nobody checkpoints by the way: the process that finds
the log long takes a lock file, keeps every writer out for a moment, and moves the log alone. A process that dies lets
go of the lock, so that the next one to commit takes over.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

SAFE_WAL_RESET = (3, 51, 3)
LONG_LOG = 4 * 1024 * 1024  # bytes; what SQLite's own thousand pages come to
LOCK_SUFFIX = "-checkpointer"


def checkpoints_safely() -> bool:
    """Whether several processes may checkpoint this SQLite library's write-ahead log."""
    return sqlite3.sqlite_version_info >= SAFE_WAL_RESET


def rules() -> tuple[str, ...]:
    """The log's pragmas. It is cut to `LONG_LOG` when it starts anew, so that its size tells its length."""
    cut = f"journal_size_limit={LONG_LOG}"
    return (cut,) if checkpoints_safely() else (cut, "wal_autocheckpoint=0")


class Checkpointer:
    """Moves the log of one SQLite file into it, never two processes at a time, and never while somebody writes."""

    def __init__(self, file: Path, writer: Engine, reader: Engine) -> None:
        self._log = file.with_name(f"{file.name}-wal")
        self._lock = file.with_name(f"{file.name}{LOCK_SUFFIX}")
        self._writer, self._reader = writer, reader
        self._tried = 0

    def committed(self) -> None:
        """Checkpoint when the log has become long. A failure is the next commit's task: nothing is lost by waiting."""
        size = self._log.stat().st_size if self._log.exists() else 0
        if size < self._tried:
            self._tried = 0
        # A reader that takes its time keeps the log from being moved whole; asking at every commit would not hurry it.
        if size - self._tried > LONG_LOG:
            self._tried = size
            with suppress(OperationalError, OSError):
                self.checkpoint()

    def checkpoint(self) -> bool:
        """Move the log now; False when another process is at it, or a reader still needs a part of it.

        raises   OperationalError when writers do not make room in time
        """
        with self._alone() as alone:
            if not alone:
                return False
            with self._writer.begin(), self._reader.connect() as connection:
                busy, pages, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
            return bool(busy == 0 and pages == moved)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(lock)
