"""What keeps other sites from sending our forms, and our links from leading to other sites."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from app.context import Context
from app.web.forms import Form

if TYPE_CHECKING:
    from app.web.console.pages import Visit


class StaleForm(Exception):
    """A form came without, or with another session's, token: nothing was done.

    form   what was in it, where the browser says that a page of ours sent it
    """

    def __init__(self, form: Form | None = None) -> None:
        super().__init__("stale form")
        self.form = form


def form_token(ctx: Context, cookie: str) -> str:
    """What forms of the session with this cookie carry."""
    return hmac.digest(ctx.vault.derive("form"), cookie.encode("latin-1", "replace"), "sha256").hex()


def local(given: str | None) -> str:
    """A path of ours, or the start page: after two slashes, or a slash and a backslash, browsers read a host."""
    if given is None or not given.startswith("/") or given[1:2] in {"/", "\\"} or not given.isprintable():
        return "/"
    return given


def refuse(visit: Visit, *, inside: bool) -> None:
    """Refuse a form that no page of ours made; raises StaleForm.

    inside   the page is for people who are signed in, whose forms carry a token
    """
    # Browsers say where a form comes from; where one does not say so, the token speaks (and for pages inside, always).
    site, origin = visit.http.header("Sec-Fetch-Site"), visit.http.header("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise StaleForm
    if site is None and origin is not None and origin not in _origins(visit):
        raise StaleForm
    if inside:
        header = visit.http.header("X-CSRF-Token")
        given = header or visit.form.get("csrf", "")
        if not hmac.compare_digest(given.encode(), visit.token.encode()):
            ours = header is None and (site == "same-origin" or origin in _origins(visit))
            raise StaleForm(visit.form if ours else None)


def _origins(visit: Visit) -> set[str]:
    settings = visit.ctx.settings
    return {settings.console_base, settings.base.removesuffix(settings.base_path)}
