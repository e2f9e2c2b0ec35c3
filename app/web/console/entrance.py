"""The way in and out: sign-in, the one-time link, sign-out, the start page."""

from __future__ import annotations

from app.actions.people import sessions, sign_in
from app.actions.people.attempts import NotIn
from app.domain.refusals import Invalid, NotFound
from app.web.console import cookies, english, rendering, verify
from app.web.console.forgery import local
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.proof import trouble
from app.web.console.verify import address, client
from app.web.replies import Answer

pages = Pages()
HOME = "/tenant-api-keys"


@pages.add("GET", "/", public=True)
def start(visit: Visit) -> Answer:
    """GET /: the list, or the door."""
    if visit.browser is None:
        return redirect("/sign-in")
    return redirect(HOME if "api_keys:read" in visit.browser.scope else "/help")


@pages.add("GET", "/sign-in", public=True)
def sign_in_form(visit: Visit) -> Answer:
    """GET /sign-in."""
    if visit.browser is not None:
        return redirect(local(visit.query.get("next")))
    return rendering.page(visit, "sign_in", email="", problem=None, next=local(visit.query.get("next")))


@pages.add("POST", "/sign-in", public=True)
def let_in(visit: Visit) -> Answer:
    """POST /sign-in."""
    form = visit.form
    email, place = form.get("email", ""), local(form.get("next"))
    try:
        entered = sign_in.with_password(
            visit.ctx, email, form.get("password", ""), visit.now, address=address(visit), client=client(visit)
        )
    except NotIn as not_in:
        return _refused(visit, not_in, email, place)
    return verify.gone_on(visit, entered, place)


@pages.add("POST", "/sign-out")
def sign_out(visit: Visit) -> Answer:
    """POST /sign-out."""
    sessions.end(visit.ctx, visit.signed, visit.signed.row.id, visit.actor, visit.now)
    return redirect("/sign-in", cookies.taken(visit.ctx.settings, cookies.SESSION))


@pages.add("GET", "/set-up/{token}", public=True)
def set_up_form(visit: Visit) -> Answer:
    """GET /set-up/<token>: the first Global Admin, or a new password."""
    try:
        way = sign_in.way(visit.ctx, visit.path["token"], visit.now)
    except NotFound:
        return rendering.page(visit, "set_up_over", status=404)
    return rendering.page(visit, "set_up", way=way, email="", name="", problems={})


@pages.add("POST", "/set-up/{token}", public=True)
def set_up(visit: Visit) -> Answer:
    """POST /set-up/<token>."""
    form = visit.form
    email, name, password = form.get("email", ""), form.get("name", ""), form.get("password", "")
    try:
        way = sign_in.way(visit.ctx, visit.path["token"], visit.now)
        sign_in.set_up(
            visit.ctx, way, visit.now, email=email, name=name, password=password, repeated=form.get("repeated", "")
        )
    except NotFound:
        return rendering.page(visit, "set_up_over", status=404)
    except Invalid as invalid:
        problems = english.problems(invalid)
        return rendering.page(visit, "set_up", status=422, way=way, email=email, name=name, problems=problems)
    known = way.member.email if way.member is not None else email
    at = (address(visit), client(visit))
    try:
        entered = sign_in.with_password(
            visit.ctx, known, password, visit.now, address=at[0], client=at[1], by_link=True
        )
    except NotIn as not_in:
        return _refused(visit, not_in, known, HOME)
    return verify.gone_on(visit, entered, HOME)


def _refused(visit: Visit, not_in: NotIn, email: str, place: str) -> Answer:
    text, status, headers = trouble(visit, not_in, visit.words.gettext("E-mail or password is not correct."))
    return rendering.page(visit, "sign_in", status=status, headers=headers, email=email, problem=text, next=place)
