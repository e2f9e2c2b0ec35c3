"""A tenant with very many keys of every kind there is, written straight into the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import Connection, insert, select, update

from app.domain.names import fold
from app.domain.status import place
from app.models import Group, Key, KeyUse, Member, Secret, SecretUse, Tenant
from tests.world import World

ROWS_AT_ONCE = 2_000
DELETED, IN_BROWSER, FOR_EVER = 50, 1000, 3  # each so-manieth key
WORDS = ("Invoice", "Zapier", "ERP", "Mobile App", "Warehouse", "CRM", "Nightly import", "Reporting", "Übersicht")
PLACES = ("Hamburg", "Lagos", "Osaka", "Lima", "Oslo", "Austin", "Pune")
MADE = {"groups": 8, "members": 20}


def fill(world: World, tenant_id: str, many: int, prefix: str = "kt") -> None:
    """Give a tenant so many keys: most work, some are revoked, expired, never used, late or in a browser."""
    now = world.clock()
    with world.ctx.database.writer.begin() as connection:
        groups = _groups(connection, tenant_id, now)
        members = _members(connection, tenant_id, now)
        rows = (_row(number, prefix, tenant_id, groups, members, now) for number in range(many))
        while some := list(islice(rows, ROWS_AT_ONCE)):
            _insert(connection, some, now)
        listed = sum(not _deleted(number) for number in range(many))
        connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(listed_keys=listed))


def enlist(world: World, key_ids: Sequence[str]) -> None:
    """Give the secrets of some of these keys the entries in the status lists that every secret has."""
    status_key = world.ctx.vault.status_key
    with world.ctx.database.writer.begin() as connection:
        numbers = connection.execute(select(Secret.number).where(Secret.key_id.in_(key_ids))).scalars().all()
        for number in numbers:
            entry = place(number, status_key).reference
            connection.execute(update(Secret).where(Secret.number == number).values(status_reference=entry))


def analyse(world: World) -> None:
    """Let the database look at what it holds, as its own housekeeping does in time."""
    if world.ctx.database.is_sqlite:
        return  # it does so when told to only, and nobody tells it
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def key_id(prefix: str, number: int) -> str:
    """The key ID of one of them, in no order."""
    return f"{prefix}_{number * 2654435761 % 2**32:016d}"


def _deleted(number: int) -> bool:
    return number % DELETED == 1


def _groups(connection: Connection, tenant_id: str, now: datetime) -> list[str]:
    made = [f"grp_{tenant_id}_{number}" for number in range(MADE["groups"])]
    rows = [
        {
            "id": group,
            "tenant_id": tenant_id,
            "name": f"Group {number}",
            "name_folded": f"group {number}",
            "type": "tenant_api_key",
            "scopes": "contacts:read",
            "created_at": now,
            "updated_at": now,
        }
        for number, group in enumerate(made)
    ]
    connection.execute(insert(Group), rows)
    every: list[str] = list(connection.execute(select(Group.id).where(Group.type == "tenant_api_key")).scalars())
    return sorted(group for group in every if group in made or not group.startswith("grp_ten"))


def _members(connection: Connection, tenant_id: str, now: datetime) -> list[str]:
    made = [f"mem_{tenant_id}_{number}" for number in range(MADE["members"])]
    rows = [
        {
            "id": member,
            "tenant_id": tenant_id,
            "email": f"m{number}@{tenant_id}.example",
            "email_folded": f"m{number}@{tenant_id}.example".casefold(),
            "name": f"Member {number}",
            "role": "global_admin",
            "created_at": now,
        }
        for number, member in enumerate(made)
    ]
    connection.execute(insert(Member), rows)
    return made


def _row(
    number: int, prefix: str, tenant_id: str, groups: list[str], members: list[str], now: datetime
) -> dict[str, Any]:
    """A key; its numbers are spread so that no two questions find the same ones."""
    name = f"{WORDS[number % len(WORDS)]} {PLACES[number // 9 % len(PLACES)]} {number}"
    description = f"Made for job {number * 31 % 9973} of {PLACES[number % len(PLACES)]}" if number % 3 else ""
    created = now - timedelta(minutes=number * 7919 % 500_000 + 3)
    member = members[number % len(members)]
    revoked = created + timedelta(minutes=1) if number % 12 == 1 or _deleted(number) else None
    return {
        "key_id": key_id(prefix, number),
        "tenant_id": tenant_id,
        "kind": "tenant_api_key",
        "name": name,
        "name_folded": fold(name),
        "description": description,
        "description_folded": fold(description),
        "group_id": groups[number // 3 % len(groups)],
        "networks": "" if number % 4 else "10.0.0.0/8\n192.0.2.0/24",
        "created_at": created,
        "created_by": f"member:{member}",
        "created_by_member": member,
        "expires_at": _end(number, now),
        "revoked_at": revoked,
        "deleted_at": revoked if _deleted(number) else None,
    }


def _end(number: int, now: datetime) -> datetime | None:
    if number % FOR_EVER:
        return None
    return now + timedelta(hours=number * 37 % 9000 - 400)


def _insert(connection: Connection, rows: list[dict[str, Any]], now: datetime) -> None:
    connection.execute(insert(Key), rows)
    connection.execute(insert(KeyUse), [_use(turn, row, now) for turn, row in enumerate(rows)])
    secrets = [
        {
            "key_id": row["key_id"],
            "fingerprint": row["key_id"].encode().rjust(32, b"."),
            "pepper": 1,
            "tail": "wxyz",
            "created_at": row["created_at"],
            "ends_at": None,
        }
        for row in rows
    ]
    connection.execute(insert(Secret), secrets)
    made = select(Secret.number, Secret.key_id).order_by(Secret.number.desc()).limit(len(rows))
    numbers = list(connection.execute(made))
    connection.execute(insert(SecretUse), [*_secret_uses(numbers, now)])


def _use(turn: int, row: dict[str, Any], now: datetime) -> dict[str, Any]:
    used = max(now - timedelta(minutes=turn * 3701 % 200_000 + 1), row["created_at"]) if turn % 5 else None
    return {
        "key_id": row["key_id"],
        "tenant_id": row["tenant_id"],
        "kind": row["kind"],
        "last_used_at": used,
        "last_used_address": "203.0.113.7" if used else None,
        "last_used_client": "python-requests/2.32.3" if used else None,
        "dead_call_at": now - timedelta(hours=1) if turn % 40 == 1 else None,
    }


def _secret_uses(numbers: list[Any], now: datetime) -> Iterator[dict[str, Any]]:
    for turn, (number, owner) in enumerate(numbers):
        browser = turn % IN_BROWSER == 1
        yield {
            "secret_number": number,
            "key_id": owner,
            "last_used_at": now - timedelta(minutes=turn),
            "last_used_address": "203.0.113.7",
            "last_used_client": "curl/8.9",
            "last_call_at": now - timedelta(minutes=turn),
            "calls": 12,
            "late_calls": 0,
            "origin": "https://app.example" if browser else None,
            "origin_at": now if browser else None,
        }
