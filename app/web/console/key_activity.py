"""What happened to a key, newest first, some at a time: its audit events, and what its use tells besides them."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.actions import audit, cursors, keys, usage
from app.actions.usage import Period
from app.domain.refusals import Invalid
from app.domain.times import parse_instant
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS
from app.web.console.pages import Pages, Visit
from app.web.console.stories import Teller
from app.web.replies import Answer

pages = Pages()
EVENTS, PARAMETER, SHORTEST = 20, "activity", 1
Events = list[dict[str, Any]]


class Activity(NamedTuple):
    """Some events.

    older   the query of the address that shows those before; None when there are none
    first   whether these are the newest
    """

    events: Events
    older: str | None
    first: bool


def activity(visit: Visit, key_id: str, used: Events) -> Activity:
    """Read as many events as the card shows at once, from where the address says.

    used   what the key's use tells, newest first; who may not read the audit log sees that alone
    """
    of = f"activity {key_id}"
    number, left = _place(visit, of, len(used))
    log, further = _log(visit, key_id, number)
    rest = used[len(used) - left :]
    shown = list(islice(merge(log, rest, key=_at, reverse=True), EVENTS))
    numbers = [event["number"] for event in shown if "number" in event]
    more = further or len(shown) < len(log) + len(rest)
    # Of what use tells, how much is left: there is more of it at the top at any time, and nothing new at the end.
    place = (numbers[-1] if numbers else number, left - (len(shown) - len(numbers)))
    older = urlencode({PARAMETER: cursors.cursor(visit.ctx, of, place)}) if more else None
    return Activity(shown, older, number is None and left == len(used))


@pages.add("GET", f"{ADDRESS}/{{key_id}}/activity", "api_keys:read")
def more(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/activity: older events, for the card that has the newer ones."""
    key_id = visit.path["key_id"]
    key = keys.show(visit.ctx, visit.tenant_id, key_id, visit.now)
    used = usage.show(visit.ctx, visit.tenant_id, key_id, Period(SHORTEST), visit.now)
    found = activity(visit, key_id, used["events"])
    teller = Teller(visit, found.events)
    return rendering.page(visit, "key_activity_events", key=key, activity=found, teller=teller, added=True)


def _place(visit: Visit, of: str, all_used: int) -> tuple[int | None, int]:
    try:
        number, left = cursors.place(visit.ctx, of, visit.query[PARAMETER])
    except (KeyError, Invalid):
        return None, all_used
    return number, min(left, all_used)


def _log(visit: Visit, key_id: str, number: int | None) -> tuple[Events, bool]:
    if not visit.may("audit:read"):
        return [], False
    after = (visit.now.isoformat(), "", number) if number is not None else None
    page = audit.page(visit.ctx, visit.tenant_id, visit.now, after=after, limit=EVENTS, filters={"object": key_id})
    return page.items, page.next is not None


def _at(event: dict[str, Any]) -> float:
    return parse_instant(event["at"]).timestamp()
