"""The list of API keys: search, filters, order, pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from app.actions import groups, key_lists
from app.actions.key_counts import key_usage
from app.actions.key_lists import Filters
from app.domain.refusals import Invalid
from app.web.console import rendering
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/tenant-api-keys"
CHOICES = {"status": ("active", "revoked"), "expiration": ("valid", "expiring_soon", "expired")}
SORTS, PER = ("name", "created", "expires"), (25, 50, 100)
MOST_GROUPS = 200


class Asked:
    """What the address asks for; whatever it does not understand is left out."""

    def __init__(self, query: dict[str, str]) -> None:
        self.q = query.get("q", "").strip()[:500]
        self.status = _one_of(query.get("status"), CHOICES["status"])
        self.expiration = _one_of(query.get("expiration"), CHOICES["expiration"])
        self.group = query.get("group", "")[:100]
        self.sort = _one_of(query.get("sort"), SORTS) or "created"
        self.dir = _one_of(query.get("dir"), ("asc", "desc")) or "asc"
        self.per = int(_one_of(query.get("per"), tuple(map(str, PER))) or "50")
        self.after = query.get("after") or None

    @property
    def filters(self) -> Filters:
        """For the action."""
        return Filters(self.q or None, self.status or None, self.expiration or None, self.group or None)

    def address(self, **changes: Any) -> str:
        """The address of the same list but for some parameters; a change begins at the first page."""
        plain = {"sort": "created", "dir": "asc", "per": 50}
        now = {name: getattr(self, name) for name in ("q", "status", "expiration", "group", "sort", "dir", "per")}
        wanted = {**now, **changes}
        query = {name: value for name, value in wanted.items() if value and plain.get(name) != value}
        return f"{ADDRESS}?{urlencode(query)}" if query else ADDRESS

    def order(self, column: str) -> str:
        """The address that a column's header leads to: the other direction of its own order, or its order."""
        turned = "desc" if self.sort == column and self.dir == "asc" else "asc"
        return self.address(sort=column, dir=turned)


def _one_of(given: str | None, known: tuple[str, ...]) -> str:
    return given if given in known else ""


@pages.add("GET", ADDRESS, "api_keys:read")
def key_list(visit: Visit) -> Answer:
    """GET /tenant-api-keys."""
    asked = Asked(visit.query)
    ctx, tenant = visit.ctx, visit.tenant_id
    try:
        page = _page(visit, asked)
    except Invalid:  # an unknown group or a cursor of another list: the page never errors on a bad filter
        asked.group, asked.after = "", None
        page = _page(visit, asked)
    return rendering.page(
        visit,
        "key_list",
        here=ADDRESS,
        asked=asked,
        keys=page.items,
        following=asked.address(after=page.next) if page.next else None,
        total=page.total,
        by_key_id=page.by_key_id,
        used=key_usage(ctx, tenant, visit.now),
        groups=groups.page(ctx, tenant, None, MOST_GROUPS),
        notice=visit.notice(),
    )


def _page(visit: Visit, asked: Asked) -> key_lists.Page:
    return key_lists.page(
        visit.ctx,
        visit.tenant_id,
        asked.filters,
        visit.now,
        sort=asked.sort,
        descending=asked.dir == "desc",
        after=asked.after,
        limit=asked.per,
    )
