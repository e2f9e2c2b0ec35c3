"""The forms that make and change a key."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from app.actions import group_choices, key_preview, keys, tenants
from app.actions.key_counts import key_usage
from app.actions.key_steps import KeyWithSecret
from app.actions.keys import NewKey
from app.actions.once import Once
from app.actions.people import hand_over, sessions
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.web.console import cookies, english, rendering, scope_matrix
from app.web.console.english import English
from app.web.console.forgery import local
from app.web.console.key_filters import ADDRESS
from app.web.console.key_list import MOST_GROUPS
from app.web.console.key_words import wrong
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
DURATIONS, MOST_TOLD = (30, 90, 180, 365), 8


@pages.add("GET", f"{ADDRESS}/new", "api_keys:write", proof=True)
def new(visit: Visit) -> Answer:
    """GET /tenant-api-keys/new."""
    return _new_form(visit, {}, {})


@pages.add("POST", ADDRESS, "api_keys:write", proof=True)
def generate(visit: Visit) -> Answer:
    """POST /tenant-api-keys: make a key and lead to the page that shows its secret."""
    form, wanted = visit.form, _wanted(visit.form)
    nonce = form.get("nonce", "")
    once = Once(f"session:{visit.signed.row.id}", nonce[:64], hashlib.sha256(nonce.encode()).digest())
    try:
        made = keys.create(visit.ctx, visit.actor, visit.tenant_id, wanted, visit.now, once if nonce else None)
    except (Invalid, Conflict, Forbidden) as error:
        return _new_form(visit, form, wrong(visit, form, error), status=422)
    if made.issued is None:
        text = visit.words.gettext("This key was already generated at %(time)s. Its secret was shown then.")
        notice(visit, text % {"time": visit.times.clock(made.key["created_at"])})
        return redirect(details(made.key["client_id"]))
    return handed_over(visit, made, hand_over.GENERATED)


def handed_over(visit: Visit, made: KeyWithSecret, why: str) -> Answer:
    """Lead to the page that shows a new secret, once."""
    key_id = made.key["client_id"]
    secret = made.issued.text if made.issued is not None else ""
    cookie = hand_over.leave(visit.ctx, visit.signed, key_id, secret, why, visit.now)
    return redirect(
        details(key_id), cookies.given(visit.ctx.settings, cookies.HAND_OVER, f"{key_id}.{cookie}", strict=True)
    )


def details(key_id: str) -> str:
    """The address of a key's page."""
    return f"{ADDRESS}/{quote(key_id)}"


def onwards(visit: Visit, otherwise: str) -> Answer:
    """Go back to the list that a dialog was opened from, with its filters, or elsewhere."""
    given = visit.form.get("back", "")
    of_list = given == ADDRESS or given.startswith(f"{ADDRESS}?")
    return redirect(local(given) if of_list else otherwise)


def notice(visit: Visit, text: str) -> None:
    """Leave a sentence for the next page."""
    sessions.leave_notice(visit.ctx, visit.signed, text)


def lines(text: str) -> tuple[str, ...]:
    """The lines of a field, as they are."""
    return tuple(text.replace("\r\n", "\n").split("\n"))


def said(error: Invalid | Conflict | Forbidden) -> dict[str, str]:
    """What is wrong, by the field it is about; without one it is about the form."""
    if isinstance(error, Invalid):
        return english.problems(error)
    return {"form": English(" ".join((str(error), *error.hints)))}


def choices(visit: Visit) -> list[dict[str, Any]]:
    """The groups that a key may have."""
    return group_choices.offered(visit.ctx, visit.tenant_id, MOST_GROUPS)


@pages.add("POST", f"{ADDRESS}/preview", "api_keys:write")
def preview(visit: Visit) -> Answer:
    """POST /tenant-api-keys/preview: what the form would make; nothing is saved."""
    if visit.http.header("HX-Request") is None:
        return _new_form(visit, visit.form, {})
    used = key_usage(visit.ctx, visit.tenant_id, visit.now)
    return rendering.page(visit, "key_preview_parts", used=used, form=visit.form, **_previewed(visit, visit.form))


def _wanted(form: Mapping[str, str]) -> NewKey:
    return NewKey(
        form.get("name", ""),
        form.get("description", ""),
        form.get("group") or None,
        form.get("expires_at") or None,
        lines(form.get("ip_allowlist", "")),
    )


def _previewed(visit: Visit, form: Mapping[str, str]) -> dict[str, Any]:
    asked = form.get("check_address", "")
    found = key_preview.preview(visit.ctx, visit.actor, visit.tenant_id, _wanted(form), asked, visit.now)
    group = found["group"]
    held = group["scopes"] if group is not None else []
    scopes = scope_matrix.Scopes(visit)
    return {
        "new": found,
        "offered": choices(visit) if group is None else [],
        "allows": scopes.summary(held) if len(held) <= MOST_TOLD else [],
        "grouped": scopes.grouped(held) if len(held) > MOST_TOLD else [],
        "denies": scopes.lacking(held) if held else [],
    }


def _new_form(visit: Visit, form: dict[str, str], problems: dict[str, str], status: int = 200) -> Answer:
    policy = tenants.show(visit.ctx, visit.tenant_id)
    form = {"group": policy["default_group"] or "", "nonce": secrets.token_urlsafe(16), **form}
    used = key_usage(visit.ctx, visit.tenant_id, visit.now)
    today, longest = visit.times.local(visit.now).date(), policy["max_lifetime_days"]
    return rendering.page(
        visit,
        "key_new",
        status=status,
        here=ADDRESS,
        form={"nonce": secrets.token_urlsafe(16), **form},
        problems=problems,
        groups=choices(visit),
        used=used,
        full=used.limit is not None and used.used >= used.limit,
        durations=[(days, today + timedelta(days=days)) for days in DURATIONS if longest is None or days <= longest],
        tomorrow=today + timedelta(days=1),
        latest=today + timedelta(days=longest) if longest is not None else None,
        policy=policy,
        address=str(visit.http.address or ""),
        **_previewed(visit, form),
    )
