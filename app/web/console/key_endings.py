"""Rotate, revoke, delete: each says what it will do before it does it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.actions import key_evidence, keys, rotation, tenants
from app.actions.people import hand_over
from app.actions.terms import KEEP
from app.domain import confirmation
from app.domain.refusals import Conflict, Forbidden, Invalid
from app.domain.times import parse_duration
from app.web.console import rendering
from app.web.console.key_filters import ADDRESS
from app.web.console.key_forms import handed_over, notice, onwards, said
from app.web.console.pages import Pages, Visit
from app.web.replies import Answer

pages = Pages()
OVERLAPS = ("1h", "24h", "72h", "7d")


@pages.add("GET", f"{ADDRESS}/{{key_id}}/rotate", "api_keys:write", proof=True)
def rotate_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/rotate."""
    return asking(visit, "key_rotate", asked_for(visit), {}, {}, overlaps=_overlaps(visit))


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
        if isinstance(error, Conflict) and error.code == "key_revoked":
            raise  # there is no form for a key that is finished
        return asking(visit, "key_rotate", asked_for(visit), form, said(error), overlaps=_overlaps(visit), status=422)
    return handed_over(visit, made, hand_over.ROTATED)


@pages.add("GET", f"{ADDRESS}/{{key_id}}/revoke", "api_keys:write")
def revoke_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/revoke."""
    key = asked_for(visit)
    return asking(visit, "key_revoke", key, {}, {}, phrase=_phrase(visit, key))


@pages.add("POST", f"{ADDRESS}/{{key_id}}/revoke", "api_keys:write")
def revoke(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/revoke, and delete where that is ticked."""
    key, form = asked_for(visit), visit.form
    phrase = _phrase(visit, key)
    if not confirmation.typed(form.get("typed", ""), phrase):
        problems = {"typed": visit.words.gettext("The text does not match.")}
        return asking(visit, "key_revoke", key, form, problems, phrase=phrase, status=422)
    reason, key_id = form.get("reason", "").strip() or None, key["client_id"]
    try:
        keys.revoke(visit.ctx, visit.actor, visit.tenant_id, key_id, visit.now, reason)
    except Invalid as error:
        return asking(visit, "key_revoke", key, form, said(error), phrase=phrase, status=422)
    said_so = visit.words.gettext("API Key %(name)s was revoked. It stopped working at %(time)s.")
    text = said_so % {"name": key["name"], "time": f"{visit.times.local(visit.now):%H:%M:%S}"}
    if form.get("delete"):
        keys.delete(visit.ctx, visit.actor, visit.tenant_id, key_id, visit.now)
        text = _deleted(visit, key)
    notice(visit, text)
    return onwards(visit, ADDRESS)


@pages.add("GET", f"{ADDRESS}/{{key_id}}/delete", "api_keys:write")
def delete_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/delete."""
    return _deleting(visit, asked_for(visit), {})


@pages.add("POST", f"{ADDRESS}/{{key_id}}/delete", "api_keys:write")
def delete(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/delete."""
    key = asked_for(visit)
    phrase = _phrase(visit, key)
    if not confirmation.typed(visit.form.get("typed", ""), phrase):
        return _deleting(visit, key, {"typed": visit.words.gettext("The text does not match.")}, status=422)
    keys.delete(visit.ctx, visit.actor, visit.tenant_id, key["client_id"], visit.now)
    notice(visit, _deleted(visit, key))
    return onwards(visit, ADDRESS)


def _deleting(visit: Visit, key: dict[str, Any], problems: dict[str, str], status: int = 200) -> Answer:
    since = key_evidence.revoked_at(visit.ctx, visit.tenant_id, key["client_id"])
    phrase = _phrase(visit, key)
    return asking(visit, "key_delete", key, {}, problems, phrase=phrase, since=since, status=status)


def _deleted(visit: Visit, key: dict[str, Any]) -> str:
    return str(visit.words.gettext("API Key %(name)s was deleted.") % {"name": key["name"]})


def version(visit: Visit) -> int | None:
    """The version that the form was made from."""
    given = visit.form.get("version", "")
    return int(given) if given.isdecimal() else None


def asked_for(visit: Visit) -> dict[str, Any]:
    """The key that the address names."""
    return keys.show(visit.ctx, visit.tenant_id, visit.path["key_id"], visit.now)


def _overlaps(visit: Visit) -> list[tuple[str, datetime]]:
    longest = tenants.show(visit.ctx, visit.tenant_id)["max_overlap"]
    every = [(text, parse_duration(text)) for text in OVERLAPS]
    return [(text, visit.now + length) for text, length in every if length.total_seconds() <= longest]


def _phrase(visit: Visit, key: dict[str, Any]) -> str | None:
    if key["status"] != "active" or key["last_used_at"] is None:
        return None
    used_at = datetime.fromisoformat(key["last_used_at"])
    return confirmation.phrase(key["name"], key["client_id"], used_at, visit.now, visit.confirmation_window)


def asking(
    visit: Visit,
    template: str,
    key: dict[str, Any],
    form: dict[str, str],
    problems: dict[str, str],
    *,
    status: int = 200,
    **more: Any,
) -> Answer:
    """Answer with a page that asks before it does something to a key."""
    return rendering.page(
        visit,
        template,
        status=status,
        here=ADDRESS,
        key=key,
        form=form,
        problems=problems,
        minutes=visit.ctx.settings.token_lifetime // 60,
        policy=tenants.show(visit.ctx, visit.tenant_id),
        recent=key_evidence.recent(visit.ctx, visit.tenant_id, key["client_id"], visit.now),
        **more,
    )
