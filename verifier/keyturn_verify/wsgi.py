"""Plain WSGI: a middleware in front of any application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from keyturn_verify.bearer import answer, presented
from keyturn_verify.errors import Refused, scope_names
from keyturn_verify.verifier import Verifier

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
TOKEN = "keyturn.token"


class Protected:
    """Lets requests with a good token pass, with the token in `environ["keyturn.token"]`.

    needs    the scope of every request, or a function of the environ that answers it; None makes a request public
    """

    def __init__(
        self,
        application: Application,
        verifier: Verifier,
        needs: str | Iterable[str] | Callable[[Environ], str | Iterable[str] | None] = (),
        realm: str = "api",
        client_address: Callable[[Environ], str | None] = lambda environ: environ.get("REMOTE_ADDR"),
    ) -> None:
        self._application, self._verifier, self._realm = application, verifier, realm
        self._needs = needs if callable(needs) else None
        self._always = frozenset() if callable(needs) else scope_names(needs)
        self._client_address = client_address

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        environ.pop(TOKEN, None)
        needed = self._always if self._needs is None else self._needs(environ)
        if needed is None:
            return self._application(environ, start_response)
        try:
            fields = [environ["HTTP_AUTHORIZATION"]] if "HTTP_AUTHORIZATION" in environ else []
            environ[TOKEN] = self._verifier.verify(presented(fields), needed, self._client_address(environ))
        except Refused as refused:
            status, headers, body = answer(refused, self._realm)
            line = f"{status} {HTTPStatus(status).phrase}"
            start_response(line, [*headers, ("Content-Length", str(len(body)))])
            return [body]
        return self._application(environ, start_response)
