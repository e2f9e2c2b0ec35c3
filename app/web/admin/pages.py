"""Pages of lists: `items`, `next`, `total`, and the same address again in `Link`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from app.actions import cursors
from app.web.admin.operations import Call, Reply

Item = dict[str, Any]


def listed(call: Call, items: Sequence[Item], following: str | None, total: int | None = None) -> Reply:
    """Answer with a page.

    following   the cursor of the next page
    total       how many items there are on all pages, where that is known
    """
    link = None
    if following is not None:
        asked = {name: value for name, value in call.query.model_dump(exclude_defaults=True).items() if name != "after"}
        base = call.ctx.settings.base + quote(call.operation.path)
        link = f"{base}?{urlencode({**asked, 'after': following})}"
    return Reply({"items": list(items), "next": following, "total": total}, link=link)


def paged(call: Call, of: str, read: Callable[[Any, int], list[Item]], place: Callable[[Item], list[Any]]) -> Reply:
    """Answer with the page the query asks for.

    of      whose list
    read    gives at most so many items after a place, or from the beginning for None
    place   what an item's place is in the list's order
    """
    of = f"{call.operation.path} {of}"
    after = cursors.place(call.ctx, of, call.query.after) if call.query.after is not None else None
    items = read(after, call.query.per + 1)
    shown = items[: call.query.per]
    following = cursors.cursor(call.ctx, of, place(shown[-1])) if len(items) > len(shown) else None
    return listed(call, shown, following)
