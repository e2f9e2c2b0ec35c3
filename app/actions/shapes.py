"""How a key and a group look in an answer (PRODUCT.md §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from app.domain import credentials, scopes
from app.domain.expiry import expiration_state, soon
from app.domain.times import rfc3339
from app.store import facts, groups, keys, members, usage

Uses = tuple[Row[Any] | None, dict[int, Row[Any]]]  # of a key, and of secrets by their numbers


class Creators(NamedTuple):
    """Members whose rights keys have that act as they do, and the scopes that there are."""

    members: Mapping[str, Row[Any]]
    product: frozenset[str]


def key_objects(connection: Connection, rows: list[Row[Any]], now: datetime) -> list[dict[str, Any]]:
    """Several keys as answers give them, with a few more reads for all their secrets, uses and creators."""
    key_ids = [row.key_id for row in rows]
    secrets = keys.live_secrets(connection, key_ids, now)
    uses, secret_uses = usage.of_keys(connection, key_ids), usage.of_secrets(connection, key_ids)
    creators = _creators(connection, rows)
    return [_key_object(row, secrets[row.key_id], (uses.get(row.key_id), secret_uses), creators, now) for row in rows]


def key_object(connection: Connection, row: Row[Any], now: datetime) -> dict[str, Any]:
    """One key as answers give it."""
    return key_objects(connection, [row], now)[0]


def told(row: Row[Any]) -> dict[str, Any]:
    """The part of a key that its events tell of: what it was made to be."""
    return {
        "name": row.name,
        "description": row.description,
        "group": {"id": row.group_id, "name": row.group_name},
        "ip_allowlist": row.networks.split("\n") if row.networks else [],
        "expires_at": rfc3339(row.expires_at),
    }


def status(row: Row[Any]) -> str:
    """Whether a key is `active` or `revoked`."""
    return "active" if row.revoked_at is None else "revoked"


def _key_object(
    row: Row[Any], secrets: list[Row[Any]], uses: Uses, creators: Creators, now: datetime
) -> dict[str, Any]:
    use, secret_uses = uses
    held, suspended = _held(row, creators)
    expiration = expiration_state(row.expires_at, now, soon(row.expiring_soon_days))
    flags = {
        "rotating": len(secrets) > 1,
        "suspended": suspended,
        "never_used": use is None or use.last_used_at is None,
        "expiring_soon": expiration == "expiring_soon",
        "browser_use": any(found.origin for secret in secrets if (found := secret_uses.get(secret.number))),
    }
    own = told(row)
    answer = {
        "client_id": row.key_id,
        "name": own["name"],
        "description": own["description"],
        "group": own["group"],
        "scopes": sorted(held),
        "status": status(row),
        "expiration_state": expiration,
        "flags": [name for name, raised in flags.items() if raised and row.revoked_at is None],
        "created_at": rfc3339(row.created_at),
        "created_by": row.created_by,
        "expires_at": own["expires_at"],
        "ip_allowlist": own["ip_allowlist"],
        **_last_used(use),
        "secrets": [_secret_object(row.key_id, secret, secret_uses.get(secret.number)) for secret in secrets],
        "tenant": {"id": row.tenant_id, "name": row.tenant_name} if row.tenant_id is not None else None,
        "version": row.version,
    }
    return answer if row.kind != "resource_server" else {**answer, "audience": row.audience}


def _last_used(use: Row[Any] | None) -> dict[str, Any]:
    """When, from where and by what; an address or a client that nobody knows is null."""
    return {
        "last_used_at": rfc3339(use.last_used_at) if use is not None else None,
        "last_used_ip": (use.last_used_address or None) if use is not None else None,
        "last_used_client": (use.last_used_client or None) if use is not None else None,
    }


def _secret_object(key_id: str, secret: Row[Any], use: Row[Any] | None) -> dict[str, Any]:
    last = _last_used(use)
    return {
        "hint": credentials.hint(key_id, secret.tail),
        "created_at": rfc3339(secret.created_at),
        "ends_at": rfc3339(secret.ends_at),
        "last_used_at": last["last_used_at"],
        "last_used_ip": last["last_used_ip"],
    }


def _creators(connection: Connection, rows: Sequence[Row[Any]]) -> Creators:
    their = {row.created_by_member for row in rows if row.group_built_in == scopes.SAME_AS_CREATOR} - {None}
    if not their:
        return Creators({}, frozenset())
    return Creators(members.several(connection, sorted(their)), facts.product_scopes(connection))


def _held(row: Row[Any], creators: Creators) -> tuple[frozenset[str], bool]:
    off = row.tenant_id is not None and (row.closed_at is not None or not row.api_access)
    if row.group_built_in != scopes.SAME_AS_CREATOR:
        return scopes.unpack(row.group_scopes), off
    creator = creators.members.get(row.created_by_member)
    if creator is None:
        return frozenset(), True
    managers = row.key_managers or scopes.BY_ROLE
    return scopes.of_role(scopes.Role(creator.role), creators.product, managers), off or not creator.active


def group_objects(connection: Connection, tenant_id: str, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Groups of a tenant, or built in, as answers give them; keys are counted within the tenant."""
    counts = groups.key_counts(connection, tenant_id, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "name": row.name,
            "type": row.type,
            "description": row.description,
            "scopes": sorted(scopes.unpack(row.scopes)),
            "built_in": row.built_in is not None,
            "keys": counts[row.id],
            "created_at": rfc3339(row.created_at),
            "updated_at": rfc3339(row.updated_at),
            "version": row.version,
        }
        for row in rows
    ]
