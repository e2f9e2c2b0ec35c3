"""How people get in: their passwords, sessions, and the secrets on their way to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SignIn(Base):
    """What one member signs in with. A row appears with the first password; a person without one has no way in."""

    __tablename__ = "sign_ins"
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), primary_key=True)
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    last_at: Mapped[datetime | None]


class Session(Base):
    """A browser that is signed in. The cookie holds 256 random bits, this row their keyed hash."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        Index("ix_sessions_member", "member_id"),
        Index("ix_sessions_ends", "ends_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(unique=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    address: Mapped[str | None]
    client: Mapped[str] = mapped_column(default="")
    notice: Mapped[str] = mapped_column(default="")


class HandOver(Base):
    """A new secret on its way to the page that shows it once, sealed under a key that only the browser holds."""

    __tablename__ = "hand_overs"
    __table_args__ = (Index("ix_hand_overs_ends", "ends_at"),)
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.key_id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes | None]
    why: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    shown_at: Mapped[datetime | None]
