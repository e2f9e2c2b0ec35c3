"""What a change of a group would mean for the keys that use it: looked at before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.actions import groups
from app.context import Context
from app.store import groups as store

NAMED = 5


@dataclass(frozen=True, slots=True)
class Impact:
    """How many keys that work now use a group, some of their names, and what they would gain and lose."""

    keys: int
    names: tuple[str, ...]
    gains: tuple[str, ...]
    loses: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether a key that works now would notice."""
        return bool(self.keys and (self.gains or self.loses))


def impact(ctx: Context, tenant_id: str, group: str, scopes: frozenset[str], now: datetime) -> Impact:
    """Tell what it would mean if a group held these scopes from now on; nothing is changed.

    group    ID or name
    raises   NotFound
    """
    found = groups.show(ctx, tenant_id, group)
    held = frozenset(found["scopes"])
    keys, names = ctx.database.read(
        lambda connection: store.working_keys(connection, tenant_id, found["id"], now, NAMED)
    )
    return Impact(keys, tuple(names), tuple(sorted(scopes - held)), tuple(sorted(held - scopes)))
