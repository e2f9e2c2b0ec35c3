"""Pages for what went wrong: what happened, what to do, the way back."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from gettext import NullTranslations

from app.actions.people import sessions
from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Unavailable
from app.runtime import log
from app.web.console import cookies, refilling, rendering, words
from app.web.console.forgery import StaleForm
from app.web.console.pages import KNOWN, ApiAccessOff, Visit
from app.web.faults import BadRequest, Fault
from app.web.replies import Answer
from app.web.reply_tables import FAULTS
from app.web.request import Request

CRASHED = 500


@dataclass(frozen=True)
class Trouble:
    """What an error page says."""

    status: int
    title: str
    text: str
    hints: tuple[str, ...] = ()
    retry_after: int = 0
    reload: str = ""
    english: bool = False  # `text` and `hints` are an action's own words
    allow: str = ""


def answer(http: Request, error: Exception) -> Answer:
    """Answer a failure with a page; what is not foreseen says nothing of itself."""
    said = _said(error, words.translations(http.header("Accept-Language")))
    kept: tuple[tuple[str, str], ...] = ()
    if isinstance(error, StaleForm):
        said = replace(said, reload=_form(http.path))
        if error.form is not None:
            kept, said = (refilling.keep(http, error.form),), replace(said, reload=f"{said.reload}?{refilling.KEPT}")
    if said.status == CRASHED:
        log.crashed(http, error)
    browser = None
    if said.status not in {CRASHED, 503}:
        cookie = cookies.read(http, cookies.SESSION)
        with suppress(Unavailable):  # a page that nobody is known on is better than none
            browser = sessions.find(http.ctx, cookie, http.now) if cookie is not None else None
    if isinstance(error, ApiAccessOff):
        return rendering.page(Visit(http, browser), "api_access_off", status=said.status, here="/tenant-api-keys")
    told = (("Retry-After", str(said.retry_after or "")), ("Allow", said.allow))
    headers = (*((name, value) for name, value in told if value), *kept)
    return rendering.page(Visit(http, browser), "error", status=said.status, headers=headers, said=said)


def _form(path: str) -> str:
    # Most forms are sent to the page that they stand on, or to one below it.
    while path:
        for page in (f"{path}/new", path):
            if any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), page) for known in KNOWN):
                return page
        path = path.rpartition("/")[0]
    return "/"


def _said(error: Exception, words: NullTranslations) -> Trouble:
    say = words.gettext
    if isinstance(error, (Forbidden, ApiAccessOff)):
        return _barred(error, words)
    if isinstance(error, (StaleForm, BadRequest)):
        return _unread(error, words)
    if isinstance(error, NotFound):
        text = say("There is nothing at this address, or it belongs to another tenant.")
        return Trouble(404, say("Not found"), text)
    if isinstance(error, Conflict):
        return Trouble(409, say("Nothing was changed"), str(error), error.hints, english=True)
    if isinstance(error, Invalid):
        return Trouble(422, say("Some values break a rule"), " ".join(p.message for p in error.problems), english=True)
    if isinstance(error, Unavailable):
        text = say("Keyturn cannot do this at the moment. Nothing was changed. Try again shortly.")
        return Trouble(503, say("Not available right now"), text, retry_after=error.retry_after)
    text = say("Nothing was changed unless the list shows it.")
    return Trouble(CRASHED, say("Something failed on our side"), text)


def _barred(error: Forbidden | ApiAccessOff, words: NullTranslations) -> Trouble:
    say = words.gettext
    if isinstance(error, ApiAccessOff):
        return Trouble(403, say("API access is off for this tenant"), "")
    if error.code == "missing_permission":
        text = say("You need the permission %(name)s to open this page. Ask a Global Admin.")
        return Trouble(403, say("You may not open this page"), text % {"name": error})
    return Trouble(403, say("You may not do this"), str(error), error.hints, english=True)


def _unread(error: StaleForm | BadRequest, words: NullTranslations) -> Trouble:
    say = words.gettext
    if isinstance(error, StaleForm):
        text = say("Nothing was changed. Reload the form and fill it in again.")
        if error.form is not None:
            text = say("Nothing was changed. Reload the form: what you filled in is in it again, but for secrets.")
        return Trouble(400, say("This form is out of date"), text)
    if error.fault is Fault.METHOD:
        text = say("This address only takes what a form on another page sends. Go back to that page.")
        return Trouble(405, say("There is no page here"), text, allow=error.allow)
    _, status, title, detail = FAULTS[error.fault]
    return Trouble(status, say(title), say(detail))
