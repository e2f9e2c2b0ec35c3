"""The guard before every page: who is there, what they may, and whether a form is ours."""

from __future__ import annotations

from urllib.parse import quote

from app.actions.people import sessions
from app.actions.people.sessions import Missing
from app.domain.refusals import Forbidden
from app.web.console import cookies, forgery
from app.web.console.pages import ApiAccessOff, Page, ProofNeeded, SignedOut, Visit, redirect
from app.web.replies import Answer
from app.web.request import Request

# Where the tenant requires a second factor that a session has not shown: what is still open to its member.
_LEFT_OPEN = {
    Missing.USE: ("/re-auth", "/sign-out", "/help"),
    Missing.FACTOR: ("/account", "/re-auth", "/sign-out", "/help"),
}


def visited(page: Page, http: Request, path: dict[str, str]) -> Answer:
    """Let a browser in and call the view; whatever is raised goes to the error pages."""
    http.require_secure()
    cookie = cookies.read(http, cookies.SESSION)
    visit = Visit(http, sessions.find(http.ctx, cookie, http.now) if cookie is not None else None, path)
    if http.method == "POST":
        forgery.refuse(visit, inside=visit.browser is not None and not page.public)
        if http.has_body and not page.raw:
            visit.form  # noqa: B018 - whoever sends what cannot be read learns so, whether or not the page looks at it
    if page.public:
        return page.view(visit)
    if visit.browser is None:
        raise SignedOut(page, visit)
    if visit.browser.missing is not None and not page.path.startswith(_LEFT_OPEN[visit.browser.missing]):
        place = f"/re-auth?next={quote(visit.place, safe='/')}" if visit.browser.missing is Missing.USE else "/account"
        return redirect(place)
    if visit.off(page.permission):
        raise ApiAccessOff
    if page.permission is not None and not visit.may(page.permission):
        raise Forbidden("missing_permission", page.permission)
    if page.proof and not visit.signed.proved(visit.now):
        raise ProofNeeded(visit)
    return page.view(visit)
