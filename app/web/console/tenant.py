"""Tenant settings: name and time zone, API access, plan and limits, what holds for keys and for people."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import available_timezones

from app.actions import key_counts, tenants
from app.domain import confirmation
from app.domain.networks import parse_address
from app.domain.refusals import Conflict, Forbidden, Invalid, Problem
from app.domain.scopes import Role
from app.domain.times import duration_text
from app.web.console import rendering, tenant_forms
from app.web.console.key_endings import version
from app.web.console.key_forms import choices, notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.words import Say
from app.web.forms import Form
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/tenant"
LIFETIMES = (30, 60, 90, 180, 365)
LENGTHS = {
    "s": ("%(num)s second", "%(num)s seconds"),
    "m": ("%(num)s minute", "%(num)s minutes"),
    "h": ("%(num)s hour", "%(num)s hours"),
    "d": ("%(num)s day", "%(num)s days"),
}


@pages.add("GET", ADDRESS, "tenant:read")
def show(visit: Visit) -> Answer:
    """GET /settings/tenant."""
    return _page(visit, "", None, {}, notice=visit.notice())


@pages.add("POST", ADDRESS, "tenant:write")
def save_general(visit: Visit) -> Answer:
    """POST /settings/tenant: name and time zone."""
    return _saved(visit, tenant_forms.GENERAL)


@pages.add("POST", f"{ADDRESS}/policy", "tenant:write")
def save_policy(visit: Visit) -> Answer:
    """POST /settings/tenant/policy: what holds for keys."""
    return _saved(visit, tenant_forms.POLICY)


@pages.add("POST", f"{ADDRESS}/sessions", "tenant:write", proof=True)
def save_sessions(visit: Visit) -> Answer:
    """POST /settings/tenant/sessions: what holds for people who sign in."""
    return _saved(visit, tenant_forms.SESSIONS)


@pages.add("GET", f"{ADDRESS}/api-access", "tenant:write", proof=True)
def api_access_form(visit: Visit) -> Answer:
    """GET /settings/tenant/api-access: asked before API access is turned off."""
    return _asking(visit, {})


@pages.add("POST", f"{ADDRESS}/api-access", "tenant:write", proof=True)
def switch_api_access(visit: Visit) -> Answer:
    """POST /settings/tenant/api-access: on at once, off for who types the tenant's name."""
    turns_on = visit.form.get("turn") == "on"
    name = tenants.show(visit.ctx, visit.tenant_id)["name"]
    if not turns_on and not confirmation.typed(visit.form.get("typed", ""), name):
        return _asking(visit, {"typed": visit.words.gettext("The text does not match.")}, status=422)
    tenants.change(visit.ctx, visit.actor, visit.tenant_id, visit.now, api_access=turns_on)
    say = visit.words.gettext
    on, off = say("API access is on. Keys work again."), say("API access is off. Keys do not work.")
    notice(visit, on if turns_on else off)
    return redirect(ADDRESS)


def _saved(visit: Visit, section: str) -> Answer:
    form, problems = visit.form, list[Problem]()
    changes = tenant_forms.READERS[section](form, problems)
    try:
        if problems:
            raise Invalid(*problems)
        tenants.change(visit.ctx, visit.actor, visit.tenant_id, visit.now, version=version(visit), **changes)
    except (Invalid, Forbidden) as error:
        return _page(visit, section, form, said(error), status=422)
    except Conflict as error:
        return _page(visit, section, form, said(error), status=409)
    notice(visit, visit.words.gettext("The tenant's settings were saved."))
    return redirect(ADDRESS)


def _page(
    visit: Visit, section: str, form: Form | None, problems: dict[str, str], *, status: int = 200, notice: str = ""
) -> Answer:
    tenant = key_counts.tenant_in_use(visit.ctx, visit.tenant_id, visit.now)
    stored, longest = tenant_forms.shown(tenant), tenant["max_lifetime_days"]
    peer = parse_address(visit.http.environ.get("REMOTE_ADDR", ""))
    return rendering.page(
        visit,
        "tenant",
        status=status,
        here=ADDRESS,
        tenant=tenant,
        # A box that was not ticked is in no form: of the section that was sent, only what was sent counts.
        forms={name: form if name == section else stored for name in tenant_forms.READERS},
        lifetime=_length(visit, visit.ctx.settings.token_lifetime),
        lifetimes=sorted({*LIFETIMES, longest} - {None}),
        zones=sorted(available_timezones()),
        groups=choices(visit),
        says_who=visit.signed.role is Role.GLOBAL_ADMIN,
        address=str(visit.http.address or ""),
        forwarded=peer != visit.http.address,
        proxies=[str(network) for network in visit.ctx.settings.proxies],
        problems=problems,
        notice=notice,
    )


def _length(visit: Visit, seconds: int) -> str:
    text = duration_text(timedelta(seconds=seconds))
    return str(Say(visit.words).some(*LENGTHS[text[-1]], int(text[:-1])))


def _asking(visit: Visit, problems: dict[str, str], status: int = 200) -> Answer:
    tenant = key_counts.tenant_in_use(visit.ctx, visit.tenant_id, visit.now)
    return rendering.page(visit, "tenant_access", status=status, here=ADDRESS, tenant=tenant, problems=problems)
