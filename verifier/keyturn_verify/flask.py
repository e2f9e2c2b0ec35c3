"""Flask: a decorator for views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Request, Response, current_app, g, request

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.bearer import answer, presented
from keyturn_verify.errors import Refused, scope_names
from keyturn_verify.verifier import Verifier

P = ParamSpec("P")
View = Callable[P, Any]


class Protect:
    """`protect = Protect(verifier)`, then `@protect("contacts:read")` below the route of a view.

    client_address   where a request comes from; behind a proxy let werkzeug's ProxyFix find that out
    """

    def __init__(
        self,
        verifier: Verifier,
        realm: str = "api",
        client_address: Callable[[Request], str | None] = lambda asked: asked.remote_addr,
    ) -> None:
        self._verifier, self._realm, self._client_address = verifier, realm, client_address

    def __call__(self, *scope: str) -> Callable[[View[P]], View[P]]:
        """Let a view be called only with a token that has all these scopes."""
        needed = scope_names(scope)

        def protected(view: View[P]) -> View[P]:
            @wraps(view)
            def checked(*args: P.args, **kwargs: P.kwargs) -> Any:
                try:
                    token = presented(request.headers.getlist("Authorization"))
                    g.access_token = self._verifier.verify(token, needed, self._client_address(request))
                except Refused as refused:
                    status, headers, body = answer(refused, self._realm)
                    return Response(body, status, headers)
                return current_app.ensure_sync(view)(*args, **kwargs)

            return checked

        return protected


def access_token() -> AccessToken:
    """The verified token of the request at hand."""
    found: AccessToken = g.access_token
    return found
