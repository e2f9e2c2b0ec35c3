"""A member's own page: who they are, how pages look, their password, the browsers they are signed in with."""

from __future__ import annotations

from typing import Any

from app.actions import members
from app.actions.people import account, codes, passkeys, sessions
from app.actions.people.attempts import NotIn
from app.domain.browsers import browser_name
from app.domain.refusals import Invalid, NotFound
from app.web.console import cookies, english, rendering
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.proof import WRONG, Trouble, trouble
from app.web.replies import Answer

pages = Pages()
HERE = "/account"
NOTICE_BEFORE, LONGEST_IDLE = 180, 6  # seconds before the end; digits


@pages.add("GET", HERE)
def own_page(visit: Visit) -> Answer:
    """GET /account."""
    return shown(visit)


@pages.add("POST", HERE)
def rename(visit: Visit) -> Answer:
    """POST /account: another name."""
    name, row = visit.form.get("name", ""), visit.signed.row
    try:
        members.edit(visit.ctx, visit.actor, visit.tenant_id, row.member_id, visit.now, name=name)
    except Invalid as invalid:
        return shown(visit, invalid, name=name)
    return said(visit, visit.words.gettext("Your name was changed."))


@pages.add("POST", f"{HERE}/theme")
def choose_theme(visit: Visit) -> Answer:
    """POST /account/theme."""
    account.choose_theme(visit.ctx, visit.signed, visit.form.get("theme", ""))
    return redirect(HERE)


@pages.add("POST", f"{HERE}/shortcuts")
def choose_shortcuts(visit: Visit) -> Answer:
    """POST /account/shortcuts."""
    account.choose_shortcuts(visit.ctx, visit.signed, on=visit.form.get("shortcuts") == "on")
    return redirect(HERE)


@pages.add("POST", f"{HERE}/password")
def change_password(visit: Visit) -> Answer:
    """POST /account/password."""
    form = visit.form
    try:
        cookie = account.change_password(
            visit.ctx,
            visit.signed,
            visit.actor,
            visit.now,
            current=form.get("current", ""),
            password=form.get("password", ""),
            repeated=form.get("repeated", ""),
        )
    except Invalid as invalid:
        return shown(visit, invalid)
    except NotIn as not_in:
        return shown(visit, current=trouble(visit, not_in, visit.words.gettext("This is not your password.")))
    answer = said(visit, visit.words.gettext("Your password was changed. Every other browser was signed out."))
    return redirect_with(visit, answer, cookie)


@pages.add("POST", f"{HERE}/sessions/others/end")
def end_others(visit: Visit) -> Answer:
    """POST /account/sessions/others/end."""
    ended = account.end_others(visit.ctx, visit.signed, visit.actor, visit.now)
    text = visit.words.ngettext("%(n)s other browser was signed out.", "%(n)s other browsers were signed out.", ended)
    return said(visit, text % {"n": ended})


@pages.add("POST", f"{HERE}/sessions/{{session_id}}/end")
def end_session(visit: Visit) -> Answer:
    """POST /account/sessions/<id>/end."""
    session_id = visit.path["session_id"]
    if not sessions.end(visit.ctx, visit.signed, session_id, visit.actor, visit.now):
        raise NotFound("session")
    if session_id == visit.signed.row.id:
        return redirect("/sign-in", cookies.taken(visit.ctx.settings, cookies.SESSION))
    return said(visit, visit.words.gettext("That browser was signed out."))


@pages.add("GET", "/idle/{seconds}.css", public=True)
def idle_style(visit: Visit) -> Answer:
    """GET /idle/<seconds>.css: when the notice of the coming end appears, for tenants with a time of their own."""
    seconds = visit.path["seconds"]
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= LONGEST_IDLE):
        raise NotFound("page")
    style = f".kt-idle {{ animation-delay: {max(0, int(seconds) - NOTICE_BEFORE)}s; }}\n"
    kept = ("Cache-Control", "public, max-age=31536000, immutable")
    return Answer(200, (("Content-Type", "text/css; charset=utf-8"), kept), style.encode())


@pages.add("GET", f"{HERE}/still-here")
def still_here(visit: Visit) -> Answer:
    """GET /account/still-here: to be asked for anything is to be there."""
    return rendering.page(visit, "still_here", until=visit.now + visit.signed.idle)


def shown(visit: Visit, invalid: Invalid | None = None, **more: Any) -> Answer:
    """The page; with problems when a form of it broke rules.

    more   `current`, what is wrong with the old password; `name`, as typed
    """
    problems = english.problems(invalid) if invalid is not None else {}
    wrong: Trouble | None = more.get("current")
    if wrong is not None:
        problems["current"] = wrong.text
    return rendering.page(
        visit,
        "account",
        status=wrong.status if wrong is not None else WRONG if problems else 200,
        headers=wrong.headers if wrong is not None else (),
        here=HERE,
        problems=problems,
        name=more.get("name", visit.signed.row.name),
        browsers=_browsers(visit),
        codes=codes.state(visit.ctx, visit.signed),
        passkeys=passkeys.own(visit.ctx, visit.signed),
        notice=visit.notice(),
    )


def said(visit: Visit, text: str) -> Answer:
    """Lead back to the page, which says what was done."""
    sessions.leave_notice(visit.ctx, visit.signed, text)
    return redirect(HERE)


def redirect_with(visit: Visit, answer: Answer, cookie: str) -> Answer:
    """The same answer, giving the browser its session's new cookie."""
    given = cookies.given(visit.ctx.settings, cookies.SESSION, cookie)
    return answer._replace(headers=(*answer.headers, given))


def _browsers(visit: Visit) -> list[dict[str, Any]]:
    every = account.own_sessions(visit.ctx, visit.signed, visit.now)
    return [{**one, "name": browser_name(one["client"])} for one in every]
