"""What happens to a member: deactivate, activate, remove, let back in; and what becomes of keys that act as them."""

from __future__ import annotations

from typing import Any

from app.actions import members
from app.actions.people import roster
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.web.console import rendering
from app.web.console.key_endings import version
from app.web.console.key_forms import choices, notice, said
from app.web.console.members import ADDRESS, member_page, person, place, with_link
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
ONE = f"{ADDRESS}/{{member_id}}"
DEACTIVATE, REMOVE = "deactivate", "remove"


@pages.add("GET", f"{ONE}/deactivate", "members:write", proof=True)
def deactivate_form(visit: Visit) -> Answer:
    """GET /settings/members/<id>/deactivate."""
    return _asking(visit, DEACTIVATE, {})


@pages.add("POST", f"{ONE}/deactivate", "members:write", proof=True)
def deactivate(visit: Visit) -> Answer:
    """POST /settings/members/<id>/deactivate."""
    who = person(visit)
    try:
        _edit(visit, who, active=False)
    except Forbidden as error:
        return _asking(visit, DEACTIVATE, said(error), status=422)
    except Conflict as error:
        return _asking(visit, DEACTIVATE, said(error), status=409)
    notice(visit, visit.words.gettext("%(name)s was deactivated.") % {"name": who["name"]})
    return redirect(place(who))


@pages.add("POST", f"{ONE}/activate", "members:write", proof=True)
def activate(visit: Visit) -> Answer:
    """POST /settings/members/<id>/activate."""
    who = person(visit)
    try:
        _edit(visit, who, active=True)
    except (Forbidden, Conflict) as error:
        return member_page(visit, {}, said(error), status=422 if isinstance(error, Forbidden) else 409)
    notice(visit, visit.words.gettext("%(name)s is active again.") % {"name": who["name"]})
    return redirect(place(who))


@pages.add("POST", f"{ONE}/keys", "api_keys:write", proof=True)
def move_keys(visit: Visit) -> Answer:
    """POST /settings/members/<id>/keys: give the keys that act as the member a group of their own."""
    who, step = person(visit), REMOVE if visit.form.get("then") == REMOVE else DEACTIVATE
    try:
        # Without a choice there is no group of that name: the tenant's default must not come in unseen.
        group = visit.form.get("group", "?")
        moved = roster.move_keys(visit.ctx, visit.actor, visit.tenant_id, who["id"], group, visit.now)
    except (Invalid, Forbidden) as error:
        return _asking(visit, step, said(error), status=422)
    text = visit.words.ngettext("%(n)d key was moved.", "%(n)d keys were moved.", moved)
    notice(visit, text % {"n": moved})
    return redirect(f"{place(who)}/{step}")


@pages.add("GET", f"{ONE}/remove", "members:write", proof=True)
def remove_form(visit: Visit) -> Answer:
    """GET /settings/members/<id>/remove."""
    return _asking(visit, REMOVE, {})


@pages.add("POST", f"{ONE}/remove", "members:write", proof=True)
def remove(visit: Visit) -> Answer:
    """POST /settings/members/<id>/remove."""
    who = person(visit)
    try:
        members.remove(visit.ctx, visit.actor, visit.tenant_id, who["id"], visit.now, version=version(visit))
    except Forbidden as error:
        return _asking(visit, REMOVE, said(error), status=422)
    except Conflict as error:
        return _asking(visit, REMOVE, said(error), status=409)
    notice(visit, visit.words.gettext("%(name)s was removed.") % {"name": who["name"]})
    return redirect(ADDRESS)


@pages.add("GET", f"{ONE}/reset", "members:write", proof=True)
def reset_form(visit: Visit) -> Answer:
    """GET /settings/members/<id>/reset."""
    return rendering.page(visit, "member_reset", here=ADDRESS, member=person(visit), problems={})


@pages.add("POST", f"{ONE}/reset", "members:write", proof=True)
def reset(visit: Visit) -> Answer:
    """POST /settings/members/<id>/reset: this answer, and no other, tells the link."""
    who = person(visit)
    try:
        link = members.reset(visit.ctx, visit.actor, visit.tenant_id, who["id"], visit.now)
    except (Forbidden, Conflict) as error:
        status = 422 if isinstance(error, Forbidden) else 409
        return rendering.page(visit, "member_reset", status=status, here=ADDRESS, member=who, problems=said(error))
    return with_link(visit, who, link, invited=False)


def _edit(visit: Visit, who: dict[str, Any], *, active: bool) -> None:
    members.edit(visit.ctx, visit.actor, visit.tenant_id, who["id"], visit.now, version=version(visit), active=active)


def _asking(visit: Visit, step: str, problems: dict[str, str], status: int = 200) -> Answer:
    who = person(visit)
    keys = roster.acting_keys(visit.ctx, visit.tenant_id, who["id"], visit.now)
    groups = [group for group in choices(visit) if not (group["built_in"] and not group["scopes"])] if keys else []
    return rendering.page(
        visit,
        "member_stop",
        status=status,
        here=ADDRESS,
        member=who,
        step=step,
        acting=keys,
        groups=groups,
        form=visit.form if visit.http.method == "POST" else {},
        problems=problems,
        notice=visit.notice(),
    )
