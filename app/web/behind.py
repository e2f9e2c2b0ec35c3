"""What stands behind the front: Flask, with every answer made to look like ours."""

from __future__ import annotations

from typing import Any

import orjson

from app.web import replies
from app.web.replies import Answer
from app.web.request import Request

Header = tuple[str, str]
FIRST_REFUSAL = 400
ROUTE = "keyturn.route"  # which rule was taken: one of a closed list, as the path is not
ASKED = "keyturn.request"  # the request as the front read it, so that it happens at one instant
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
        environ[ASKED] = asked
        if asked.method == "HEAD":  # GET without its body (RFC 9110 §9.3.2); the front needs its length
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
        return environ.get(ROUTE, "unmatched"), Answer(
            status, tuple(header for header in taken[1] if header[0].lower() not in OURS), body, reason
        )


def _reason(headers: list[Header], body: bytes) -> str:
    if dict(headers).get("Content-Type") != replies.PROBLEM:
        return "page"
    return str(orjson.loads(body).get("error"))
