"""Turns templates into answers, with the words, the shell and the headers that every page has."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.runtime.version import installed
from app.web.console import assets
from app.web.console.pages import KNOWN, Visit
from app.web.console.words import Say, language
from app.web.replies import Answer

HTML = "text/html; charset=utf-8"
# CONSOLE.md §3.25; scripts carry a nonce, so that htmx obeys only what this very answer says.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types *; report-uri /csp-report"
)
ALLOWED = "clipboard-write=(self), publickey-credentials-get=(self), publickey-credentials-create=(self)"
DENIED = ("camera", "geolocation", "microphone", "payment", "usb", "display-capture", "serial")
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", ", ".join([ALLOWED, *(f"{name}=()" for name in DENIED)])),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Vary", "Cookie, Accept-Language, Accept-Encoding, HX-Request, Sec-Fetch-Site"),
)


class Streamed(Answer):
    """An answer whose body is written piece by piece, so that none of it has to fit into memory."""

    pieces: Iterator[bytes]


def download(name: str, kind: str, pieces: Iterator[bytes]) -> Streamed:
    """Answer with a file to be kept."""
    disposition = ("Content-Disposition", f'attachment; filename="{name}"')
    answer = Streamed(200, (("Content-Type", kind), disposition, *HEADERS), b"")
    answer.pieces = pieces
    return answer


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; what a template does not get is an error, not an empty place."""
    made = Environment(
        loader=PackageLoader("app.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals["icon"] = icon
    made.filters["count"] = lambda number: f"{number:,}"
    return made


@lru_cache(maxsize=512)  # a list of keys draws hundreds of the same few, which was a third of its time
def icon(name: str, kind: str = "") -> Markup:
    """An icon of the sprite; decoration, so words must stand beside it."""
    classes = f"kt-i {kind}".strip()
    return Markup('<svg class="{}" aria-hidden="true"><use href="/assets/{}#i-{}"/></svg>').format(
        classes, assets.names()["icons.svg"], name
    )


def page(
    visit: Visit, template: str, *, status: int = 200, headers: tuple[tuple[str, str], ...] = (), **said: Any
) -> Answer:
    """Answer with a page.

    template   a file of `templates`, without `.html`
    said       what it says
    """
    nonce = base64.b64encode(visit.ctx.entropy(18)).decode()
    say = Say(visit.words)
    body = (
        environment()
        .get_template(f"{template}.html")
        .render(
            visit=visit,
            nonce=nonce,
            files=assets.names(),
            times=visit.times,
            version=installed(),
            _=say.one,
            ngettext=say.some,
            links=links(visit),
            known=KNOWN,
            lang=language(visit.http.header("Accept-Language")),
            **said,
        )
    )
    kinds = (("Content-Type", HTML), ("Content-Security-Policy", POLICY.format(nonce=nonce)))
    return Answer(status, (*kinds, *HEADERS, *headers), body.encode(), "page" if status >= 400 else None)  # noqa: PLR2004


def links(visit: Visit) -> dict[str, str]:
    """Addresses outside the console that pages name; one that is not set is not shown."""
    settings = visit.ctx.settings
    return {
        "token": f"{settings.base}/token",
        "jwks": f"{settings.base}/.well-known/jwks.json",
        "base": settings.base,
        "support": settings.support_url,
        "status": settings.status_url,
        "docs": settings.docs_url or "/help",
    }
