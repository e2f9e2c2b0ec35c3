"""Many keys at once, from the list: what it means is asked first, what became of each key is told after."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from app.actions import key_batches, key_choices, key_jobs, key_lists
from app.actions.key_batches import Verb
from app.actions.key_choices import Chosen
from app.domain.events import Event
from app.domain.refusals import Conflict, Invalid, Unavailable
from app.web.console import batch_words, rendering
from app.web.console.key_filters import ADDRESS, Asked, understood
from app.web.console.key_forms import choices, notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
MOST_NAMED, MOST_LISTED = 10, 100
EVENTS = {"revoke": Event.KEY_REVOKED, "delete": Event.KEY_DELETED, "change_group": Event.KEY_EDITED}


@pages.add("POST", f"{ADDRESS}/bulk", "api_keys:write", proof=True)
def bulk(visit: Visit) -> Answer:
    """POST /tenant-api-keys/bulk: ask, and once that is answered, do it."""
    form = visit.form
    chosen = _chosen(visit)
    verb = next((verb for verb in key_batches.VERBS if verb == form.get("action")), None)
    if verb is None or not chosen.ids:
        notice(visit, visit.words.gettext("Nothing was selected."))
        return redirect(_back(visit))
    if form.get("confirmed") is None:
        return _asking(visit, verb, chosen, {})
    problems = _doubts(visit, verb, chosen)
    if problems:
        return _asking(visit, verb, chosen, problems, status=422)
    try:
        return _done(visit, verb, chosen)
    except Invalid as error:
        return _asking(visit, verb, chosen, said(error), status=422)


@pages.add("GET", f"{ADDRESS}/bulk/{{batch_id}}", "api_keys:read")
def progress(visit: Visit) -> Answer:
    """GET /tenant-api-keys/bulk/<batch>: how far it is, and at the end what became of the keys."""
    batch = key_jobs.show(visit.ctx, visit.tenant_id, visit.path["batch_id"], visit.now, MOST_LISTED)
    return rendering.page(
        visit,
        "key_batch",
        here=ADDRESS,
        batch=batch,
        result=batch_words.result(visit, batch, MOST_NAMED),
        reason=batch_words.reason,
        back=Asked(visit.query).here,
        named=MOST_NAMED,
        events=_events(visit, batch),
    )


def _events(visit: Visit, batch: dict[str, Any]) -> str:
    """The log of what this member did so to keys on these days: a batch has no index of its own there."""
    days = [visit.times.local(batch[name] or visit.now).date() for name in ("created_at", "ended_at")]
    query = {"event": EVENTS[batch["action"]], "actor": batch["member"], "from": days[0], "to": days[1]}
    return f"/audit-log?{urlencode(query)}"


def _done(visit: Visit, verb: Verb, chosen: Chosen) -> Answer:
    form, ctx = visit.form, visit.ctx
    wanted: dict[str, Any] = {"reason": form.get("reason", "").strip() or None, "group": form.get("group") or None}
    batch = key_jobs.begin(ctx, visit.actor, visit.tenant_id, verb, chosen.ids, visit.now, **wanted)
    if len(chosen.ids) <= key_batches.MOST:
        try:
            key_jobs.finish(ctx, batch, visit.now)
        except (Conflict, Unavailable):  # what is left is done in the background, and the page says how far it is
            ctx.background.wake()
    else:
        ctx.background.wake()
    query = urlsplit(_back(visit)).query
    return redirect(f"{ADDRESS}/bulk/{batch}{f'?{query}' if query else ''}")


def _chosen(visit: Visit) -> Chosen:
    form = visit.form
    ids = (form.get("keys") or " ".join(form.lists.get("select", []))).split()[: key_batches.MOST]
    if form.get("matching"):  # looked for anew each time: what is done is done to what matches then
        asked = understood(visit, Asked.of(form.get("list", "")))
        given = (visit.ctx, visit.tenant_id, asked.filters(visit), visit.now)
        ids = key_lists.ids(*given, **asked.in_order, most=key_lists.MOST_AT_ONCE)
    return key_choices.about(visit.ctx, visit.tenant_id, ids, visit.now, visit.confirmation_window, MOST_NAMED)


def _doubts(visit: Visit, verb: Verb, chosen: Chosen) -> dict[str, str]:
    form, say, count = visit.form, visit.words.gettext, str(len(chosen.ids))
    if form.get("count", count) != count:
        return {"count": say("Other keys match now than when you were asked: %(count)s.") % {"count": count}}
    if verb != "change_group" and chosen.used and form.get("typed", "").strip() != count:
        return {"typed": say("The text does not match.")}
    return {}


def _back(visit: Visit) -> str:
    return Asked.of(visit.form.get("list", "")).here


def _asking(visit: Visit, verb: Verb, chosen: Chosen, problems: dict[str, str], status: int = 200) -> Answer:
    form, impact = visit.form, []
    if verb == "change_group" and form.get("group"):
        try:
            impact = key_choices.group_impact(visit.ctx, visit.tenant_id, chosen.ids, form["group"])
        except Invalid as error:
            problems = {**problems, **said(error)}
    return rendering.page(
        visit,
        "key_bulk",
        status=status,
        here=ADDRESS,
        chosen=chosen,
        matching=bool(form.get("matching")),
        back=_back(visit),
        form=form,
        action=verb,
        impact=impact,
        groups=choices(visit),
        problems=problems,
        later=len(chosen.ids) > key_batches.MOST,
        most=key_lists.MOST_AT_ONCE,
        days=visit.confirmation_window.days,
    )
