"""The list of API keys: search, filters, order, pages."""

from __future__ import annotations

from app.actions import group_choices, key_lists, key_notices, tenants
from app.actions.key_counts import key_usage
from app.actions.people import names, sessions
from app.domain import health
from app.domain.key_search import searched
from app.domain.refusals import Invalid
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS, Asked
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
MOST_GROUPS, MOST_NOTICES = 200, 2


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
        headers=_pushed(visit, asked),
        here=ADDRESS,
        asked=asked,
        page=page,
        creators=names.of_creators(ctx, tenant, (key["created_by"] for key in page.items)),
        most_counted=key_lists.MOST_COUNTED,
        most_at_once=key_lists.MOST_AT_ONCE,
        used=used,
        full=full,
        api_access=tenants.show(ctx, tenant)["api_access"],
        notices=key_notices.notices(ctx, tenant, visit.now, MOST_NOTICES),
        questions={
            question: health.title(question, visit.signed.row.expiring_soon_days) for question in health.QUESTIONS
        },
        groups=group_choices.offered(ctx, tenant, MOST_GROUPS),
        hidden=_hidden(visit, asked) if not page.items else 0,
        notice=visit.notice() if visit.http.header("HX-Request") is None else "",
    )


def _pushed(visit: Visit, asked: Asked) -> tuple[tuple[str, str], ...]:
    # A list that is swapped in has its address without what was not understood; going back must push nothing.
    swapped = visit.http.header("HX-Request") is not None
    restored = visit.http.header("HX-History-Restore-Request") is not None
    return (("HX-Push-Url", asked.here),) if swapped and not restored else ()


def _hidden(visit: Visit, asked: Asked) -> int:
    # A preset that asks for keys that work leaves out the others, and somebody may be looking for one of those.
    if asked.status != "active" and asked.expiration != "valid":
        return 0
    wider = Asked({**asked.given, "status": "", "expiration": ""})
    found = key_lists.page(visit.ctx, visit.tenant_id, wider.filters(visit), visit.now, counted=True, limit=1)
    return found.matches or 0


def _without_secret(visit: Visit, asked: Asked) -> Answer:
    # What was pasted stays in no address bar and no history: the key ID goes on alone.
    warning = "That looked like a secret. We searched for its key ID only. Do not paste secrets into search."
    sessions.leave_notice(visit.ctx, visit.signed, visit.words.gettext(warning))
    key_id = searched(asked.q, visit.ctx.settings.key_prefix)[1]
    return redirect(asked.address(q=key_id))


def _page(visit: Visit, asked: Asked) -> key_lists.Page:
    return key_lists.page(
        visit.ctx,
        visit.tenant_id,
        asked.filters(visit),
        visit.now,
        **asked.in_order,
        after=asked.after,
        before=asked.before,
        last=bool(asked.last),
        counted=True,
        limit=int(asked.per),
    )
