"""What stands behind the front: Flask, with every answer made to look like ours."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from app.web import replies
from app.web.replies import Answer
from app.web.request import Request

Header = tuple[str, str]
FIRST_REFUSAL = 400
OURS = frozenset({"content-length", "x-request-id", "x-content-type-options", "server", "strict-transport-security"})


class Behind:
    """Another WSGI application, asked for what the front does not know."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def answer(self, asked: Request) -> tuple[str, Answer]:
        """Let the application answer; the route it took and the answer, whole.

        raises   whatever the application lets through
        """
        environ = asked.environ
        environ["HTTP_X_REQUEST_ID"] = asked.id  # the same request keeps one name
        if asked.method == "HEAD":  # GET without its body (RFC 9110 §9.3.2): the front leaves that away, and needs its length
            environ["REQUEST_METHOD"] = "GET"
        taken: list[Any] = []

        def start_response(status: str, headers: list[Header], exc_info: Any = None) -> Any:
            taken[:] = [status, headers, exc_info]
            return parts.append

        parts: list[bytes] = []
        chunks = self._application(environ, start_response)
        try:
            parts.extend(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status = int(taken[0].partition(" ")[0])
        body = b"".join(parts)
        reason = _reason(taken[1], body) if status >= FIRST_REFUSAL else None
        return _route(environ), Answer(status, tuple(header for header in taken[1] if header[0].lower() not in OURS), body, reason)


def _route(environ: dict[str, Any]) -> str:
    # Werkzeug leaves its request there; the rule is one of a closed list, the path is not.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule is not None else "unmatched"


def _reason(headers: list[Header], body: bytes) -> str:
    if dict(headers).get("Content-Type") != replies.PROBLEM:
        return "page"
    return str(orjson.loads(body).get("error"))


def answer_errors_with_problems(app: Flask) -> None:
    """Let no page of Flask's own out: an error that nobody else handles becomes a problem."""
    app.url_map.merge_slashes = False  # a redirect to a path like the one asked for is no answer to a program

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> Response:
        if error.response is not None:  # somebody raised a whole answer
            return app.make_response(error.response)
        allow = tuple(header for header in error.get_headers() if header[0] == "Allow")
        code = error.name.lower().replace(" ", "_")
        answer = replies.problem(error.code or 500, code, error.name, request.headers.get("X-Request-ID", ""), headers=allow)
        return Response(answer.body, answer.status, list(answer.headers))
