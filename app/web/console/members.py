"""Members: the list, the roles, an invitation, and one member's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from app.actions import cursors, members
from app.actions.people import invitations, roster
from app.domain import scopes
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.domain.scopes import Role
from app.web.console import form_words, rendering
from app.web.console.key_endings import version
from app.web.console.key_forms import notice
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/members"
PER_PAGE = 100
ROLES = {
    Role.GLOBAL_ADMIN: "Global Admin",
    Role.TENANT_ADMINISTRATOR: "Tenant administrator",
    Role.SUPER_USER: "Super User",
    Role.AUDITOR: "Auditor",
    Role.MEMBER: "Member",
}
# The table of roles, as in CONSOLE.md §3.3: what one may do, and the scopes that let one look and change.
ABILITIES = (
    ("See list, details, usage", "api_keys:read", None),
    ("Generate, edit, rotate, revoke, delete, bulk", "api_keys:write", None),
    ("Authorization groups", "groups:read", "groups:write"),
    ("Members & roles", "members:read", "members:write"),
    ("Tenant settings, single sign-on", "tenant:read", "tenant:write"),
    ("Signing keys", "signing_keys:read", "signing_keys:write"),
    ("Audit log", "audit:read", None),
)


@pages.add("GET", ADDRESS, "members:read")
def member_list(visit: Visit) -> Answer:
    """GET /settings/members."""
    of, after = f"members {visit.tenant_id}", visit.query.get("after")
    try:
        place = cursors.place(visit.ctx, of, after) if after else None
    except Invalid:  # a cursor of another list begins at the first page
        place = None
    found = roster.page(visit.ctx, visit.tenant_id, (place[0], place[1]) if place else None, PER_PAGE + 1)
    shown = found[:PER_PAGE]
    more = cursors.cursor(visit.ctx, of, [shown[-1]["name"], shown[-1]["id"]]) if found[PER_PAGE:] else None
    following = f"{ADDRESS}?{urlencode({'after': more})}" if more else None
    return rendering.page(
        visit,
        "member_list",
        here=ADDRESS,
        members=shown,
        roles=ROLES,
        following=following,
        after=place,
        notice=visit.notice(),
    )


@pages.add("GET", f"{ADDRESS}/roles", "members:read")
def role_table(visit: Visit) -> Answer:
    """GET /settings/members/roles: who may do what."""
    held = {role: scopes.of_role(role, frozenset(), visit.signed.row.key_managers) for role in ROLES}
    return rendering.page(visit, "member_roles", here=ADDRESS, roles=ROLES, held=held, abilities=ABILITIES)


@pages.add("GET", f"{ADDRESS}/invite", "members:write", proof=True)
def invite_form(visit: Visit) -> Answer:
    """GET /settings/members/invite."""
    return _inviting(visit, {}, {})


@pages.add("POST", f"{ADDRESS}/invite", "members:write", proof=True)
def invite(visit: Visit) -> Answer:
    """POST /settings/members/invite: this answer, and no other, tells the link."""
    form = visit.form
    try:
        made, link = invitations.invite(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            visit.now,
            email=form.get("email", ""),
            name=form.get("name", ""),
            role=form.get("role", ""),
        )
    except (Invalid, Forbidden) as error:
        return _inviting(visit, form, form_words.told(visit, form, error, form_words.MEMBER), status=422)
    except Conflict as error:
        return _inviting(visit, form, form_words.told(visit, form, error, form_words.MEMBER), status=409)
    return with_link(visit, made, link, invited=True)


@pages.add("GET", f"{ADDRESS}/{{member_id}}", "members:read")
def member(visit: Visit) -> Answer:
    """GET /settings/members/<id>."""
    return member_page(visit, {}, {}, notice=visit.notice())


@pages.add("POST", f"{ADDRESS}/{{member_id}}", "members:write", proof=True)
def save(visit: Visit) -> Answer:
    """POST /settings/members/<id>: name and role."""
    form = visit.form
    try:
        changed = members.edit(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            person(visit)["id"],
            visit.now,
            version=version(visit),
            name=form.get("name", ""),
            role=form.get("role", ""),
        )
    except (Invalid, Forbidden) as error:
        return member_page(visit, form, form_words.told(visit, form, error, form_words.MEMBER), status=422)
    except Conflict as error:
        return member_page(visit, form, form_words.told(visit, form, error, form_words.MEMBER), status=409)
    notice(visit, visit.words.gettext("%(name)s was updated.") % {"name": changed["name"]})
    return redirect(place(changed))


def with_link(visit: Visit, who: dict[str, Any], link: str, *, invited: bool) -> Answer:
    """Tell a one-time link, in an answer that no browser keeps; a redirect would have to store it."""
    return rendering.page(visit, "member_link", here=ADDRESS, member=who, link=link, invited=invited)


def person(visit: Visit) -> dict[str, Any]:
    """The member that the address names, by ID alone; NotFound."""
    return roster.member(visit.ctx, visit.tenant_id, visit.path["member_id"])


def place(who: dict[str, Any]) -> str:
    """The address of a member's page."""
    return f"{ADDRESS}/{quote(who['id'])}"


def member_page(
    visit: Visit, form: dict[str, str], problems: dict[str, str], *, status: int = 200, notice: str = ""
) -> Answer:
    """One member's page."""
    who = person(visit)
    return rendering.page(
        visit,
        "member",
        status=status,
        here=ADDRESS,
        member=who,
        roles=ROLES,
        acting=roster.acting_keys(visit.ctx, visit.tenant_id, who["id"], visit.now),
        form=form,
        problems=problems,
        notice=notice,
    )


def _inviting(visit: Visit, form: dict[str, str], problems: dict[str, str], status: int = 200) -> Answer:
    return rendering.page(
        visit, "member_invite", status=status, here=ADDRESS, roles=ROLES, form=form, problems=problems
    )
