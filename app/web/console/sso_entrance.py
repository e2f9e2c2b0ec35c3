"""Single sign-on: the way to a tenant's OpenID provider and back, to come in or to prove again to be there."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from app.actions.people import sso_way
from app.actions.people.attempts import NotIn
from app.actions.people.sso_members import NoWay, Why
from app.actions.people.sso_way import Leaving
from app.domain.refusals import NotFound
from app.web.console import cookies, rendering
from app.web.console.forgery import local
from app.web.console.pages import Pages, Visit, redirect
from app.web.console.proof import gone_on
from app.web.console.verify import address, client
from app.web.replies import Answer

pages = Pages()
HERE = "/sign-in/sso"
STATUSES = {Why.STALE: 400, Why.DOWN: 502, Why.UNTRUSTED: 502}
REFUSED, LONGEST_EMAIL = 403, 254


@pages.add("GET", HERE, public=True)
def ask(visit: Visit) -> Answer:
    """GET /sign-in/sso: the e-mail address first; its domain says where to go."""
    place, email = local(visit.query.get("next")), visit.query.get("email", "").strip()[:LONGEST_EMAIL]
    found = sso_way.offered(visit.ctx, email) if email else []
    problem = visit.words.gettext("No organisation here uses single sign-on with this domain.")
    asked = f"next={quote(place, safe='/')}&email={quote(email)}"
    return rendering.page(
        visit,
        "sso_ask",
        status=422 if email and not found else 200,
        email=email,
        place=place,
        offers=[{**one, "address": f"{HERE}/{quote(one['id'])}?{asked}"} for one in found],
        problem=problem if email and not found else None,
    )


@pages.add("GET", f"{HERE}/{{connection}}", public=True)
def start(visit: Visit) -> Answer:
    """GET /sign-in/sso/<connection>: to the provider."""
    place, email = local(visit.query.get("next")), visit.query.get("email", "")[:LONGEST_EMAIL]
    sso_id = visit.path["connection"]
    return _sent(visit, lambda: sso_way.begin(visit.ctx, sso_id, visit.now, place=place, email=email))


@pages.add("GET", "/re-auth/sso")
def prove(visit: Visit) -> Answer:
    """GET /re-auth/sso: to the provider that let this session in, to be asked again."""
    word = visit.query.get("word", "")
    return _sent(visit, lambda: sso_way.begin_proof(visit.ctx, visit.signed, word, visit.now))


@pages.add("GET", f"{HERE}/{{connection}}/callback", public=True)
def back(visit: Visit) -> Answer:
    """GET /sign-in/sso/<connection>/callback: back from the provider."""
    over = cookies.taken(visit.ctx.settings, cookies.SSO)
    try:
        arrived = sso_way.come_back(
            visit.ctx,
            visit.path["connection"],
            cookies.read(visit.http, cookies.SSO),
            visit.query,
            visit.now,
            signed=visit.browser,
            address=address(visit),
            client=client(visit),
        )
    except NoWay as none:
        return _nowhere(visit, none, over)
    except NotIn:  # deactivated meanwhile, or the like
        return _nowhere(visit, NoWay(Why.INACTIVE), over)
    return gone_on(visit, arrived.cookie, arrived.place, arrived.kept, over)


def _sent(visit: Visit, leave: Callable[[], Leaving]) -> Answer:
    try:
        leaving = leave()
    except NotFound:
        return redirect(HERE)
    except NoWay as none:
        return _nowhere(visit, none)
    return redirect(leaving.address, cookies.given(visit.ctx.settings, cookies.SSO, leaving.held))


def _nowhere(visit: Visit, none: NoWay, *headers: tuple[str, str]) -> Answer:
    status = STATUSES.get(none.why, REFUSED)
    return rendering.page(
        visit, "sso_nowhere", status=status, headers=headers, why=str(none.why), name=none.name, detail=none.detail
    )
