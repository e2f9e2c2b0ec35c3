"""The list of API keys: search, filters, order, pages, and what of it is taken out as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from app.actions import group_choices, key_lists, key_notices, tenants
from app.actions.key_counts import key_usage
from app.actions.key_lists import Filters
from app.actions.people import names, sessions
from app.domain import health
from app.domain.health import Question
from app.domain.refusals import Invalid
from app.web import sheets
from app.web.console import rendering
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/tenant-api-keys"
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("active", "revoked"),
    "expiration": ("valid", "expiring_soon", "expired"),
    "used": ("never", "idle30", "idle90"),
    "creator": ("me",),
    "health": health.QUESTIONS,
    "dir": ("asc", "desc"),
    "sort": ("name", "created", "last_used", "expires"),
    "per": ("25", "50", "100"),
    "last": ("1",),
}
NARROWING = ("q", "status", "expiration", "group", "used", "creator", "health")
PLAIN = {"sort": "created", "dir": "asc", "per": "50"}
MOST_GROUPS, MOST_NOTICES = 200, 2
COLUMNS = (
    "client_id",
    "name",
    "description",
    "group",
    "status",
    "expiration_state",
    "flags",
    "created_at",
    "expires_at",
    "ip_allowlist",
    "last_used_at",
    "last_used_ip",
    "last_used_client",
    "secret_hint",
)


class Asked:
    """What the address asks for; whatever it does not understand is left out."""

    def __init__(self, query: dict[str, str]) -> None:
        found = {name: query[name] for name, known in CHOICES.items() if query.get(name) in known}
        self.given = {**PLAIN, **found, "q": query.get("q", "").strip()[:500], "group": query.get("group", "")[:100]}
        self.after, self.before = query.get("after") or None, query.get("before") or None

    def __getattr__(self, name: str) -> str:
        if name in CHOICES or name in NARROWING:
            return self.given.get(name, "")
        raise AttributeError(name)

    @property
    def first(self) -> bool:
        """Whether the first page is asked for."""
        return not (self.after or self.before or self.last)

    @property
    def narrow(self) -> bool:
        """Whether less than the whole list is asked for."""
        return any(self.given.get(name) for name in NARROWING)

    def filters(self, visit: Visit) -> Filters:
        """For the action."""
        one = {name: self.given.get(name) or None for name in ("q", "status", "expiration", "group", "used")}
        mine = str(visit.signed.row.member_id) if self.creator else None
        return Filters(**one, health=cast("Question", self.health) if self.health else None, creator=mine)

    def address(self, place: str = ADDRESS, **changes: Any) -> str:
        """The address of the same list but for some parameters; a change begins at the first page."""
        wanted = {**self.given, "last": "", **changes}
        query = {name: value for name, value in wanted.items() if value and PLAIN.get(name) != str(value)}
        return f"{place}?{urlencode(query)}" if query else place

    def order(self, column: str) -> str:
        """The address that a column's header leads to: the other direction of its own order, or its order."""
        turned = "desc" if self.sort == column and self.dir == "asc" else "asc"
        return self.address(sort=column, dir=turned)

    def clear(self) -> str:
        """The address of the whole list in the same order."""
        return self.address(**dict.fromkeys(NARROWING, ""))


@pages.add("GET", ADDRESS, "api_keys:read")
def key_list(visit: Visit) -> Answer:
    """GET /tenant-api-keys."""
    asked = Asked(visit.query)
    ctx, tenant = visit.ctx, visit.tenant_id
    try:
        page = _page(visit, asked)
    except Invalid:  # an unknown group or a cursor of another list: the page never errors on a bad filter
        asked = Asked({**asked.given, "group": "", "last": ""})
        page = _page(visit, asked)
    if page.by_key_id:
        return _without_secret(visit, asked)
    used = key_usage(ctx, tenant, visit.now)
    full = used.limit is not None and used.used >= used.limit
    return rendering.page(
        visit,
        "key_list",
        here=ADDRESS,
        asked=asked,
        page=page,
        creators=names.of_creators(ctx, tenant, (key["created_by"] for key in page.items)),
        most_counted=key_lists.MOST_COUNTED,
        used=used,
        full=full,
        api_access=tenants.show(ctx, tenant)["api_access"],
        notices=key_notices.notices(ctx, tenant, visit.now, MOST_NOTICES),
        questions={
            question: health.title(question, visit.signed.row.expiring_soon_days) for question in health.QUESTIONS
        },
        groups=group_choices.offered(ctx, tenant, MOST_GROUPS),
        hidden=_hidden(visit, asked) if not page.items else 0,
        notice=visit.notice(),
    )


def _hidden(visit: Visit, asked: Asked) -> int:
    # A preset that asks for keys that work leaves out the others, and somebody may be looking for one of those.
    if asked.status != "active" and asked.expiration != "valid":
        return 0
    wider = Asked({**asked.given, "status": "", "expiration": ""})
    found = key_lists.page(visit.ctx, visit.tenant_id, wider.filters(visit), visit.now, counted=True, limit=1)
    return found.matches or 0


@pages.add("GET", f"{ADDRESS}/export.csv", "api_keys:read")
def export(visit: Visit) -> Answer:
    """GET /tenant-api-keys/export.csv: what the list says of each key, never a secret."""
    asked = Asked(visit.query)
    rows = _rows(visit, asked)
    return rendering.download("api-keys.csv", sheets.CSV, sheets.csv_pieces(COLUMNS, rows))


def _rows(visit: Visit, asked: Asked) -> Iterator[dict[str, Any]]:
    filters, downwards = asked.filters(visit), asked.dir == "desc"
    for key in key_lists.every(visit.ctx, visit.tenant_id, filters, visit.now, sort=asked.sort, descending=downwards):
        yield {
            **key,
            "group": key["group"]["name"],
            "flags": " ".join(key["flags"]),
            "ip_allowlist": " ".join(key["ip_allowlist"]),
            "secret_hint": key["secrets"][0]["hint"] if key["secrets"] else None,
        }


def _without_secret(visit: Visit, asked: Asked) -> Answer:
    # What was pasted stays in no address bar and no history: the key ID goes on alone.
    warning = "That looked like a secret. We searched for its key ID only. Do not paste secrets into search."
    sessions.leave_notice(visit.ctx, visit.signed, visit.words.gettext(warning))
    key_id = key_lists.searched(asked.q, visit.ctx.settings.key_prefix)[1]
    return redirect(asked.address(q=key_id))


def _page(visit: Visit, asked: Asked) -> key_lists.Page:
    return key_lists.page(
        visit.ctx,
        visit.tenant_id,
        asked.filters(visit),
        visit.now,
        sort=asked.sort,
        descending=asked.dir == "desc",
        after=asked.after,
        before=asked.before,
        last=bool(asked.last),
        counted=True,
        limit=int(asked.per),
    )
