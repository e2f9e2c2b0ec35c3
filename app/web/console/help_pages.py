"""Help: how to begin, what to do when it does not work, and a look at one key. Open to everybody."""

from __future__ import annotations

from typing import Any

from app.actions import key_checkup, key_lists, keys
from app.actions.key_checkup import Why
from app.actions.key_lists import Filters
from app.domain.key_search import searched
from app.domain.refusals import Invalid, NotFound
from app.web.console import english, handbook, rendering, snippets
from app.web.console.handbook import QUICK_STARTS
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
MOST_KEYS = 100
PLACEHOLDER = "kt_…"


@pages.add("GET", "/help", public=True)
def start(visit: Visit) -> Answer:
    """GET /help."""
    return rendering.page(visit, "help", here="/help", base=visit.ctx.settings.base)


@pages.add("GET", "/help/quick-start", public=True)
def quick_start(visit: Visit) -> Answer:
    """GET /help/quick-start: samples for one's own key, and the three guides."""
    base, chosen = visit.ctx.settings.base, _chosen(visit)
    return rendering.page(
        visit,
        "help_quick_start",
        here="/help",
        base=base,
        chosen=chosen,
        keys=_keys(visit),
        samples=snippets.samples(visit.ctx.settings, chosen["client_id"] if chosen else PLACEHOLDER, None),
        guides=[(name, *handbook.chapter(f"quick-starts/{name}", base)) for name in QUICK_STARTS],
    )


@pages.add("GET", "/help/troubleshooting", public=True)
def troubleshooting(visit: Visit) -> Answer:
    """GET /help/troubleshooting."""
    return _troubleshooting(visit, {}, None, {})


@pages.add("POST", "/help/troubleshooting", "api_keys:read")
def check_key(visit: Visit) -> Answer:
    """POST /help/troubleshooting: look at one key. A POST, so that what is pasted stays in no address."""
    form = visit.form
    try:
        found = key_checkup.check(visit.ctx, visit.tenant_id, form.get("key", ""), form.get("address", ""), visit.now)
    except NotFound:
        text = visit.words.gettext("There is no such key in this tenant. Paste the key ID: kt_ and 16 characters.")
        return _troubleshooting(visit, form, None, {"key": text})
    except Invalid as error:
        return _troubleshooting(visit, form, None, english.problems(error))
    return _troubleshooting(visit, {**form, "key": found["key"]["client_id"]}, found, {})


def _troubleshooting(
    visit: Visit, form: dict[str, str], checked: dict[str, Any] | None, problems: dict[str, str]
) -> Answer:
    chapter, body = handbook.chapter("troubleshooting", visit.ctx.settings.base)
    name, key_id = searched(form.get("key"), visit.ctx.settings.key_prefix)
    shown = key_id or ""
    return rendering.page(
        visit,
        "help_troubleshooting",
        status=422 if problems else 200,
        here="/help",
        chapter=chapter,
        body=body,
        form={**form, "key": shown},
        checked=checked,
        by_secret=(checked["by_secret"] if checked is not None else key_id is not None and name is None),
        was_secret=visit.words.gettext(
            "That looked like a secret. Only its key ID is used. Do not paste secrets here."
        ),
        reasons=_reasons(visit) if checked is not None else {},
        problems=problems,
    )


def _reasons(visit: Visit) -> dict[Why, str]:
    say = visit.words.gettext
    return {
        Why.WRONG_SECRET: say("The secret was wrong: mistyped, cut short, or of another key."),
        Why.REVOKED: say("The key has been revoked or deleted."),
        Why.REPLACED: say("An old secret was sent: the key has been rotated since."),
        Why.EXPIRED: say("The key has expired."),
        Why.TOKEN_OVER: say("An access token was sent that had expired or was taken back."),
        Why.SUSPENDED: say("The key is suspended."),
        Why.ADDRESS: say("The caller's address is not in the IP allowlist."),
        Why.SCOPE: say("The key's group does not hold the scope that was asked for."),
        Why.PACE: say("The tenant's allowance was used up, or too many wrong secrets came."),
    }


def _keys(visit: Visit) -> list[dict[str, Any]]:
    if not visit.may("api_keys:read"):
        return []
    return key_lists.page(
        visit.ctx, visit.tenant_id, Filters(status="active"), visit.now, sort="name", limit=MOST_KEYS
    ).items


def _chosen(visit: Visit) -> dict[str, Any] | None:
    if not visit.query.get("key") or not visit.may("api_keys:read"):
        return None
    try:
        return keys.show(visit.ctx, visit.tenant_id, visit.query["key"], visit.now)
    except NotFound:
        return None
