"""One key's page: its credentials, its use, its terms, what happened to it."""

from __future__ import annotations

from app.actions import audit, keys
from app.actions.people import hand_over
from app.actions.people.hand_over import Shown
from app.domain.refusals import NotFound
from app.web.console import cookies, rendering, snippets
from app.web.console.key_forms import choices
from app.web.console.key_list import ADDRESS
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
EVENTS = 20
GONE = 410


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
    return rendering.page(
        visit,
        "key_details",
        headers=headers,
        here=ADDRESS,
        key=key,
        shown=shown,
        samples=snippets.samples(visit.ctx.settings, key_id, secret) if secret is not None else (),
        groups=choices(visit) if visit.may("api_keys:write") else [],
        events=_events(visit, key_id) if visit.may("audit:read") else [],
        form={},
        problems={},
        notice=visit.notice(),
    )


def _taken(visit: Visit, key_id: str) -> Shown | None:
    # Neither HEAD nor a browser that fetches ahead is somebody looking at the page.
    purpose = visit.http.header("Sec-Purpose") or visit.http.header("Purpose") or ""
    ahead = visit.http.method == "HEAD" or "prefetch" in purpose
    named, _, sealing_key = (cookies.read(visit.http, cookies.HAND_OVER) or "").partition(".")
    given = sealing_key if named == key_id and not ahead else None
    return hand_over.take(visit.ctx, visit.signed, visit.actor, key_id, given, visit.now)


def _events(visit: Visit, key_id: str) -> list[dict[str, object]]:
    page = audit.page(visit.ctx, visit.tenant_id, visit.now, limit=EVENTS, filters={"object": key_id})
    return page.items


def _gone(visit: Visit, key_id: str) -> Answer:
    # Who may read the audit log learns that there was such a key; for everybody else there never was.
    events = _events(visit, key_id) if visit.may("audit:read") else []
    if not events:
        raise NotFound("API key")
    return rendering.page(visit, "key_gone", status=GONE, here=ADDRESS, event=events[0])
