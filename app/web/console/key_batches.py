"""Many keys at once, from the list: what it means is asked first, what became of each is told after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions import key_batches, keys
from app.domain import confirmation
from app.domain.refusals import Invalid, NotFound
from app.web.console import rendering
from app.web.console.key_forms import choices, notice, said
from app.web.console.key_list import ADDRESS
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
MOST_NAMED = 10


@pages.add("POST", f"{ADDRESS}/bulk", "api_keys:write", proof=True)
def bulk(visit: Visit) -> Answer:
    """POST /tenant-api-keys/bulk: ask, and once that is answered, do it."""
    form = visit.form
    chosen = _chosen(visit)
    verb = next((verb for verb in key_batches.VERBS if verb == form.get("action")), None)
    if verb is None or not chosen:
        notice(visit, visit.words.gettext("Nothing was selected."))
        return redirect(ADDRESS)
    if form.get("confirmed") is None:
        return _asking(visit, chosen, {})
    typed = str(len(chosen)) if _used(visit, chosen) else None
    if verb != "change_group" and typed is not None and form.get("typed", "").strip() != typed:
        return _asking(visit, chosen, {"typed": visit.words.gettext("The text does not match.")}, status=422)
    ids = [key["client_id"] for key in chosen]
    reason, group = form.get("reason") or None, form.get("group") or None
    try:
        done = key_batches.run(
            visit.ctx, visit.actor, visit.tenant_id, verb, ids, visit.now, reason=reason, group=group
        )
    except Invalid as error:
        return _asking(visit, chosen, said(error), status=422)
    notice(visit, _told(visit, done, {key["client_id"]: key["name"] for key in chosen}))
    return redirect(ADDRESS)


def _chosen(visit: Visit) -> list[dict[str, Any]]:
    named = (visit.form.get("keys") or " ".join(visit.form.lists.get("select", []))).split()
    found = []
    for key_id in dict.fromkeys(named[: key_batches.MOST]):
        try:
            found.append(keys.show(visit.ctx, visit.tenant_id, key_id, visit.now))
        except NotFound:
            continue
    return found


def _used(visit: Visit, chosen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def lately_used(key: dict[str, Any]) -> bool:
        at = datetime.fromisoformat(key["last_used_at"]) if key["last_used_at"] is not None else None
        return key["status"] == "active" and confirmation.lately(at, visit.now, visit.confirmation_window)

    lately = [key for key in chosen if lately_used(key)]
    return sorted(lately, key=lambda key: str(key["last_used_at"]), reverse=True)


def _asking(visit: Visit, chosen: list[dict[str, Any]], problems: dict[str, str], status: int = 200) -> Answer:
    form, ids = visit.form, [key["client_id"] for key in chosen]
    impact = []
    if form["action"] == "change_group" and form.get("group"):
        try:
            impact = key_batches.group_impact(visit.ctx, visit.tenant_id, ids, form["group"])
        except Invalid as error:
            problems = {**problems, **said(error)}
    return rendering.page(
        visit,
        "key_bulk",
        status=status,
        here=ADDRESS,
        chosen=chosen,
        ids=" ".join(ids),
        used=_used(visit, chosen),
        form=form,
        action=form["action"],
        impact=impact,
        groups=choices(visit),
        problems=problems,
        most_named=MOST_NAMED,
        days=visit.confirmation_window.days,
    )


def _told(visit: Visit, done: dict[str, Any], names: dict[str, str]) -> str:
    say, some = visit.words.gettext, visit.words.ngettext
    number, kept = len(done["changed"]), done["unchanged"]
    one, several = {
        "revoke": ("%(n)d key was revoked.", "%(n)d keys were revoked."),
        "delete": ("%(n)d key was deleted.", "%(n)d keys were deleted."),
        "change_group": ("%(n)d key has the new group.", "%(n)d keys have the new group."),
    }[visit.form["action"]]
    text = str(some(one, several, number)) % {"n": number}
    if kept:
        reasons = "; ".join(f"{names[row['client_id']]}: {row['message']}" for row in kept[:MOST_NAMED])
        text += " " + say("%(n)d not changed: %(reasons)s") % {"n": len(kept), "reasons": reasons}
    return text
