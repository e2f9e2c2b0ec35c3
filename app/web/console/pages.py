"""The table of pages: address, method, permission, view; and the guard before each of them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from app.actions import key_notices
from app.actions.people import sessions
from app.actions.people.sessions import Missing, Signed
from app.context import Context
from app.domain.events import Actor
from app.domain.refusals import Forbidden
from app.web.console import cookies, words
from app.web.faults import BadRequest, Fault
from app.web.forms import Form, pairs
from app.web.replies import Answer
from app.web.request import Request

KEY_PAGES = frozenset({"api_keys:read", "api_keys:write"})  # what pages of keys ask for
EVERY_FIELD: frozenset[str] = frozenset()
LISTS = frozenset({"select", "scope"})
MOST_FIELDS = 2000  # a group may hold every scope of a large catalogue


# Where the tenant requires a second factor that a session has not shown: what is still open to its member.
_LEFT_OPEN = {
    Missing.USE: ("/re-auth", "/sign-out", "/help"),
    Missing.FACTOR: ("/account", "/re-auth", "/sign-out", "/help"),
}


class StaleForm(Exception):
    """A form came without, or with another session's, token: nothing was done."""


class ApiAccessOff(Exception):
    """The tenant's API access is off, and with it every page of its keys, for all roles (CONSOLE.md §3.23)."""


class SignedOut(Exception):
    """Nobody is signed in, or no more; nothing was done."""

    def __init__(self, page: Page, visit: Visit) -> None:
        super().__init__("signed out")
        self.page, self.visit = page, visit


class ProofNeeded(Exception):
    """The person proved too long ago to be there; nothing was done."""

    def __init__(self, visit: Visit) -> None:
        super().__init__("proof")
        self.visit = visit


@dataclass
class Visit:
    """One request for a page. `signed` is there for every page that is not open."""

    http: Request
    browser: Signed | None
    path: dict[str, str] = field(default_factory=dict)

    @property
    def ctx(self) -> Context:
        """The process's view of the deployment."""
        return self.http.ctx

    @property
    def now(self) -> datetime:
        """The request's instant."""
        return self.http.now

    @property
    def signed(self) -> Signed:
        """Who is signed in; a programming error on a page that is open to everybody."""
        assert self.browser is not None  # noqa: S101 - the guard lets nobody else through
        return self.browser

    @property
    def tenant_id(self) -> str:
        """The member's tenant: every object of a page is looked for in it alone."""
        return str(self.signed.row.tenant_id)

    @property
    def actor(self) -> Actor:
        """The member as the audit log names them."""
        address = str(self.http.address) if self.http.address is not None else None
        return self.signed.actor(address, self.http.id)

    @cached_property
    def form(self) -> Form:
        """The fields of a POST, each once but for lists."""
        return self.http.form(EVERY_FIELD, LISTS, MOST_FIELDS)

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters of the address; the last of several of one name, none for what cannot be read."""
        try:
            return dict(pairs((self.http.environ.get("QUERY_STRING") or "").encode("latin-1")))
        except BadRequest:
            return {}

    @cached_property
    def times(self) -> words.Times:
        """Says instants in the tenant's time zone."""
        return words.Times(self.now, self.browser.row.time_zone if self.browser else "UTC", self.words)

    @cached_property
    def words(self) -> Any:
        """Translates."""
        return words.translations(self.http.header("Accept-Language"))

    @property
    def confirmation_window(self) -> timedelta:
        """How long after its last use a key counts as in use, and its name is typed before it stops."""
        return timedelta(days=self.signed.row.confirmation_days)

    def may(self, permission: str) -> bool:
        """Whether the member holds a permission that leads anywhere."""
        if self.browser is None or self.browser.missing is not None:
            return False
        return permission in self.browser.scope and not self.off(permission)

    def off(self, permission: str | None) -> bool:
        """Whether what a permission leads to is switched off for the whole tenant."""
        return permission in KEY_PAGES and not self.signed.row.api_access

    @cached_property
    def expiring(self) -> int:
        """How many keys end soon, for the navigation; 0 for who may not see keys."""
        return key_notices.expiring(self.ctx, self.tenant_id, self.now) if self.may("api_keys:read") else 0

    def notice(self) -> str:
        """The sentence left for this page, which then is gone."""
        text = str(self.signed.row.notice)
        if text:
            sessions.leave_notice(self.ctx, self.signed, "")
        return text

    @property
    def token(self) -> str:
        """What a form of this browser's session carries against forgery."""
        return form_token(self.ctx, cookies.read(self.http, cookies.SESSION) or "")

    @property
    def place(self) -> str:
        """The address asked for, with its parameters."""
        asked = self.http.environ.get("QUERY_STRING") or ""
        return local(f"{self.http.path}?{asked}" if asked else self.http.path)


View = Callable[[Visit], Answer]


@dataclass(frozen=True)
class Page:
    """A page: who may open it, and whether the person must have proved lately to be there."""

    method: str
    path: str
    view: View
    permission: str | None = None
    public: bool = False
    proof: bool = False


KNOWN: set[str] = set()  # the addresses that a page can be opened at; the navigation leads to no other


class Pages:
    """Pages of one part of the console, in the order they were added."""

    def __init__(self) -> None:
        self.every: list[Page] = []

    def add(
        self,
        method: str,
        path: str,
        permission: str | None = None,
        *,
        public: bool = False,
        proof: bool = False,
    ) -> Callable[[View], View]:
        """Register a view."""

        def added(view: View) -> View:
            if method == "GET":
                KNOWN.add(path)
            self.every.append(Page(method, path, view, permission, public, proof))
            return view

        return added


def redirect(place: str, *headers: tuple[str, str]) -> Answer:
    """Send a browser on with GET (RFC 9110 §15.4.4)."""
    return Answer(303, (("Location", place), ("Cache-Control", "no-store"), *headers), b"")


def form_token(ctx: Context, cookie: str) -> str:
    """What forms of the session with this cookie carry."""
    return hmac.digest(ctx.vault.derive("form"), cookie.encode("latin-1", "replace"), "sha256").hex()


def local(given: str | None) -> str:
    """A path of ours, or the start page: after two slashes, or a slash and a backslash, browsers read a host."""
    if given is None or not given.startswith("/") or given[1:2] in {"/", "\\"} or not given.isprintable():
        return "/"
    return given


def visited(page: Page, http: Request, path: dict[str, str]) -> Answer:
    """Let a browser in and call the view; whatever is raised goes to the error pages."""
    http.require_secure()
    cookie = cookies.read(http, cookies.SESSION)
    visit = Visit(http, sessions.find(http.ctx, cookie, http.now) if cookie is not None else None, path)
    if http.method == "POST":
        _own_form(page, visit)
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


def _own_form(page: Page, visit: Visit) -> None:
    # Browsers say where a form comes from; where one does not say so, the token speaks (and for pages inside, always).
    site, origin = visit.http.header("Sec-Fetch-Site"), visit.http.header("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise StaleForm
    if site is None and origin is not None and origin not in _origins(visit):
        raise StaleForm
    if visit.browser is not None and not page.public:
        given = visit.http.header("X-CSRF-Token") or visit.form.get("csrf", "")
        if not hmac.compare_digest(given.encode(), visit.token.encode()):
            raise StaleForm


def _origins(visit: Visit) -> set[str]:
    settings = visit.ctx.settings
    return {settings.console_base, settings.base.removesuffix(settings.base_path)}


def unreadable() -> BadRequest:
    """What a request that no page sends gets."""
    return BadRequest(Fault.UNREADABLE)
