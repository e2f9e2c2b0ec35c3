"""How people get in: their passwords, sessions, and the secrets on their way to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, false
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
    theme: Mapped[str] = mapped_column(default="")
    shortcuts: Mapped[bool] = mapped_column(default=False, server_default=false())
    totp_sealed: Mapped[bytes | None]
    totp_offered: Mapped[bytes | None]
    totp_step: Mapped[int | None] = mapped_column(BigInteger)


class Stranger(Base):
    """Failed attempts with an e-mail address that nobody has: they wait as a member's do, or the wait would tell.

    fingerprint   keyed hash of the address
    not_before    when the next attempt counts
    """

    __tablename__ = "strangers"
    __table_args__ = (Index("ix_strangers_not_before", "not_before"),)
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    not_before: Mapped[datetime]


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
    two_factors: Mapped[bool] = mapped_column(default=False)
    sso_connection_id: Mapped[str | None]


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


class RecoveryCode(Base):
    """What lets a member in without their authenticator app, once. Only its keyed hash is stored."""

    __tablename__ = "recovery_codes"
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key pair whose private half is with an authenticator of the member."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_member", "member_id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Halfway(Base):
    """Somebody halfway: a right password that waits for its code, or a challenge that waits for its answer."""

    __tablename__ = "halfways"
    __table_args__ = (Index("ix_halfways_ends", "ends_at"),)
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    member_id: Mapped[str | None]
    challenge: Mapped[bytes | None]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
