"""Authorization groups: the list, the editor with its matrix of scopes, and how one goes."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote, urlencode

from app.actions import catalogue, cursors, group_impact, groups, tenants
from app.actions.group_impact import Impact
from app.domain.group_templates import TEMPLATES, of_template
from app.domain.names import fold
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from app.web.console import form_words, rendering
from app.web.console.key_endings import version
from app.web.console.key_forms import notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.scope_matrix import Scopes
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/authorization-groups"
PER_PAGE, MOST_TARGETS = 100, 200


@pages.add("GET", ADDRESS, "groups:read")
def group_list(visit: Visit) -> Answer:
    """GET /settings/authorization-groups."""
    of, after = f"groups {visit.tenant_id}", visit.query.get("after")
    try:
        place = cursors.place(visit.ctx, of, after) if after else None
    except Invalid:  # a cursor of another list begins at the first page
        place = None
    found = groups.page(visit.ctx, visit.tenant_id, (place[0], place[1]) if place else None, PER_PAGE + 1)
    shown = found[:PER_PAGE]
    more = cursors.cursor(visit.ctx, of, [fold(shown[-1]["name"]), shown[-1]["id"]]) if found[PER_PAGE:] else None
    following = f"{ADDRESS}?{urlencode({'after': more})}" if more else None
    return rendering.page(
        visit, "group_list", here=ADDRESS, groups=shown, following=following, after=place, notice=visit.notice()
    )


@pages.add("GET", f"{ADDRESS}/new", "groups:write", proof=True)
def new(visit: Visit) -> Answer:
    """GET /settings/authorization-groups/new, from a template or as a copy of another group."""
    template, copied = visit.query.get("template", "empty"), visit.query.get("of")
    if copied is not None:
        source = groups.show(visit.ctx, visit.tenant_id, copied)
        name = visit.words.gettext("Copy of %(name)s") % {"name": source["name"]}
        form = {"name": name, "description": source["description"], "type": source["type"]}
        return _editor(visit, None, form, frozenset(source["scopes"]), {}, template="")
    form = {"name": _template_name(visit, template)}
    return _editor(visit, None, form, of_template(template, catalogue.names(visit.ctx)), {}, template=template)


@pages.add("POST", ADDRESS, "groups:write", proof=True)
def create(visit: Visit) -> Answer:
    """POST /settings/authorization-groups."""
    form = visit.form
    try:
        made = groups.create(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            visit.now,
            name=form.get("name", ""),
            description=form.get("description", ""),
            type=form.get("type", ""),
            scopes=sorted(_chosen(visit)),
        )
    except (Invalid, Forbidden, Conflict) as error:
        return _editor(
            visit, None, form, _chosen(visit), form_words.told(visit, form, error, form_words.GROUP), status=422
        )
    notice(visit, visit.words.gettext("Authorization group %(name)s was created.") % {"name": made["name"]})
    return redirect(place(made))


@pages.add("POST", f"{ADDRESS}/effect", "groups:write")
def effect_of_new(visit: Visit) -> Answer:
    """POST /settings/authorization-groups/effect: what a new group would allow; nothing is saved."""
    return _effect(visit, None)


@pages.add("POST", f"{ADDRESS}/{{group_id}}/effect", "groups:write")
def effect(visit: Visit) -> Answer:
    """POST /settings/authorization-groups/<id>/effect: what the change would mean; nothing is saved."""
    return _effect(visit, _group(visit))


@pages.add("GET", f"{ADDRESS}/{{group_id}}", "groups:read")
def show(visit: Visit) -> Answer:
    """GET /settings/authorization-groups/<id>."""
    group = _group(visit)
    return _editor(visit, group, {}, frozenset(group["scopes"]), {}, notice=visit.notice())


@pages.add("POST", f"{ADDRESS}/{{group_id}}", "groups:write", proof=True)
def save(visit: Visit) -> Answer:
    """POST /settings/authorization-groups/<id>; a change that keys would notice is shown first, once."""
    group, form, chosen = _group(visit), visit.form, _chosen(visit)
    impact = _impact(visit, group, chosen)
    if form.get("seen") != seen(chosen) and impact is not None and impact.any:
        problem = visit.words.gettext("Keys use this group. Look at what changes for them below, then save again.")
        return _editor(visit, group, form, chosen, {"effect": problem}, status=422)
    try:
        changed = groups.edit(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            group["id"],
            visit.now,
            version=version(visit),
            name=form.get("name", ""),
            description=form.get("description", ""),
            scopes=sorted(chosen),
        )
    except (Invalid, Forbidden) as error:
        return _editor(visit, group, form, chosen, form_words.told(visit, form, error, form_words.GROUP), status=422)
    except Conflict as error:
        return _editor(visit, group, form, chosen, form_words.told(visit, form, error, form_words.GROUP), status=409)
    notice(visit, visit.words.gettext("Authorization group %(name)s was updated.") % {"name": changed["name"]})
    return redirect(place(changed))


@pages.add("GET", f"{ADDRESS}/{{group_id}}/delete", "groups:write", proof=True)
def delete_form(visit: Visit) -> Answer:
    """GET /settings/authorization-groups/<id>/delete."""
    return _deleting(visit, {})


@pages.add("POST", f"{ADDRESS}/{{group_id}}/delete", "groups:write", proof=True)
def delete(visit: Visit) -> Answer:
    """POST /settings/authorization-groups/<id>/delete."""
    group, form = _group(visit), visit.form
    try:
        groups.delete(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            group["id"],
            visit.now,
            version=version(visit),
            move_to=form.get("move_to"),
        )
    except (Invalid, Forbidden) as error:
        return _deleting(visit, said(error), status=422)
    except Conflict as error:
        return _deleting(visit, said(error), status=409)
    notice(visit, visit.words.gettext("Authorization group %(name)s was deleted.") % {"name": group["name"]})
    return redirect(ADDRESS)


def place(group: dict[str, Any]) -> str:
    """The address of a group's page."""
    return f"{ADDRESS}/{quote(group['id'])}"


def seen(scopes: frozenset[str]) -> str:
    """Name a choice of scopes, so that a form can say which one it has shown the effect of."""
    return hashlib.sha256(" ".join(sorted(scopes)).encode()).hexdigest()[:16]


def _group(visit: Visit) -> dict[str, Any]:
    # By ID alone: a page's address must not mean another group after a change of names.
    found = groups.show(visit.ctx, visit.tenant_id, visit.path["group_id"])
    if found["id"] != visit.path["group_id"]:
        raise NotFound("authorization group")
    return found


def _chosen(visit: Visit) -> frozenset[str]:
    return frozenset(visit.form.lists.get("scope", ()))


def _impact(visit: Visit, group: dict[str, Any] | None, chosen: frozenset[str]) -> Impact | None:
    if group is None:
        return None
    return group_impact.impact(visit.ctx, visit.tenant_id, group["id"], chosen, visit.now)


def _template_name(visit: Visit, template: str) -> str:
    names = {"contacts": "Contacts and messaging", "workspace": "Workspace automation"}
    return visit.words.gettext(names[template]) if template in names else ""


def _effect(visit: Visit, group: dict[str, Any] | None) -> Answer:
    chosen = _chosen(visit)
    if visit.http.header("HX-Request") is None:
        return _editor(visit, group, visit.form, chosen, {})
    return rendering.page(visit, "group_effect", group=group, **_said_of(visit, group, chosen))


def _said_of(visit: Visit, group: dict[str, Any] | None, chosen: frozenset[str]) -> dict[str, Any]:
    scopes = Scopes(visit)
    return {
        "scopes": scopes,
        "chosen": chosen,
        "seen": seen(chosen),
        "summary": scopes.summary(chosen),
        "impact": _impact(visit, group, chosen),
    }


def _editor(
    visit: Visit,
    group: dict[str, Any] | None,
    form: dict[str, str],
    chosen: frozenset[str],
    problems: dict[str, str],
    *,
    status: int = 200,
    template: str | None = None,
    notice: str = "",
) -> Answer:
    return rendering.page(
        visit,
        "group_editor",
        status=status,
        here=ADDRESS,
        group=group,
        form=form,
        problems=problems,
        begun=template,
        templates=TEMPLATES,
        changes=visit.may("groups:write") and not (group or {}).get("built_in"),
        follows_creator=group is not None and group["built_in"] and not group["scopes"],
        notice=notice,
        **_said_of(visit, group, chosen),
    )


def _deleting(visit: Visit, problems: dict[str, str], status: int = 200) -> Answer:
    group = _group(visit)
    every = groups.page(visit.ctx, visit.tenant_id, None, MOST_TARGETS)
    fits = [other for other in every if other["type"] == group["type"] and other["id"] != group["id"]]
    is_default = tenants.show(visit.ctx, visit.tenant_id)["default_group"] == group["id"]
    return rendering.page(
        visit,
        "group_delete",
        status=status,
        here=ADDRESS,
        group=group,
        targets=[other for other in fits if not (other["built_in"] and not other["scopes"])],
        is_default=is_default,
        form=visit.form if visit.http.method == "POST" else {},
        problems=problems,
    )
