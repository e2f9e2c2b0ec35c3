"""Confirm it is you: asked for before credentials change, when the last proof is too old."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, quote, urlencode

from app.actions.people import attempts, codes, passkeys, proofs
from app.web.console import cookies, rendering
from app.web.console.pages import Pages, Visit, form_token, local, redirect
from app.web.faults import BadRequest, Fault
from app.web.forms import Form
from app.web.replies import Answer

pages = Pages()
REFUSED = 403
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
        return _asking(visit, place, kept, problem=trouble(visit, not_in, visit.words.gettext("This is not correct.")))
    header = cookies.given(visit.ctx.settings, cookies.SESSION, cookie)
    if not kept:
        return redirect(place, header)
    token = form_token(visit.ctx, cookie)
    return rendering.page(
        visit, "go_on", headers=(header,), place=place, fields=unpacked(kept), token=token, by_itself=True
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


def trouble(visit: Visit, not_in: attempts.NotIn, wrong: str) -> str:
    """Say why there is no way in: too many attempts, or what `wrong` says."""
    if not_in.until is None:
        return wrong
    return str(visit.words.gettext("Too many attempts. Try again at %(time)s UTC.")) % {
        "time": f"{not_in.until:%H:%M:%S}"
    }


def _asking(visit: Visit, place: str, kept: str, *, problem: str | None = None, status: int = 200) -> Answer:
    status = 422 if problem is not None else status
    return rendering.page(
        visit,
        "re_auth",
        status=status,
        place=place,
        kept=kept,
        problem=problem,
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
