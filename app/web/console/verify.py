"""The second step of signing in: a code of the authenticator app, or a recovery code."""

from __future__ import annotations

from urllib.parse import quote

from app.actions.people import sign_in
from app.actions.people.attempts import NotIn
from app.actions.people.sign_in import Entered
from app.domain.refusals import NotFound
from app.web.console import cookies, rendering
from app.web.console.forgery import local
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.proof import Trouble, trouble
from app.web.replies import Answer

pages = Pages()
HERE = "/sign-in/verify"
LONGEST_CLIENT = 200


def gone_on(visit: Visit, entered: Entered, place: str) -> Answer:
    """Lead somebody with the right password in, or to the second step."""
    settings = visit.ctx.settings
    if entered.complete:
        return redirect(place, cookies.given(settings, cookies.SESSION, entered.cookie))
    held = cookies.given(settings, cookies.HALFWAY, entered.cookie, strict=True)
    return redirect(f"{HERE}?next={quote(place, safe='/')}", held)


@pages.add("GET", HERE, public=True)
def ask(visit: Visit) -> Answer:
    """GET /sign-in/verify."""
    place = local(visit.query.get("next"))
    if not sign_in.is_halfway(visit.ctx, cookies.read(visit.http, cookies.HALFWAY), visit.now):
        return redirect(f"/sign-in?next={quote(place, safe='/')}")
    return _asking(visit, place, visit.query)


@pages.add("POST", HERE, public=True)
def let_in(visit: Visit) -> Answer:
    """POST /sign-in/verify."""
    form, settings = visit.form, visit.ctx.settings
    held, place = cookies.read(visit.http, cookies.HALFWAY), local(form.get("next"))
    try:
        cookie = sign_in.with_code(
            visit.ctx, held, form.get("code", ""), visit.now, address=address(visit), client=client(visit)
        )
    except NotFound:
        return redirect(f"/sign-in?next={quote(place, safe='/')}")
    except NotIn as not_in:
        wrong = visit.words.gettext("This code is not correct, or it was used before.")
        return _asking(visit, place, form, trouble(visit, not_in, wrong))
    over = cookies.taken(settings, cookies.HALFWAY, strict=True)
    return redirect(place, cookies.given(settings, cookies.SESSION, cookie), over)


def _asking(visit: Visit, place: str, asked: dict[str, str], wrong: Trouble | None = None) -> Answer:
    recovery = asked.get("with") == "recovery"
    text, status, headers = wrong or (None, 200, ())
    return rendering.page(visit, "verify", status=status, headers=headers, place=place, recovery=recovery, problem=text)


def address(visit: Visit) -> str | None:
    """Where the browser is, for the session's row."""
    return str(visit.http.address) if visit.http.address is not None else None


def client(visit: Visit) -> str:
    """What the browser calls itself, cut to a decent length."""
    return "".join(c for c in visit.http.header("User-Agent") or "" if c.isprintable())[:LONGEST_CLIENT]
