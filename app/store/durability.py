"""When PostgreSQL says that a change is kept."""

from __future__ import annotations

from sqlalchemy import Connection, text

LOSES_CHANGES = "off"  # answers before the log is on the disk: a crash takes back what was answered for


def synchronous_commit(connection: Connection) -> str:
    """PostgreSQL's setting of that name, as it holds for Keyturn's connections.

    source   https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT
    """
    return str(connection.execute(text("SHOW synchronous_commit")).scalar_one())
