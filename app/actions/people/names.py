"""Who it was: the names of members, for pages that tell what people did."""

from __future__ import annotations

from collections.abc import Iterable

from app.context import Context
from app.store import members


def of_members(ctx: Context, tenant_id: str, member_ids: Iterable[str]) -> dict[str, str]:
    """The names of some members of a tenant, removed ones too; whom it does not know is left out."""
    wanted = sorted(set(member_ids))
    return ctx.database.read(lambda connection: members.names(connection, tenant_id, wanted)) if wanted else {}


def of_creators(ctx: Context, tenant_id: str, creators: Iterable[str]) -> dict[str, str]:
    """As `of_members`, for `created_by` of keys: `member:<id>`, which is also how the answer names them."""
    ids = [creator.removeprefix("member:") for creator in creators if creator.startswith("member:")]
    return {f"member:{member}": name for member, name in of_members(ctx, tenant_id, ids).items()}


def of_everybody(ctx: Context, tenant_id: str, most: int) -> dict[str, str]:
    """The names of a tenant's members by their IDs, in the order of names; none where there are more than `most`."""
    rows = ctx.database.read(lambda connection: members.page(connection, tenant_id, None, most + 1))
    found = {row.id: row.name for row in rows} if len(rows) <= most else {}
    return dict(sorted(found.items(), key=lambda one: (one[1].casefold(), one[0])))
