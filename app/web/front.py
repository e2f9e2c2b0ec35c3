"""The front: dispatches before Flask what is asked for most, and answers every failure (PERFORMANCE.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.context import Context
from app.domain.refusals import Refused
from app.runtime import log
from app.web import replies
from app.web.faults import BadRequest, Fault
from app.web.replies import Answer
from app.web.request import Request

View = Callable[[Request], Answer]
STATUS_LINES = {
    200: "200 OK", 201: "201 Created", 204: "204 No Content", 304: "304 Not Modified", 400: "400 Bad Request", 401: "401 Unauthorized",
    403: "403 Forbidden", 404: "404 Not Found", 405: "405 Method Not Allowed", 409: "409 Conflict", 410: "410 Gone", 412: "412 Precondition Failed",
    413: "413 Content Too Large", 415: "415 Unsupported Media Type", 422: "422 Unprocessable Content", 429: "429 Too Many Requests",
    431: "431 Request Header Fields Too Large", 500: "500 Internal Server Error", 503: "503 Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Route:
    """An address: its views by method, and whether its errors are OAuth's."""

    views: Mapping[str, View]
    oauth: bool = False
    name: str = ""

    @property
    def allow(self) -> str:
        """The methods it knows, for `Allow` (RFC 9110 §15.5.6)."""
        return ", ".join(sorted(self.views))


class Front:
    """A WSGI application before another one."""

    def __init__(self, ctx: Context, routes: Mapping[str, Route], behind: Any) -> None:
        self._ctx, self._behind, self._base = ctx, behind, ctx.settings.base_path
        self._routes = {**routes, **{self._base + path: route for path, route in routes.items()}}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer by a view of the front, or let the application behind answer."""
        route = self._routes.get(environ.get("PATH_INFO", ""))
        if route is None:
            found: Iterable[bytes] = self._behind(environ, start_response)
            return found
        request = Request(environ, self._ctx)
        answer = respond(request, route)
        if answer.reason is not None:
            log.refused(request, route.name, answer)
        headers = [*answer.headers, ("X-Request-ID", request.id), ("Content-Length", str(len(answer.body)))]
        start_response(STATUS_LINES[answer.status], headers)
        return [answer.body] if request.method != "HEAD" else []


def respond(request: Request, route: Route) -> Answer:
    """Call the view of a route and turn whatever it raises into an answer."""
    try:
        view = route.views.get(request.method)
        if view is None:
            raise BadRequest(Fault.METHOD, route.allow)
        return view(request)
    except Refused as refused:
        if route.oauth:
            return replies.oauth_refusal(refused.verdict, introspection=route.name == "introspect")
        return replies.door_refusal(refused.verdict, request.id)
    except Exception as error:  # noqa: BLE001 - the last line: whatever happens gets an answer
        answer = replies.oauth_failure(error) if route.oauth else replies.failure(error, request.id)
        if answer.status == 500:  # noqa: PLR2004
            log.crashed(request, error)
        return answer
