"""Signing keys: rows only; opening and using them is the ring's work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, insert, literal, select, update

from app.models import Deployment, SigningKey

PUBLISHED = ("next", "active", "verifying")


def all_keys(connection: Connection) -> Sequence[Row[Any]]:
    """Every signing key ever, newest first."""
    return connection.execute(
        select(*SigningKey.__table__.c).order_by(SigningKey.published_at.desc(), SigningKey.kid)
    ).all()


def published(connection: Connection) -> Sequence[Row[Any]]:
    """Keys that are in use or about to be, oldest first."""
    question = select(*SigningKey.__table__.c).where(SigningKey.state.in_(PUBLISHED))
    return connection.execute(question.order_by(SigningKey.published_at, SigningKey.kid)).all()


def find(connection: Connection, kid: str) -> Row[Any] | None:
    """One key by its `kid`, or None."""
    return connection.execute(select(*SigningKey.__table__.c).where(SigningKey.kid == kid)).first()


def add(connection: Connection, **columns: Any) -> None:
    """Insert a key."""
    connection.execute(insert(SigningKey).values(**columns))
    touch(connection)


def move(connection: Connection, kid: str, from_states: tuple[str, ...], **columns: Any) -> bool:
    """Change a key if it is still in one of the states expected; whether it was."""
    done = connection.execute(
        update(SigningKey).where(SigningKey.kid == kid, SigningKey.state.in_(from_states)).values(**columns)
    )
    touch(connection)
    return done.rowcount == 1


def due_for_retirement(connection: Connection, now: datetime) -> Sequence[str]:
    """The `kid`s of keys whose last token has expired."""
    question = select(SigningKey.kid).where(SigningKey.state == "verifying", SigningKey.last_token_expires_at <= now)
    return connection.execute(question).scalars().all()


def fetched(connection: Connection, counts: Mapping[str, tuple[int, datetime]]) -> None:
    """Add how often each key was in an answer to a question for the key set, and when last."""
    for kid, (count, at) in sorted(counts.items()):
        later = case((SigningKey.fetched_at > at, SigningKey.fetched_at), else_=literal(at, SigningKey.fetched_at.type))
        columns = {"fetches": SigningKey.fetches + count, "fetched_at": later}
        connection.execute(update(SigningKey).where(SigningKey.kid == kid).values(**columns))


def touch(connection: Connection) -> None:
    """Make every process load the keys anew at its next request."""
    connection.execute(update(Deployment).values(signing_keys_version=Deployment.signing_keys_version + 1))
