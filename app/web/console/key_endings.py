"""Rotate, end an overlap, revoke, delete: each says what it will do before it does it."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from app.actions import keys, rotation, tenants
from app.actions.people import hand_over
from app.actions.terms import KEEP
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.domain.times import parse_duration
from app.web.console import rendering
from app.web.console.key_forms import details, handed_over, notice, said
from app.web.console.key_list import ADDRESS
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
OVERLAPS = ("1h", "24h", "72h", "7d")
RECENTLY = timedelta(days=7)
LONGEST_PHRASE = 40


@pages.add("GET", f"{ADDRESS}/{{key_id}}/rotate", "api_keys:write", proof=True)
def rotate_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/rotate."""
    return _asking(visit, "key_rotate", _key(visit), {}, {}, overlaps=_overlaps(visit))


@pages.add("POST", f"{ADDRESS}/{{key_id}}/rotate", "api_keys:write", proof=True)
def rotate(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/rotate."""
    form = visit.form
    overlap = form.get("overlap", "0s")
    ends = {"keep": KEEP, "never": None}.get(form.get("expiration", "keep"), form.get("expires_at") or "")
    try:
        made = rotation.rotate(
            visit.ctx,
            visit.actor,
            visit.tenant_id,
            visit.path["key_id"],
            visit.now,
            version=version(visit),
            overlap=parse_duration(overlap) if overlap in (*OVERLAPS, "0s") else timedelta(0),
            reason=form.get("reason") or None,
            expires_at=ends,
        )
    except (Invalid, Conflict, Forbidden) as error:
        return _asking(visit, "key_rotate", _key(visit), form, said(error), overlaps=_overlaps(visit), status=422)
    return handed_over(visit, made, hand_over.ROTATED)


@pages.add("POST", f"{ADDRESS}/{{key_id}}/overlap", "api_keys:write")
def end_overlap(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/overlap: end it now."""
    rotation.end_overlap(visit.ctx, visit.actor, visit.tenant_id, visit.path["key_id"], visit.now)
    notice(visit, "The overlap has ended. The old secret stopped working.")
    return redirect(details(visit.path["key_id"]))


@pages.add("GET", f"{ADDRESS}/{{key_id}}/revoke", "api_keys:write")
def revoke_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/revoke."""
    key = _key(visit)
    return _asking(visit, "key_revoke", key, {}, {}, phrase=_phrase(key, visit.now))


@pages.add("POST", f"{ADDRESS}/{{key_id}}/revoke", "api_keys:write")
def revoke(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/revoke, and delete where that is ticked."""
    key, form = _key(visit), visit.form
    phrase = _phrase(key, visit.now)
    if not _typed(form, phrase):
        problems = {"typed": visit.words.gettext("The text does not match.")}
        return _asking(visit, "key_revoke", key, form, problems, phrase=phrase, status=422)
    reason, key_id = form.get("reason") or None, key["client_id"]
    keys.revoke(visit.ctx, visit.actor, visit.tenant_id, key_id, visit.now, reason)
    text = f"API Key {key['name']} was revoked. It stopped working at {visit.times.local(visit.now):%H:%M:%S}."
    if form.get("delete"):
        keys.delete(visit.ctx, visit.actor, visit.tenant_id, key_id, visit.now)
        text = f"API Key {key['name']} was deleted."
    notice(visit, text)
    return redirect(ADDRESS)


@pages.add("GET", f"{ADDRESS}/{{key_id}}/delete", "api_keys:write")
def delete_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/delete."""
    key = _key(visit)
    return _asking(visit, "key_delete", key, {}, {}, phrase=_phrase(key, visit.now))


@pages.add("POST", f"{ADDRESS}/{{key_id}}/delete", "api_keys:write")
def delete(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/delete."""
    key = _key(visit)
    phrase = _phrase(key, visit.now)
    if not _typed(visit.form, phrase):
        problems = {"typed": visit.words.gettext("The text does not match.")}
        return _asking(visit, "key_delete", key, visit.form, problems, phrase=phrase, status=422)
    keys.delete(visit.ctx, visit.actor, visit.tenant_id, key["client_id"], visit.now)
    notice(visit, f"API Key {key['name']} was deleted.")
    return redirect(ADDRESS)


def version(visit: Visit) -> int | None:
    """The version that the form was made from."""
    given = visit.form.get("version", "")
    return int(given) if given.isdecimal() else None


def _key(visit: Visit) -> dict[str, Any]:
    return keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)


def _overlaps(visit: Visit) -> list[tuple[str, datetime]]:
    longest = tenants.show(visit.ctx, visit.tenant_id)["max_overlap"]
    every = [(text, parse_duration(text)) for text in OVERLAPS]
    return [(text, visit.now + length) for text, length in every if length.total_seconds() <= longest]


def _phrase(key: dict[str, Any], now: datetime) -> str | None:
    # Friction in proportion to damage: a key in use costs its name, a long name the end of its ID.
    used = key["last_used_at"]
    if key["status"] != "active" or used is None or now - datetime.fromisoformat(used) > RECENTLY:
        return None
    return str(key["name"] if len(key["name"]) <= LONGEST_PHRASE else key["client_id"][-6:])


def _typed(form: dict[str, str], phrase: str | None) -> bool:
    def folded(text: str) -> str:
        return unicodedata.normalize("NFC", text.strip()).casefold()

    return phrase is None or folded(form.get("typed", "")) == folded(phrase)


def _asking(
    visit: Visit,
    template: str,
    key: dict[str, Any],
    form: dict[str, str],
    problems: dict[str, str],
    *,
    status: int = 200,
    **more: Any,
) -> Answer:
    minutes = visit.ctx.settings.token_lifetime // 60
    return rendering.page(
        visit, template, status=status, here=ADDRESS, key=key, form=form, problems=problems, minutes=minutes, **more
    )
