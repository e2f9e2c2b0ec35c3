"""A form that comes after its session has ended waits until its sender has signed in again (CONSOLE.md §3.23)."""

from __future__ import annotations

import hmac
import json
from urllib.parse import quote

from app.actions.people import halfway
from app.web.console import cookies, rendering
from app.web.console.forgery import form_token, local
from app.web.console.pages import Page, Pages, Visit, redirect
from app.web.console.proof import NOT_KEPT, packed, unpacked
from app.web.faults import BadRequest
from app.web.replies import Answer

pages = Pages()
PLACE = "/resume"


def to_the_door(page: Page, visit: Visit) -> Answer:
    """Send somebody who is not signed in to the door, and on from there to where they wanted to go."""
    if visit.http.header("HX-Current-URL") is not None:
        # A part of a page asked by itself: it stays as it is, and with it what its reader is filling in.
        return Answer(204, (("Cache-Control", "no-store"),), b"")
    if visit.http.method != "POST":
        return _door(visit.place)
    return _kept(visit) if page.path != "/sign-out" and _ours(visit) and _whole(page, visit) else _door("/")


@pages.add("GET", PLACE)
def resume(visit: Visit) -> Answer:
    """GET /resume: what waited is sent only when its sender says so."""
    found = halfway.kept(visit.ctx, cookies.read(visit.http, cookies.FORM), visit.now)
    if found is None:
        return redirect("/")
    place, form = json.loads(found)
    headers = (cookies.taken(visit.ctx.settings, cookies.FORM),)
    return rendering.page(
        visit, "go_on", headers=headers, place=local(place), fields=unpacked(form), token=visit.token, by_itself=False
    )


def _kept(visit: Visit) -> Answer:
    form = json.dumps([visit.http.path, packed(visit.form)]).encode()
    held = halfway.keep(visit.ctx, form, visit.now)
    return _door(PLACE, cookies.given(visit.ctx.settings, cookies.FORM, held))


def _ours(visit: Visit) -> bool:
    # Only what a page of ours made for this browser waits: nobody else's form, and nothing of a stranger.
    cookie = cookies.read(visit.http, cookies.SESSION)
    try:
        given = visit.form.get("csrf", "") if cookie is not None else ""
    except BadRequest:
        return False
    return cookie is not None and hmac.compare_digest(given.encode(), form_token(visit.ctx, cookie).encode())


def _whole(page: Page, visit: Visit) -> bool:
    # A form of somebody's own account is nothing without the password or code that it holds, and that is never kept.
    return page.permission is not None or not (NOT_KEPT - {"csrf"}) & set(visit.form)


def _door(place: str, *headers: tuple[str, str]) -> Answer:
    return redirect(f"/sign-in?next={quote(place, safe='/')}", *headers)
