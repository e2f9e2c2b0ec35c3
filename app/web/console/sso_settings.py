"""Single sign-on in the settings: a tenant's connections, and whether they are the only way in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.actions.people import sso_connections, sso_terms
from app.actions.people.sso_terms import Given
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.domain.scopes import Role
from app.web.console import form_words, rendering
from app.web.console.key_endings import version
from app.web.console.key_forms import notice, said
from app.web.console.members import ROLES
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
HERE = "/settings/sso"
ONE = f"{HERE}/{{connection}}"
READ, WRITE = "tenant:read", "tenant:write"


@pages.add("GET", HERE, READ)
def connection_list(visit: Visit) -> Answer:
    """GET /settings/sso."""
    return _list(visit, {})


@pages.add("POST", f"{HERE}/require", WRITE, proof=True)
def require(visit: Visit) -> Answer:
    """POST /settings/sso/require: single sign-on alone, or any way in."""
    required = visit.form.get("required") == "on"
    try:
        ended = sso_connections.require(visit.ctx, visit.signed, visit.actor, visit.now, required=required)
    except (Forbidden, Conflict) as error:
        return _list(visit, said(error), status=422 if isinstance(error, Forbidden) else 409)
    text = visit.words.gettext("Members may sign in any way.")
    if required:
        pattern = visit.words.ngettext(
            "Single sign-on is required. %(n)s session that began another way was ended.",
            "Single sign-on is required. %(n)s sessions that began another way were ended.",
            ended,
        )
        text = pattern % {"n": ended}
    notice(visit, text)
    return redirect(HERE)


@pages.add("GET", f"{HERE}/new", WRITE, proof=True)
def new(visit: Visit) -> Answer:
    """GET /settings/sso/new."""
    return _form(visit, None, {"proposed": sso_connections.proposal(visit.ctx, visit.tenant_id)}, {})


@pages.add("POST", f"{HERE}/new", WRITE, proof=True)
def add(visit: Visit) -> Answer:
    """POST /settings/sso/new."""
    proposed_id = visit.form.get("proposed", "")
    try:
        made = sso_connections.add(
            visit.ctx, visit.actor, visit.tenant_id, visit.now, proposed_id=proposed_id, given=_given(visit)
        )
    except (Invalid, Forbidden, Conflict) as error:
        return _refused(visit, None, error)
    notice(visit, visit.words.gettext("%(name)s was added. Test it before you tell anybody.") % {"name": made["name"]})
    return redirect(_place(made))


@pages.add("GET", ONE, READ)
def show(visit: Visit) -> Answer:
    """GET /settings/sso/<connection>."""
    return _form(visit, _found(visit), {}, {}, notice=visit.notice())


@pages.add("POST", ONE, WRITE, proof=True)
def save(visit: Visit) -> Answer:
    """POST /settings/sso/<connection>."""
    found = _found(visit)
    try:
        changed = sso_connections.edit(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            found["id"],
            visit.now,
            version=version(visit),
            given=_given(visit),
        )
    except (Invalid, Forbidden, Conflict) as error:
        return _refused(visit, found, error)
    notice(visit, visit.words.gettext("%(name)s was saved.") % {"name": changed["name"]})
    return redirect(_place(changed))


@pages.add("POST", f"{ONE}/test", WRITE)
def test(visit: Visit) -> Answer:
    """POST /settings/sso/<connection>/test: ask the provider to describe itself."""
    found = _found(visit)
    told = sso_connections.tried(visit.ctx, visit.tenant_id, found["id"], visit.now)
    return _form(visit, found, {}, {}, told=told)


@pages.add("GET", f"{ONE}/remove", WRITE, proof=True)
def remove_form(visit: Visit) -> Answer:
    """GET /settings/sso/<connection>/remove."""
    return rendering.page(visit, "sso_remove", here=HERE, connection=_found(visit), problems={})


@pages.add("POST", f"{ONE}/remove", WRITE, proof=True)
def remove(visit: Visit) -> Answer:
    """POST /settings/sso/<connection>/remove."""
    found = _found(visit)
    try:
        sso_connections.remove(visit.ctx, visit.signed, visit.actor, found["id"], visit.now)
    except Conflict as error:
        return rendering.page(visit, "sso_remove", status=409, here=HERE, connection=found, problems=said(error))
    notice(visit, visit.words.gettext("%(name)s was removed.") % {"name": found["name"]})
    return redirect(HERE)


def _found(visit: Visit) -> dict[str, Any]:
    return sso_connections.show(visit.ctx, visit.tenant_id, visit.path["connection"])


def _place(found: dict[str, Any]) -> str:
    return f"{HERE}/{quote(found['id'])}"


def _given(visit: Visit) -> Given:
    names = ("name", "issuer", "client_id", "secret", "domains", "new_role")
    typed = {name: visit.form.get(name, "") for name in names}
    return Given(**typed, trust_addresses=visit.form.get("trust_addresses") == "on")


def _list(visit: Visit, problems: dict[str, str], status: int = 200) -> Answer:
    return rendering.page(
        visit,
        "sso_list",
        status=status,
        here=HERE,
        connections=sso_connections.every(visit.ctx, visit.tenant_id),
        required=sso_connections.is_required(visit.ctx, visit.tenant_id),
        problems=problems,
        notice=visit.notice(),
    )


def _refused(visit: Visit, connection: dict[str, Any] | None, error: Invalid | Forbidden | Conflict) -> Answer:
    problems = form_words.told(visit, visit.form, error, form_words.CONNECTION)
    return _form(visit, connection, visit.form, problems, status=409 if isinstance(error, Conflict) else 422)


def _form(
    visit: Visit,
    found: dict[str, Any] | None,
    form: dict[str, str],
    problems: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
    told: dict[str, Any] | None = None,
) -> Answer:
    proposed = form.get("proposed", "")
    sso_id = found["id"] if found is not None else sso_connections.proposed(visit.ctx, visit.tenant_id, proposed)
    offered = [Role(role) for role in sso_terms.NEW_ROLES]
    return rendering.page(
        visit,
        "sso_form",
        status=status,
        here=HERE,
        connection=found,
        callback=sso_terms.callback(visit.ctx, sso_id) if sso_id is not None else "",
        roles={role: ROLES[role] for role in offered},
        form=form,
        problems=problems,
        notice=notice,
        told=told,
    )
