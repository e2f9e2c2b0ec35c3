"""Names that keys already have."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.models import Key


def taken(connection: Connection, tenant_id: str, kind: str, name_folded: str) -> bool:
    """Whether a key that still works bears a name, whatever its case and accents."""
    question = select(Key.key_id).where(
        Key.tenant_id == tenant_id,
        Key.kind == kind,
        Key.name_folded == name_folded,
        Key.deleted_at.is_(None),
        Key.revoked_at.is_(None),
    )
    return connection.execute(question.limit(1)).first() is not None
