"""Editing a key: the form, what the change would mean for its callers, and two people at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.actions import audit, groups, key_evidence, keys
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from app.web.console import rendering
from app.web.console.key_endings import version
from app.web.console.key_filters import ADDRESS
from app.web.console.key_forms import choices, details, lines, notice, onwards
from app.web.console.key_words import wrong
from app.web.console.pages import Pages, Visit
from app.web.console.stories import Teller
from app.web.replies import Answer

pages = Pages()
FIELDS = ("name", "description", "group", "ip_allowlist")


@pages.add("GET", f"{ADDRESS}/{{key_id}}/edit", "api_keys:write")
def edit_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/edit."""
    return _edit_form(visit, {}, {})


@pages.add("POST", f"{ADDRESS}/{{key_id}}/edit", "api_keys:write")
def edit(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/edit."""
    form, key_id = visit.form, visit.path["key_id"]
    try:
        changed = keys.edit(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            key_id,
            visit.now,
            version=version(visit),
            name=form.get("name", ""),
            description=form.get("description", ""),
            group=form.get("group") or None,
            ip_allowlist=lines(form.get("ip_allowlist", "")),
        )
    except (Invalid, Forbidden) as error:
        return _edit_form(visit, {**form}, wrong(visit, form, error), status=422)
    except Conflict as error:
        if error.code != "version_conflict":
            raise
        return _conflict(visit, form)
    text = visit.words.gettext("API Key %(name)s was updated.") % {"name": changed["name"]}
    notice(visit, " ".join((text, *changed.get("notices", []))))
    return onwards(visit, details(key_id))


@pages.add("POST", f"{ADDRESS}/{{key_id}}/impact", "api_keys:write")
def impact(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/impact: what an edit would mean for callers; nothing is saved."""
    if visit.http.header("HX-Request") is None:
        return _edit_form(visit, {**visit.form}, {}, _impact(visit))
    key = keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)
    return rendering.page(visit, "key_impact", key=key, impact=_impact(visit))


def _impact(visit: Visit) -> dict[str, Any]:
    return key_evidence.edit_impact(
        visit.ctx,
        visit.tenant_id,
        visit.path["key_id"],
        visit.now,
        group=visit.form.get("group") or None,
        ip_allowlist=lines(visit.form.get("ip_allowlist", "")),
    )


def _edit_form(
    visit: Visit,
    form: dict[str, str],
    problems: dict[str, str],
    impact: dict[str, Any] | None = None,
    status: int = 200,
) -> Answer:
    key = keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)
    return rendering.page(
        visit,
        "key_edit",
        status=status,
        here=ADDRESS,
        key=key,
        form=form,
        problems=problems,
        groups=choices(visit),
        impact=impact,
    )


def _conflict(visit: Visit, form: dict[str, str]) -> Answer:
    # Both versions side by side; "Use mine" sends the same form again, made from the version that is there now.
    key = keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)
    page = audit.page(visit.ctx, visit.tenant_id, visit.now, limit=1, filters={"object": key["client_id"]})
    theirs = {**key, "group": key["group"]["name"], "ip_allowlist": "\n".join(key["ip_allowlist"])}
    mine = {name: form.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    event = page.items[0]
    return rendering.page(
        visit,
        "key_conflict",
        status=409,
        here=ADDRESS,
        key=key,
        form=mine,
        mine={**mine, "group": _group_name(visit, mine["group"])},
        theirs=theirs,
        actor=Teller(visit, page.items).actor(event),
        at=datetime.fromisoformat(event["at"]),
    )


def _group_name(visit: Visit, named: str) -> str:
    try:
        return str(groups.show(visit.ctx, visit.tenant_id, named)["name"])
    except NotFound:
        return named
