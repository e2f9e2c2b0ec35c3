"""The hot reads: everything the policy asks about one presented secret or token, in one row."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, exists, select

from app.models import Deployment, Group, Key, Member, RevokedToken, Scope, Secret, Tenant
from app.store.database import Database
from app.store.prepared import Prepared


class Facts(NamedTuple):
    """One key with its group, tenant, creator and one of its secrets, as of this instant."""

    key_id: str
    kind: str
    name: str
    audience: str | None
    networks: str
    expires_at: datetime | None
    revoked_at: datetime | None
    deleted_at: datetime | None
    group_id: str
    group_name: str
    group_built_in: str | None
    group_scopes: str
    tenant_id: str | None
    tenant_name: str | None
    api_access: bool | None
    closed_at: datetime | None
    token_lifetime_seconds: int | None
    expiring_soon_days: int | None
    key_managers: str | None
    rate_limit: int | None
    creator_role: str | None
    creator_active: bool | None
    secret_number: int | None
    fingerprint: bytes | None
    status_reference: int | None
    secret_ends_at: datetime | None
    signing_keys_version: int


_COLUMNS = (
    Key.key_id,
    Key.kind,
    Key.name,
    Key.audience,
    Key.networks,
    Key.expires_at,
    Key.revoked_at,
    Key.deleted_at,
    Group.id,
    Group.name.label("group_name"),
    Group.built_in,
    Group.scopes,
    Tenant.id.label("tenant_id"),
    Tenant.name.label("tenant_name"),
    Tenant.api_access,
    Tenant.closed_at,
    Tenant.token_lifetime_seconds,
    Tenant.expiring_soon_days,
    Tenant.key_managers,
    Tenant.rate_limit,
    Member.role,
    Member.active,
    Secret.number,
    Secret.fingerprint,
    Secret.status_reference,
    Secret.ends_at,
    select(Deployment.signing_keys_version).scalar_subquery().label("signing_keys_version"),
)


def _around_key(question: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return (
        question.join(Group, Group.id == Key.group_id)
        .outerjoin(Tenant, Tenant.id == Key.tenant_id)
        .outerjoin(Member, Member.id == Key.created_by_member)
    )


_BY_SECRET = Prepared(
    _around_key(select(*_COLUMNS).select_from(Key))
    .outerjoin(Secret, and_(Secret.key_id == Key.key_id, Secret.fingerprint == bindparam("fingerprint")))
    .where(Key.key_id == bindparam("key_id"))
)
_BY_STATUS = Prepared(
    _around_key(
        select(*_COLUMNS, exists().where(RevokedToken.jti == bindparam("jti")).label("token_revoked"))
        .select_from(Secret)
        .join(Key, Key.key_id == Secret.key_id)
    ).where(Secret.status_reference == bindparam("reference"))
)
_SIGNING_KEYS_VERSION = select(Deployment.signing_keys_version)
_VERSION = Prepared(_SIGNING_KEYS_VERSION)


def by_secret(database: Database, key_id: str, fingerprint: bytes) -> Facts | None:
    """Find a key and the secret of it that has this fingerprint.

    key_id        the ID the secret names
    fingerprint   32 bytes; the row's own is None when the key has no such secret
    returns       None when there is no such key
    raises        what `Database.first` raises
    """
    row = database.first(_BY_SECRET, {"key_id": key_id, "fingerprint": fingerprint})
    return None if row is None else Facts._make(row)


def by_status(database: Database, reference: int, jti: str) -> tuple[Facts, bool] | None:
    """Find the secret that obtained a token, and whether that one token was taken back.

    reference   the secret's place in the status lists
    jti         the token's own ID
    returns     None when no secret has that place
    raises      what `Database.first` raises
    """
    row = database.first(_BY_STATUS, {"reference": reference, "jti": jti})
    return None if row is None else (Facts._make(row[:-1]), bool(row[-1]))


def product_scopes(connection: Connection) -> frozenset[str]:
    """All product scopes of the deployment."""
    return frozenset(connection.execute(select(Scope.name)).scalars())


def current_signing_keys_version(database: Database) -> int | None:
    """The same number, asked as every hot question is; raises what `Database.first` raises."""
    row = database.first(_VERSION, {})
    return None if row is None else int(row[0])


def signing_keys_version(connection: Connection) -> int | None:
    """A number that changes with every change to the signing keys; None before `init`."""
    row = connection.execute(_SIGNING_KEYS_VERSION).first()
    return None if row is None else int(row[0])
