"""The audit log: who did what, when and from where; what of it is taken out, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import orjson

from app.actions import audit, cursors
from app.actions.people import names
from app.domain.events import Event
from app.domain.refusals import Invalid
from app.domain.scopes import Role
from app.web import sheets
from app.web.console import rendering
from app.web.console.pages import Pages, Visit
from app.web.console.stories import Teller
from app.web.replies import Answer

pages = Pages()
PLACE = "/audit-log"
FILTERS = ("event", "object", "actor", "ip", "from", "to")
PER, ROWS = 50, 500
MOST_NAMES = 200  # more members than these are looked for by ID, or by a click on a name
ELSEWHERE = ("tenant.created", "scope.", "resource_server.", "operator_key.", "signing_key.", "deployment.")
EVENTS = tuple(event for event in map(str, Event) if not event.startswith(ELSEWHERE))
COLUMNS = ("number", "at", "event", "actor_kind", "actor_id", "object_kind", "object_id", "address", "request_id")


class Asked:
    """What the address asks for; whatever it does not understand is left out."""

    def __init__(self, visit: Visit) -> None:
        query = visit.query
        self.given = {name: query[name].strip()[:200] for name in FILTERS if query.get(name, "").strip()}
        if self.given.get("event") not in EVENTS:
            self.given.pop("event", None)
        self.since, self.until = _day(visit, self.given, "from", 0), _day(visit, self.given, "to", 1)
        self.own = str(visit.signed.row.member_id) if visit.signed.role is Role.SUPER_USER else None
        self.after = query.get("after") or None
        self.verify = query.get("verify") == "1" and self.own is None

    @property
    def filters(self) -> dict[str, str]:
        """For the action. Super Users see what they did themselves (CONSOLE.md §3.3)."""
        found = {name: value for name, value in self.given.items() if name not in {"from", "to"}}
        bounds = {"since": self.since, "until": self.until, "actor": self.own}
        return {**found, **{name: value for name, value in bounds.items() if value is not None}}

    def address(self, place: str = PLACE, **changes: str) -> str:
        """The address of the same log but for some parameters."""
        query = {name: value for name, value in {**self.given, **changes}.items() if value}
        return f"{place}?{urlencode(query)}" if query else place


def _day(visit: Visit, given: dict[str, str], name: str, later: int) -> str | None:
    try:
        day = date.fromisoformat(given.get(name, "")) + timedelta(days=later)
        return datetime.combine(day, time(), visit.times.zone).isoformat()
    except (ValueError, OverflowError):
        given.pop(name, None)
        return None


@pages.add("GET", PLACE, "audit:read")
def audit_log(visit: Visit) -> Answer:
    """GET /audit-log."""
    asked = Asked(visit)
    of = f"audit log {visit.tenant_id}"
    try:
        after = cursors.place(visit.ctx, of, asked.after) if asked.after else None
    except Invalid:
        after = None
    page = audit.page(
        visit.ctx,
        visit.tenant_id,
        visit.now,
        after=(after[0], after[1], after[2]) if after is not None else None,
        limit=PER,
        filters=asked.filters,
    )
    return rendering.page(
        visit,
        "audit_log",
        here=PLACE,
        asked=asked,
        events=page.items,
        older=asked.address(after=cursors.cursor(visit.ctx, of, page.next)) if page.next is not None else None,
        first=after is None,
        kinds=EVENTS,
        teller=(teller := Teller(visit, page.items)),
        people=_people(visit, asked, teller, page.items),
        verified=audit.verify(visit.ctx, visit.tenant_id) if asked.verify else None,
    )


def _people(visit: Visit, asked: Asked, teller: Teller, events: list[dict[str, Any]]) -> dict[str, str]:
    """Whom the filter offers, by ID: the members, and whoever is asked for now."""
    if asked.own is not None or not visit.may("members:read"):
        return {}
    found = names.of_everybody(visit.ctx, visit.tenant_id, MOST_NAMES)
    actor = asked.given.get("actor")
    if not found or actor is None or actor in found:
        return found
    known = {event["actor"]["id"]: teller.actor(event) for event in events}
    return {actor: known.get(actor, actor), **found}


@pages.add("GET", f"{PLACE}/export.csv", "audit:read")
def export_csv(visit: Visit) -> Answer:
    """GET /audit-log/export.csv: what the filters find."""
    rows = map(_flat, audit.found(visit.ctx, visit.tenant_id, visit.now, Asked(visit).filters))
    return rendering.download(
        "audit-log.csv", sheets.CSV, sheets.csv_pieces((*COLUMNS, "before", "after", "link"), rows)
    )


@pages.add("GET", f"{PLACE}/export.jsonl", "audit:read")
def export_jsonl(visit: Visit) -> Answer:
    """GET /audit-log/export.jsonl: the same, an event a line."""
    events = audit.found(visit.ctx, visit.tenant_id, visit.now, Asked(visit).filters)
    return rendering.download("audit-log.jsonl", "application/x-ndjson", _lines(events))


def _lines(events: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    rest = iter(events)
    while some := list(islice(rest, ROWS)):
        yield b"".join(orjson.dumps(event) + b"\n" for event in some)


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    actor, thing = event["actor"], event["object"]
    return {
        **event,
        "actor_kind": actor["kind"],
        "actor_id": actor["id"],
        "object_kind": thing["kind"],
        "object_id": thing["id"],
        "before": orjson.dumps(event["before"]).decode(),
        "after": orjson.dumps(event["after"]).decode(),
    }
