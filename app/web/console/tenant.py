"""Tenant settings: name and time zone, API access, plan and limits, what holds for keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from app.actions import key_counts, tenants
from app.domain import confirmation
from app.domain.refusals import Conflict, Invalid, Problem
from app.domain.times import duration_text, parse_duration
from app.web.console import rendering
from app.web.console.key_endings import version
from app.web.console.key_forms import choices, notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
ADDRESS = "/settings/tenant"


@pages.add("GET", ADDRESS, "tenant:read")
def show(visit: Visit) -> Answer:
    """GET /settings/tenant."""
    return _page(visit, {}, {}, notice=visit.notice())


@pages.add("POST", ADDRESS, "tenant:write")
def save_general(visit: Visit) -> Answer:
    """POST /settings/tenant: name and time zone."""
    form = visit.form
    return _saved(visit, {"name": form.get("name", ""), "time_zone": form.get("time_zone", "")})


@pages.add("POST", f"{ADDRESS}/policy", "tenant:write")
def save_policy(visit: Visit) -> Answer:
    """POST /settings/tenant/policy: the default group, and how long overlaps and tokens last."""
    form, problems = visit.form, list[Problem]()
    changes = {
        "default_group": form.get("default_group"),
        "max_overlap": _seconds(form, "max_overlap", problems),
        "token_lifetime": _seconds(form, "token_lifetime", problems),
    }
    if problems:
        return _page(visit, form, said(Invalid(*problems)), status=422)
    return _saved(visit, changes)


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
    text = "API access is on. Keys work again." if turns_on else "API access is off. Keys do not work."
    notice(visit, visit.words.gettext(text))
    return redirect(ADDRESS)


def _saved(visit: Visit, changes: dict[str, Any]) -> Answer:
    try:
        tenants.change(visit.ctx, visit.actor, visit.tenant_id, visit.now, version=version(visit), **changes)
    except Invalid as error:
        return _page(visit, visit.form, said(error), status=422)
    except Conflict as error:
        return _page(visit, visit.form, said(error), status=409)
    notice(visit, visit.words.gettext("The tenant's settings were saved."))
    return redirect(ADDRESS)


def _seconds(form: dict[str, str], name: str, problems: list[Problem]) -> int | None:
    # An empty field is no value, which the action takes or refuses.
    try:
        return parse_duration(form[name]) // timedelta(seconds=1) if form.get(name) else None
    except ValueError:
        problems.append(Problem(name, "format", "Must be a whole number and s, m, h or d, such as 90m or 7d."))
        return None


def _page(
    visit: Visit, form: dict[str, str], problems: dict[str, str], *, status: int = 200, notice: str = ""
) -> Answer:
    tenant = key_counts.tenant_in_use(visit.ctx, visit.tenant_id, visit.now)
    durations = {
        name: duration_text(timedelta(seconds=tenant[name])) if tenant[name] is not None else ""
        for name in ("max_overlap", "token_lifetime")
    }
    return rendering.page(
        visit,
        "tenant",
        status=status,
        here=ADDRESS,
        tenant=tenant,
        durations=durations,
        lifetime=duration_text(timedelta(seconds=visit.ctx.settings.token_lifetime)),
        zones=sorted(available_timezones()),
        groups=choices(visit),
        address=str(visit.http.address or ""),
        form=form,
        problems=problems,
        notice=notice,
    )


def _asking(visit: Visit, problems: dict[str, str], status: int = 200) -> Answer:
    tenant = key_counts.tenant_in_use(visit.ctx, visit.tenant_id, visit.now)
    return rendering.page(visit, "tenant_access", status=status, here=ADDRESS, tenant=tenant, problems=problems)
