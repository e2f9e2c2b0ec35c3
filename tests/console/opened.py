"""A deployment served to a real browser, and what its pages complain about."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app.web.console import assets
from tests.console import people
from tests.console.people import PASSWORD
from tests.console.served import served
from tests.patience import PATIENCE_SECONDS
from tests.world import World

ENDS_WITHIN = 0.01  # seconds in which a server hears that its test is over


class _Quiet(WSGIRequestHandler):
    def log(self, kind: str, message: str, *arguments: Any) -> None:
        """Say nothing."""


class Console:
    """A deployment with a member signed in, and what pages complained about meanwhile."""

    def __init__(self, world: World, server: BaseWSGIServer, chromium: Browser) -> None:
        self.world, self._server, self._chromium = world, server, chromium
        self.base = f"http://localhost:{server.port}"
        self.complaints: list[str] = []
        self.bodies: list[str] = []
        self.reported = threading.Event()

    def member(self, role: str = "global_admin", name: str = "Ada Okafor", tenant: str | None = None) -> str:
        """A member with a password, by e-mail address."""
        return people.member(self.world, role, name, tenant)

    def open(self, **options: Any) -> Page:
        """A new browser without cookies."""
        context: BrowserContext = self._chromium.new_context(base_url=self.base, **options)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = context.new_page()
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def around(self, wrapped: Callable[[Any], Any]) -> None:
        """Put something around the application that is served."""
        self._server.app = wrapped(self._server.app)

    def listening(self, app: Any) -> Any:
        """The application, with an ear for reports of violated policies."""

        def heard(environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"] == "/csp-report":
                self.complaints.append("a page violated its policy and the browser reported it")
                self.reported.set()
            return app(environ, start_response)

        return heard

    def _heard(self, kind: str, text: str) -> None:
        # That an answer is an error is not the page's fault: tests provoke them.
        if kind in {"error", "warning"} and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def signed_in(self, role: str = "global_admin", **options: Any) -> Page:
        """A browser in which a member of this role is signed in, at the start page."""
        page = self.open(**options)
        form = {"email": self.member(role), "password": PASSWORD, "next": "/"}
        assert page.request.post("/sign-in", form=form, max_redirects=0).status == 303
        page.goto("/")
        return page

    def sign_in(self, page: Page, email: str, password: str = PASSWORD) -> None:
        """Sign in through the form."""
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        with page.expect_event("domcontentloaded"):  # the answer holds the cookie
            page.get_by_test_id("submit").click()


@contextmanager
def opened(make_world: Callable[..., World], chromium: Browser, **settings: str) -> Iterator[Console]:
    """The console of a fresh deployment, served; no page of it may complain."""
    assets.names()
    server = make_server("127.0.0.1", 0, _nothing, threaded=True, request_handler=_Quiet)
    world = make_world(
        KEYTURN_ISSUER=f"http://127.0.0.1:{server.port}",
        KEYTURN_SUPPORT_URL="mailto:help@example.com",
        KEYTURN_STATUS_URL="https://status.example.com/",
        **settings,
    )
    found = Console(world, server, chromium)
    server.app = found.listening(served(world, found.bodies))
    thread = threading.Thread(target=server.serve_forever, args=(ENDS_WITHIN,), daemon=True)
    thread.start()
    yield found
    for context in chromium.contexts:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert found.complaints == [], json.dumps(found.complaints, indent=2)


def _nothing(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []
