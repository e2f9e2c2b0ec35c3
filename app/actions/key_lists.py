"""The list of a tenant's keys: search, filter, order, page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.actions import cursors
from app.actions.key_steps import TENANT_KEY
from app.actions.shapes import key_objects
from app.context import Context
from app.domain.credentials import SECRET_LENGTH
from app.domain.expiry import EXPIRING_SOON
from app.domain.health import Question
from app.domain.names import fold
from app.domain.refusals import Invalid, NotFound, Problem
from app.store import groups, keys, tenants
from app.store import key_lists as store
from app.store.key_lists import Order, Wanted

_SECRET = re.compile(r"([a-z][a-z0-9]{0,7})s_([0-9A-Z]{4,16})")
_KEY_ID = re.compile(r"([a-z][a-z0-9]{0,7})_([0-9a-z]{0,16})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of keys is asked for; None and "" ask for nothing.

    q            part of the name or description, or the beginning of the key ID; a pasted secret counts as its key ID
    status       `active` or `revoked`
    expiration   `valid`, `expiring_soon` or `expired`
    group        ID or name
    health       one of `app.domain.health.QUESTIONS`
    """

    q: str | None = None
    status: str | None = None
    expiration: str | None = None
    group: str | None = None
    health: Question | None = None

    @property
    def none(self) -> bool:
        """Whether the whole list is asked for."""
        return not (self.q or self.status or self.expiration or self.group or self.health)


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys. `next` is the cursor of the page after; `total` is known for the whole list only.

    by_key_id   a secret was pasted into the search, and only its key ID was looked for
    """

    items: list[dict[str, Any]]
    next: str | None
    total: int | None
    by_key_id: bool = False


def page(
    ctx: Context,
    tenant_id: str,
    filters: Filters,
    now: datetime,
    *,
    sort: str = "created",
    descending: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Look at a tenant's keys, revoked ones included.

    sort     `name`, `created`, `expires` or `last_used`; ties by key ID, keys without an end last, never used first
    after    the cursor of the page before, made for the same order
    limit    at most so many keys
    raises   Invalid (an unknown group, a bad cursor), NotFound (the tenant)
    """
    order = Order(sort, descending)
    of = f"keys {tenant_id} {sort} {'desc' if descending else 'asc'}"
    place = _place(cursors.place(ctx, of, after), sort) if after is not None else None
    text, key_id = searched(filters.q, ctx.settings.key_prefix)

    def look(connection: Connection) -> Page:
        wanted = Wanted(
            tenant_id,
            TENANT_KEY,
            now,
            now + EXPIRING_SOON,
            text,
            key_id,
            None if not filters.status else filters.status == "revoked",
            filters.expiration,
            _group(connection, tenant_id, filters.group),
            filters.health,
        )
        rows = store.page(connection, wanted, order, place, limit + 1)
        shown = rows[:limit]
        found = keys.several(connection, [row.key_id for row in shown])
        items = key_objects(connection, [found[row.key_id] for row in shown], now)
        following = cursors.cursor(ctx, of, _written(shown[-1])) if len(rows) > limit else None
        total = _total(connection, tenant_id) if filters.none else None
        return Page(items, following, total, by_key_id=text is None and key_id is not None)

    return ctx.database.read(look)


def searched(q: str | None, brand: str) -> tuple[str | None, str | None]:
    """What a search looks for: (folded part of a name, beginning of a key ID).

    A secret, even part of one, gives its key ID alone; nothing else of it goes any further.

    brand   what the deployment's secrets begin with, such as `kt`; of other brands only whole ones are recognised
    """
    text = (q or "").strip()
    if not text:
        return None, None
    secret = _SECRET.match(text)
    if secret is not None and (secret[1] == brand or len(text) >= len(secret[0]) + SECRET_LENGTH):
        return None, f"{secret[1]}_{secret[2]}"
    key_id = _KEY_ID.fullmatch(text)
    return fold(text), f"{key_id[1].lower()}_{key_id[2].upper()}" if key_id is not None else None


def _group(connection: Connection, tenant_id: str, named: str | None) -> str | None:
    if not named:
        return None
    group = groups.find(connection, tenant_id, named, fold(named))
    if group is None:
        raise Invalid(Problem("group", "unknown", "There is no authorization group of that name."))
    return str(group.id)


def _total(connection: Connection, tenant_id: str) -> int:
    tenant = tenants.find(connection, tenant_id)
    if tenant is None:
        raise NotFound("tenant")
    return int(tenant.listed_keys)


def _written(row: Any) -> tuple[str | None, str]:
    return row.place.isoformat() if isinstance(row.place, datetime) else row.place, row.key_id


def _place(written: list[Any], sort: str) -> tuple[Any, str]:
    value, key_id = written
    return value if sort == "name" or value is None else datetime.fromisoformat(value), key_id
