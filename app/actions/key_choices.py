"""What is known of many keys that somebody has chosen, before anything is done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from app.actions import terms
from app.actions.key_lists import BATCH
from app.actions.key_steps import TENANT_KEY
from app.actions.shapes import key_objects
from app.context import Context
from app.domain import scopes
from app.domain.names import fold
from app.domain.refusals import Invalid, Problem
from app.store import groups, keys
from app.store import key_choices as store


@dataclass
class Chosen:
    """Keys of a tenant that are there.

    ids      in the order they were chosen
    names    of the first few
    used     how many of them work and were used lately
    latest   the one used last of those: `name`, `last_used_at`
    """

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    used: int = 0
    latest: Row[Any] | None = None


def about(ctx: Context, tenant_id: str, key_ids: Sequence[str], now: datetime, window: timedelta, named: int) -> Chosen:
    """Look at chosen keys; others than the tenant's are left out.

    window   how long ago a use still counts; within no time at all nothing does
    named    how many names are wanted
    """

    def look(connection: Connection) -> Chosen:
        found = Chosen()
        for some in pieces(key_ids):
            there = store.there(connection, tenant_id, some)
            ids = [key_id for key_id in some if key_id in there]
            found.ids += ids
            found.names += [there[key_id] for key_id in ids[: named - len(found.names)]]
            if not window:
                continue
            used, latest = store.used_since(connection, tenant_id, ids, now - window)
            found.used += used
            if latest is not None and (found.latest is None or latest.last_used_at > found.latest.last_used_at):
                found.latest = latest
        return found

    return ctx.database.read(look)


def objects(ctx: Context, tenant_id: str, key_ids: Sequence[str], now: datetime) -> Iterator[dict[str, Any]]:
    """Chosen keys of a tenant as answers give them, read in bounded pieces; others are left out."""
    for some in pieces(key_ids):
        yield from ctx.database.read(partial(_objects, tenant_id=tenant_id, some=some, now=now))


def _objects(connection: Connection, tenant_id: str, some: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    found = keys.several(connection, some)
    rows = (found[key_id] for key_id in some if key_id in found)
    theirs = [row for row in rows if (row.tenant_id, row.kind, row.deleted_at) == (tenant_id, TENANT_KEY, None)]
    return key_objects(connection, theirs, now)


def group_impact(ctx: Context, tenant_id: str, key_ids: Sequence[str], group: str) -> list[dict[str, Any]]:
    """What live keys would gain and lose in another group, by the group they have: `group`, `keys`, `gains`, `loses`.

    raises   Invalid (an unknown group)
    """

    def look(connection: Connection) -> list[dict[str, Any]]:
        gets = scopes.unpack(group_named(connection, tenant_id, group).scopes)
        counts: Counter[tuple[str, str]] = Counter()
        for some in pieces(key_ids):
            for row in store.by_group(connection, tenant_id, some):
                counts[row.name, row.scopes] += row.number
        found = []
        for (name, packed), count in sorted(counts.items()):
            has = scopes.unpack(packed)
            found.append({"group": name, "keys": count, "gains": sorted(gets - has), "loses": sorted(has - gets)})
        return found

    return ctx.database.read(look)


def group_named(connection: Connection, tenant_id: str, named: str) -> Row[Any]:
    """The group that keys are to have, by ID or name; Invalid without it."""
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None or group.type != terms.TENANT_KEY_TYPE:
        raise Invalid(Problem("group", "unknown", "There is no authorization group of that name for API keys."))
    return group


def pieces(key_ids: Sequence[str], size: int = BATCH) -> Iterator[list[str]]:
    """Bounded pieces of a list of key IDs, each ID once."""
    rest = iter(dict.fromkeys(key_ids))
    while some := list(islice(rest, size)):
        yield some
