"""What people have besides a password: recovery codes, passkeys; and who is halfway in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, update

from app.models import Halfway, Member, Passkey, RecoveryCode, SignIn, Tenant

_HALFWAY: tuple[Any, ...] = tuple(Halfway.__table__.c)
_OWNER: tuple[Any, ...] = (Member.tenant_id,)
_PASSKEY: tuple[Any, ...] = tuple(Passkey.__table__.c)


def replace_codes(connection: Connection, member_id: str, fingerprints: Iterable[bytes]) -> None:
    """Give a member these recovery codes instead of those there are."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    rows = [{"member_id": member_id, "fingerprint": fingerprint} for fingerprint in fingerprints]
    if rows:
        connection.execute(insert(RecoveryCode), rows)


def codes_left(connection: Connection, member_id: str) -> int:
    """How many recovery codes a member can still use."""
    unused = (RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None))
    return connection.execute(select(func.count()).select_from(RecoveryCode).where(*unused)).scalar_one()


def use_code(connection: Connection, member_id: str, fingerprint: bytes, now: datetime) -> bool:
    """Use a recovery code up; whether it was there and unused."""
    where = (RecoveryCode.member_id == member_id, RecoveryCode.fingerprint == fingerprint)
    done = connection.execute(update(RecoveryCode).where(*where, RecoveryCode.used_at.is_(None)).values(used_at=now))
    return done.rowcount == 1


def has_any(connection: Connection, member_id: str) -> bool:
    """Whether a member has a second factor: codes of an app, or a passkey."""
    app = exists().where(SignIn.member_id == member_id, SignIn.totp_sealed.is_not(None))
    return bool(connection.execute(select(or_(app, exists().where(Passkey.member_id == member_id)))).scalar_one())


def add_halfway(connection: Connection, **columns: Any) -> None:
    """Insert somebody halfway; only the fingerprint of what they hold is stored."""
    connection.execute(insert(Halfway).values(**columns))


def halfway(connection: Connection, fingerprint: bytes, purpose: str, now: datetime) -> Row[Any] | None:
    """Somebody halfway; None when it is over or was for something else."""
    where = (Halfway.fingerprint == fingerprint, Halfway.purpose == purpose, Halfway.ends_at > now)
    return connection.execute(select(*_HALFWAY).where(*where)).first()


def end_halfway(connection: Connection, fingerprint: bytes) -> bool:
    """End one; whether it was there."""
    return connection.execute(delete(Halfway).where(Halfway.fingerprint == fingerprint)).rowcount == 1


def forget_halfways(connection: Connection, now: datetime) -> None:
    """Remove those that ended by time."""
    connection.execute(delete(Halfway).where(Halfway.ends_at <= now))


def end_halfways(connection: Connection, member_id: str) -> None:
    """End all of a member, who has another password now."""
    connection.execute(delete(Halfway).where(Halfway.member_id == member_id))


def add_passkey(connection: Connection, **columns: Any) -> None:
    """Insert a passkey."""
    connection.execute(insert(Passkey).values(**columns))


def passkeys(connection: Connection, member_id: str) -> Sequence[Row[Any]]:
    """A member's passkeys, oldest first."""
    mine = select(*_PASSKEY).where(Passkey.member_id == member_id)
    return connection.execute(mine.order_by(Passkey.created_at, Passkey.id)).all()


def passkey(connection: Connection, credential_id: bytes) -> Row[Any] | None:
    """A passkey of somebody who may sign in, held until the transaction ends, with its member's tenant."""
    return connection.execute(
        select(*_PASSKEY, *_OWNER)
        .join(Member, Member.id == Passkey.member_id)
        .join(Tenant, Tenant.id == Member.tenant_id)
        .where(Passkey.credential_id == credential_id)
        .where(Member.active, Member.removed_at.is_(None), Tenant.closed_at.is_(None))
        .with_for_update(of=Passkey)
    ).first()


def change_passkey(connection: Connection, passkey_id: str, **columns: Any) -> None:
    """Change a passkey."""
    connection.execute(update(Passkey).where(Passkey.id == passkey_id).values(**columns))


def remove_passkeys(connection: Connection, member_id: str, passkey_id: str | None = None) -> int:
    """Remove one passkey of a member, or all of them; how many there were."""
    where = [Passkey.member_id == member_id]
    if passkey_id is not None:
        where.append(Passkey.id == passkey_id)
    return connection.execute(delete(Passkey).where(*where)).rowcount
