"""Confirm it is you: asked for before credentials change, when the last proof is too old."""

from __future__ import annotations

import base64
import binascii
from math import ceil
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from app.actions.people import attempts, codes, passkeys, proofs, sso_way
from app.web.console import cookies, rendering
from app.web.console.forgery import form_token, local
from app.web.console.pages import Pages, Visit, redirect
from app.web.faults import BadRequest, Fault
from app.web.forms import Form
from app.web.replies import Answer

pages = Pages()
REFUSED, WRONG, TOO_MANY = 403, 422, 429
# What never goes back into a page, not even to be sent on.
NOT_KEPT = frozenset({"csrf", "password", "repeated", "current", "code", "credential", "secret", "kept"})


@pages.add("GET", "/re-auth")
def ask(visit: Visit) -> Answer:
    """GET /re-auth."""
    return _asking(visit, local(visit.query.get("next")), "")


@pages.add("POST", "/re-auth")
def prove(visit: Visit) -> Answer:
    """POST /re-auth: move the session's proof on, then go where the person wanted to go."""
    form = visit.form
    place, kept = local(form.get("next")), form.get("kept", "")
    try:
        cookie = _proved(visit, form)
    except attempts.NotIn as not_in:
        return _asking(visit, place, kept, trouble(visit, not_in, visit.words.gettext("This is not correct.")))
    return gone_on(visit, cookie, place, kept)


def gone_on(visit: Visit, cookie: str, place: str, kept: str, *headers: tuple[str, str]) -> Answer:
    """Go where the person wanted to go, with the form that waited."""
    given = cookies.given(visit.ctx.settings, cookies.SESSION, cookie)
    if not kept:
        return redirect(place, given, *headers)
    token = form_token(visit.ctx, cookie)
    return rendering.page(
        visit, "go_on", headers=(given, *headers), place=place, fields=unpacked(kept), token=token, by_itself=True
    )


def _proved(visit: Visit, form: Form) -> str:
    who = (visit.ctx, visit.signed, visit.actor)
    if "credential" in form:
        return passkeys.prove(*who, cookies.read(visit.http, cookies.CHALLENGE), form["credential"], visit.now)
    if "code" in form:
        return proofs.with_code(*who, form["code"], visit.now)
    return proofs.with_password(*who, form.get("password", ""), visit.now)


def wanted(visit: Visit) -> Answer:
    """Ask for a proof before a page; what was sent to it comes along and is sent on afterwards."""
    if visit.http.method != "POST":
        return redirect(f"/re-auth?next={quote(visit.place, safe='/')}")
    return _asking(visit, visit.place, packed(visit.form), status=REFUSED)


class Trouble(NamedTuple):
    """Why somebody got no further: the sentence, and what the answer with it is."""

    text: str
    status: int = WRONG
    headers: tuple[tuple[str, str], ...] = ()


def trouble(visit: Visit, not_in: attempts.NotIn, wrong: str) -> Trouble:
    """Say why there is no way in: what `wrong` says, or too many attempts and when the next one counts."""
    say = visit.words.gettext
    if not_in.sso_only:
        return Trouble(say("Your organisation lets people in by single sign-on alone. Use single sign-on."))
    if not_in.until is None:
        return Trouble(wrong)
    text = say("Too many attempts. Try again at %(time)s.")
    left = max(1, ceil((not_in.until - visit.now).total_seconds()))
    at = f"{visit.times.local(not_in.until):%H:%M:%S %Z}"
    return Trouble(text % {"time": at}, TOO_MANY, (("Retry-After", str(left)),))


def _asking(visit: Visit, place: str, kept: str, wrong: Trouble | None = None, *, status: int = 200) -> Answer:
    status = wrong.status if wrong is not None else status
    if visit.signed.row.sso_connection_id is not None:
        word = sso_way.keep(visit.ctx, visit.signed, place, kept, visit.now)
        name = sso_way.connection_name(visit.ctx, visit.signed.row.sso_connection_id)
        return rendering.page(visit, "re_auth_sso", status=status, word=word, name=name)
    return rendering.page(
        visit,
        "re_auth",
        status=status,
        headers=wrong.headers if wrong is not None else (),
        place=place,
        kept=kept,
        problem=wrong.text if wrong is not None else None,
        codes=codes.state(visit.ctx, visit.signed).on,
        passkeys=bool(passkeys.own(visit.ctx, visit.signed)),
    )


def packed(form: Form) -> str:
    """A form as one field of another: a form may have as many fields as a form can have."""
    pairs = [(name, value) for name, one in form.items() for value in form.lists.get(name, [one])]
    kept = urlencode([(name, value) for name, value in pairs if name not in NOT_KEPT])
    return base64.urlsafe_b64encode(kept.encode() or b"&").decode()


def unpacked(kept: str) -> list[tuple[str, str]]:
    """The fields of a form that waited; BadRequest for what `packed` did not make."""
    try:
        pairs = parse_qsl(base64.urlsafe_b64decode(kept).decode(), strict_parsing=False)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(Fault.UNREADABLE) from error
    return [(name, value) for name, value in pairs if name not in NOT_KEPT]
