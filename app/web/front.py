"""The front: dispatches before Flask what is asked for most, and answers every failure (PERFORMANCE.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any

from app.context import Context
from app.domain.refusals import Refused, Unavailable
from app.runtime import log
from app.web import replies, uses
from app.web.behind import Behind
from app.web.faults import BadRequest, Fault
from app.web.replies import Answer
from app.web.request import BODY_READ, Request

View = Callable[[Request], Answer]
STATUS_LINES = {
    200: "200 OK",
    201: "201 Created",
    204: "204 No Content",
    304: "304 Not Modified",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    409: "409 Conflict",
    410: "410 Gone",
    412: "412 Precondition Failed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    422: "422 Unprocessable Content",
    429: "429 Too Many Requests",
    431: "431 Request Header Fields Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Server", "keyturn"),
)  # RFC 9110 §10.2.4: no version helps only guests
MOST_DISCARDED = 256 * 1024
HSTS = ("Strict-Transport-Security", "max-age=63072000")


@dataclass(frozen=True, slots=True)
class Route:
    """An address: its views by method, the view of any other method, and whether its errors are OAuth's."""

    views: Mapping[str, View]
    oauth: bool = False
    name: str = ""
    otherwise: View | None = None

    @property
    def allow(self) -> str:
        """The methods it knows, for `Allow` (RFC 9110 §15.5.6)."""
        return ", ".join(sorted(self.views))


class Front:
    """A WSGI application before another one. A path that ends in a slash stands for all that begins with it."""

    def __init__(self, ctx: Context, routes: Mapping[str, Route], behind: Behind | None) -> None:
        self._ctx, self._behind, self._base = ctx, behind, ctx.settings.base_path
        self._routes = {**routes, **{self._base + path: route for path, route in routes.items()}}
        self._below = tuple((path, route) for path, route in self._routes.items() if path.endswith("/"))
        self._note, self._all = ctx.metrics.note, ctx.settings.log_level == "debug"
        self._always = ALWAYS if ctx.settings.insecure_issuer else (*ALWAYS, HSTS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer by a view of the front, or let the application behind answer."""
        began = perf_counter()
        request = Request(environ, self._ctx)
        route = self._routes.get(request.path) or self._above(request.path)
        if route is not None:
            name, answer = route.name, respond(request, route)
        else:
            name, answer = self._beyond(request)
        if answer.reason is not None:
            log.refused(request, name, answer)
            _discard_body(environ)
        elif self._all:
            log.granted(request, name, answer)
        code, headers, body, reason = answer
        if request.spent is not None:
            headers = (*headers, *replies.pace_headers(request.spent))
        if request.facts is not None:
            uses.count(request, code, reason)
        status = STATUS_LINES.get(code) or f"{code} {HTTPStatus(code).phrase}"
        start_response(
            status, [*headers, *self._always, ("X-Request-ID", request.id), ("Content-Length", str(len(body)))]
        )
        self._note(name, request.method, status[:3], reason, perf_counter() - began)
        return [body] if request.method != "HEAD" else []

    def _above(self, path: str) -> Route | None:
        for beginning, route in self._below:
            if path.startswith(beginning):
                return route
        return None

    def _beyond(self, request: Request) -> tuple[str, Answer]:
        try:
            if request.method in {"CONNECT", "TRACE"}:  # nothing here is a proxy, and nothing gives credentials back
                raise BadRequest(Fault.METHOD, "GET, HEAD, POST")
            if self._behind is None:
                raise BadRequest(Fault.NOT_FOUND)
            return self._behind.answer(request)
        except Exception as error:  # noqa: BLE001 - the last line, as in `respond`
            return "unmatched", _failed(request, replies.failure(error, request.id), error)


def _discard_body(environ: dict[str, Any]) -> None:
    # What is left of a body is read before it is refused, so that the refusal arrives and the connection lives on.
    length = environ.get("CONTENT_LENGTH") or ""
    unbounded = "HTTP_TRANSFER_ENCODING" in environ
    if (
        BODY_READ in environ
        or "HTTP_EXPECT" in environ
        or not (unbounded or (length.isdecimal() and 0 < int(length) <= MOST_DISCARDED))
    ):
        return
    with suppress(OSError, Unavailable):
        environ["wsgi.input"].read(MOST_DISCARDED if unbounded else int(length))


def respond(request: Request, route: Route) -> Answer:
    """Call the view of a route and turn whatever it raises into an answer."""
    try:
        view = route.views.get(request.method, route.otherwise)
        if view is None:
            raise BadRequest(Fault.METHOD, route.allow)
        return view(request)
    except Refused as refused:
        if route.oauth:
            return replies.oauth_refusal(refused.verdict, introspection=route.name.startswith("introspect"))
        return replies.door_refusal(refused.verdict, request.id, request.needed)
    except Exception as error:  # noqa: BLE001 - the last line: whatever happens gets an answer
        return _failed(
            request, replies.oauth_failure(error) if route.oauth else replies.failure(error, request.id), error
        )


def _failed(request: Request, answer: Answer, error: Exception) -> Answer:
    if answer.status == 500:  # noqa: PLR2004
        log.crashed(request, error)
    return answer
