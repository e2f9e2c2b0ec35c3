"""One key's page: its credentials, its use, its terms, what happened to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.actions import audit, key_evidence, keys, propagation, usage
from app.actions.people import hand_over
from app.actions.people.hand_over import Shown
from app.actions.usage import Period
from app.domain.refusals import NotFound
from app.web import sheets
from app.web.console import cookies, rendering, snippets, usage_chart
from app.web.console.key_activity import EVENTS, activity
from app.web.console.key_filters import ADDRESS
from app.web.console.key_forms import choices
from app.web.console.pages import Pages, Visit
from app.web.console.stories import Teller
from app.web.replies import Answer

pages = Pages()
RANGES = {"7d": 7, "30d": 30, "90d": 90}
CALLERS, GONE = 50, 410


@pages.add("GET", f"{ADDRESS}/{{key_id}}", "api_keys:read")
def key_details(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>; shows a new secret to the browser that asked for it, once."""
    key_id = visit.path["key_id"]
    try:
        key = keys.show(visit.ctx, visit.tenant_id, key_id, visit.now)
    except NotFound:
        return _gone(visit, key_id)
    shown = _taken(visit, key_id)
    secret = shown.secret if shown is not None else None
    headers = (cookies.taken(visit.ctx.settings, cookies.HAND_OVER, strict=True),) if secret is not None else ()
    used = usage.show(visit.ctx, visit.tenant_id, key_id, Period(RANGES[_range(visit)]), visit.now)
    log = _events(visit, key_id) if visit.may("audit:read") else []
    happened = activity(visit, key_id, used["events"])
    made = _made(key)
    teller = Teller(visit, [*log, *happened.events, made])
    return rendering.page(
        visit,
        "key_details",
        headers=headers,
        here=ADDRESS,
        key=key,
        shown=shown,
        samples=snippets.samples(visit.ctx.settings, key_id, secret) if secret is not None else (),
        groups=choices(visit) if visit.may("api_keys:write") else [],
        activity=happened,
        teller=teller,
        maker=teller.actor(made),
        revoked=next((event for event in log if event["event"] == "key.revoked"), None),
        expired=key_evidence.since_expiry(visit.ctx, visit.tenant_id, key_id, visit.now),
        reached=propagation.latest(visit.ctx, visit.tenant_id, key_id, visit.now),
        impact=None,
        form={},
        problems={},
        notice=visit.notice(),
        **figures(visit, used),
    )


def figures(visit: Visit, used: dict[str, Any]) -> dict[str, Any]:
    """What the cards about a key's use say."""
    return {
        "used": used,
        "range": _range(visit),
        "ranges": RANGES,
        "chart": usage_chart.chart(used["days"]),
        "calls": usage_chart.calls,
        "success": usage_chart.success,
        "peak": usage_chart.peak(used["days"], used["totals"]),
        "callers": usage_chart.callers(used["callers"], CALLERS),
    }


@pages.add("GET", f"{ADDRESS}/{{key_id}}/usage.csv", "api_keys:read")
def usage_csv(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/usage.csv: the days of the range."""
    key_id = visit.path["key_id"]
    keys.show(visit.ctx, visit.tenant_id, key_id, visit.now)
    found = usage.show(visit.ctx, visit.tenant_id, key_id, Period(RANGES[_range(visit)]), visit.now)
    pieces = sheets.csv_pieces(("day", *usage.OUTCOMES.values()), found["days"])
    return rendering.download(f"{key_id}-usage.csv", sheets.CSV, pieces)


@pages.add("GET", f"{ADDRESS}/{{key_id}}/first-use", "api_keys:read")
def first_use(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/first-use: the line of the panel that waits for the first call."""
    return fragment(visit, "key_first_use", lambda key: {"key": key})


def fragment(visit: Visit, template: str, said: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    """Answer with a part of a key's page."""
    key = keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)
    return rendering.page(visit, template, **said(key))


def _range(visit: Visit) -> str:
    asked = visit.query.get("range", "30d")
    return asked if asked in RANGES else "30d"


def _taken(visit: Visit, key_id: str) -> Shown | None:
    # Neither HEAD nor a browser that fetches ahead is somebody looking at the page.
    purpose = visit.http.header("Sec-Purpose") or visit.http.header("Purpose") or ""
    ahead = visit.http.method == "HEAD" or "prefetch" in purpose
    named, _, sealing_key = (cookies.read(visit.http, cookies.HAND_OVER) or "").partition(".")
    given = sealing_key if named == key_id and not ahead else None
    return hand_over.take(visit.ctx, visit.signed, visit.actor, key_id, given, visit.now)


def _events(visit: Visit, key_id: str) -> list[dict[str, Any]]:
    page = audit.page(visit.ctx, visit.tenant_id, visit.now, limit=EVENTS, filters={"object": key_id})
    return page.items


def _made(key: dict[str, Any]) -> dict[str, Any]:
    kind, _, maker = key["created_by"].partition(":")
    return {"event": "key.created", "actor": {"kind": kind, "id": maker}}


def _gone(visit: Visit, key_id: str) -> Answer:
    # Who may read the audit log learns that there was such a key; for everybody else there never was.
    events = _events(visit, key_id) if visit.may("audit:read") else []
    if not events:
        raise NotFound("API key")
    return rendering.page(
        visit, "key_gone", status=GONE, here=ADDRESS, event=events[0], actor=Teller(visit, events).actor(events[0])
    )
