"""The overlap of a rotation: ending it early, and moving its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.actions import rotation, tenants
from app.domain import confirmation
from app.domain.refusals import Conflict, Invalid
from app.domain.times import parse_duration, rfc3339
from app.web.console.key_endings import OVERLAPS, asked_for, asking
from app.web.console.key_filters import ADDRESS
from app.web.console.key_forms import details, notice, said
from app.web.console.pages import Pages, Visit, redirect
from app.web.replies import Answer

pages = Pages()
OVERLAP = f"{ADDRESS}/{{key_id}}/overlap"


@pages.add("GET", OVERLAP, "api_keys:write")
def end_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/overlap."""
    key = _rotating(visit)
    return asking(visit, "key_overlap_end", key, {}, {}, phrase=_phrase(key, visit.now))


@pages.add("POST", OVERLAP, "api_keys:write")
def end(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/overlap: end it now."""
    key = _rotating(visit)
    phrase = _phrase(key, visit.now)
    if not confirmation.typed(visit.form.get("typed", ""), phrase):
        problems = {"typed": visit.words.gettext("The text does not match.")}
        return asking(visit, "key_overlap_end", key, visit.form, problems, phrase=phrase, status=422)
    rotation.end_overlap(visit.ctx, visit.actor, visit.tenant_id, key["client_id"], visit.now)
    notice(visit, visit.words.gettext("The overlap has ended. The old secret stopped working."))
    return redirect(details(key["client_id"]))


@pages.add("GET", f"{OVERLAP}/extend", "api_keys:write")
def extend_form(visit: Visit) -> Answer:
    """GET /tenant-api-keys/<id>/overlap/extend."""
    key = _rotating(visit)
    return asking(visit, "key_overlap_extend", key, {}, {}, ends=_ends(visit, key))


@pages.add("POST", f"{OVERLAP}/extend", "api_keys:write")
def extend(visit: Visit) -> Answer:
    """POST /tenant-api-keys/<id>/overlap/extend."""
    key = _rotating(visit)
    try:
        wanted = datetime.fromisoformat(visit.form.get("extend_to", ""))
        rotation.end_overlap(
            visit.ctx, visit.actor, visit.tenant_id, key["client_id"], visit.now, extend_to=wanted.astimezone()
        )
    except ValueError:
        problems = {"extend_to": visit.words.gettext("Choose when the old secret stops.")}
        return asking(visit, "key_overlap_extend", key, visit.form, problems, ends=_ends(visit, key), status=422)
    except Invalid as error:
        ends = _ends(visit, key)
        return asking(visit, "key_overlap_extend", key, visit.form, said(error), ends=ends, status=422)
    text = visit.words.gettext("The old secret works until %(time)s.")
    notice(visit, text % {"time": visit.times.exact(wanted)})
    return redirect(details(key["client_id"]))


def _rotating(visit: Visit) -> dict[str, Any]:
    key = asked_for(visit)
    if "rotation" not in key or key["status"] != "active":
        raise Conflict("no_overlap", "No rotation of this key is in progress.")
    return key


def _phrase(key: dict[str, Any], now: datetime) -> str | None:
    used = key["rotation"]["old_secret"]["last_used_at"]
    at = datetime.fromisoformat(used) if used is not None else None
    return confirmation.phrase(key["name"], key["client_id"], at, now, confirmation.DURING_OVERLAP)


def _ends(visit: Visit, key: dict[str, Any]) -> list[tuple[str, str]]:
    """What the overlap may be moved to: some lengths from now, and the latest end that the tenant allows."""
    longest = timedelta(seconds=tenants.show(visit.ctx, visit.tenant_id)["max_overlap"])
    latest = datetime.fromisoformat(key["rotation"]["rotated_at"]) + longest
    now_ends = datetime.fromisoformat(key["rotation"]["old_secret"]["ends_at"])
    ends = [(text, visit.now + parse_duration(text)) for text in OVERLAPS]
    found = [(text, end) for text, end in ends if now_ends < end < latest]
    return [(text, rfc3339(end) or "") for text, end in [*found, ("latest", latest)] if end > now_ends]
