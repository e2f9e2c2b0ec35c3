"""The deployment's own row, and one-time links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, inspect, select, update

from app.models import Deployment, OneTimeLink


def exists(connection: Connection) -> bool:
    """Whether the tables are there at all."""
    return inspect(connection).has_table(Deployment.__tablename__)


def find(connection: Connection) -> Row[Any] | None:
    """The deployment's row, None before `init`."""
    return connection.execute(select(*Deployment.__table__.c)).first()


def lock(connection: Connection) -> None:
    """Let one change of what the whole deployment shares happen at a time."""
    connection.execute(select(Deployment.id).with_for_update())


def add(connection: Connection, master_fingerprint: bytes, now: datetime) -> None:
    """Begin the deployment."""
    connection.execute(
        insert(Deployment).values(id=1, master_fingerprint=master_fingerprint, signing_keys_version=0, created_at=now)
    )


def add_link(connection: Connection, **columns: Any) -> None:
    """Insert a one-time link; only its fingerprint is stored."""
    connection.execute(insert(OneTimeLink).values(**columns))


def link(connection: Connection, fingerprint: bytes) -> Row[Any] | None:
    """A one-time link by its fingerprint, used or not."""
    return connection.execute(select(*OneTimeLink.__table__.c).where(OneTimeLink.fingerprint == fingerprint)).first()


def use_link(connection: Connection, fingerprint: bytes, now: datetime) -> bool:
    """Use a link up; whether it was still good."""
    good = (OneTimeLink.fingerprint == fingerprint, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    return connection.execute(update(OneTimeLink).where(*good).values(used_at=now)).rowcount == 1
