"""Single tokens taken back by their owner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.models import RevokedToken


def add(connection: Connection, jti: str, key_id: str, now: datetime, kept_until: datetime) -> bool:
    """Remember a token as taken back, and forget those that expired meanwhile.

    kept_until   when the last clock calls it expired
    returns      False when it was taken back before
    """
    connection.execute(delete(RevokedToken).where(RevokedToken.kept_until < now))
    if known(connection, jti):
        return False
    connection.execute(insert(RevokedToken).values(jti=jti, key_id=key_id, revoked_at=now, kept_until=kept_until))
    return True


def known(connection: Connection, jti: str) -> bool:
    """Whether a token was taken back."""
    return connection.execute(select(RevokedToken.jti).where(RevokedToken.jti == jti)).first() is not None
