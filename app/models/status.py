"""Status lists: what changed them, and which verifiers have heard of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, RowNumber

OPEN = text("ended_at IS NULL")


class StatusList(Base):
    """How often a list has changed; a list without a row has never."""

    __tablename__ = "status_lists"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime]


class StatusMark(Base):
    """Entries that say something from an instant on, until no token from before it is left.

    kind        whose secrets: one secret's (its place), a key's, a group's, a tenant's, or those that act as a member
    value       as in the list: 1 invalid, 2 suspended, 3 ask again
    """

    __tablename__ = "status_marks"
    __table_args__ = (
        CheckConstraint("kind IN ('secret', 'key', 'group', 'tenant', 'member')", name="kind"),
        CheckConstraint("value BETWEEN 1 AND 3", name="value"),
        Unique("kind", "object_id", "value"),
        Index("ix_status_marks_since", "since"),
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    kind: Mapped[str]
    object_id: Mapped[str]
    value: Mapped[int]
    since: Mapped[datetime]


class Verifier(Base):
    """A verifier that polls a list with credentials, as of what processes have noted.

    instance        tells several with the same key apart: what they call themselves, else their address
    held_version    what its conditional requests said it holds; None before the first
    """

    __tablename__ = "verifiers"
    __table_args__ = (Index("ix_verifiers_seen", "seen_at"),)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    list_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    address: Mapped[str]
    client: Mapped[str]
    given_version: Mapped[int] = mapped_column(BigInteger)
    given_at: Mapped[datetime]
    held_version: Mapped[int | None] = mapped_column(BigInteger)
    held_at: Mapped[datetime | None]
    first_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Propagation(Base):
    """The way of one revocation to the verifiers: which version of which list tells of it.

    tenant_id   whose key it was; None for keys of the deployment
    ended_at    when every verifier had confirmed, or no token was left to refuse
    """

    __tablename__ = "propagations"
    __table_args__ = (
        Index("ix_propagations_key", "key_id", "number"),
        Index("ix_propagations_open", "number", sqlite_where=OPEN, postgresql_where=OPEN),
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    key_id: Mapped[str]
    tenant_id: Mapped[str | None]
    event: Mapped[str]
    list_number: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Enforcement(Base):
    """One verifier's part of a propagation; both instants are the latest of their kind.

    given_at       when it held an older version and was given this one, or a newer one
    confirmed_at   when it said that it holds this one, or a newer one
    """

    __tablename__ = "enforcements"
    propagation: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    given_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
