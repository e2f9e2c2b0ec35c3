"""Django: a middleware that wants a token for every view, except those that are marked as public.

settings.KEYTURN_VERIFY holds the arguments of Verifier, and `realm` and `client_address` if they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from keyturn_verify.bearer import answer, presented
from keyturn_verify.errors import Refused, scope_names
from keyturn_verify.verifier import AsyncVerifier, Verifier

View = TypeVar("View", bound=Callable[..., Any])
_NEEDS = "access_token_scope"
_NO_SCOPE: frozenset[str] = frozenset()


def needs(*scope: str) -> Callable[[View], View]:
    """Mark a view as one that needs all these scopes; for a class, `method_decorator(needs(...), name="dispatch")`."""
    needed = scope_names(scope)

    def marked(view: View) -> View:
        setattr(view, _NEEDS, needed)
        return view

    return marked


def public(view: View) -> View:
    """Mark a view as one for everybody."""
    setattr(view, _NEEDS, None)
    return view


class AccessTokens:
    """The middleware; views find the token in `request.access_token`."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        chosen = dict(settings.KEYTURN_VERIFY)
        self._get_response = get_response
        self._realm = chosen.pop("realm", "api")
        self._client_address = chosen.pop("client_address", lambda request: request.META.get("REMOTE_ADDR"))
        later = iscoroutinefunction(get_response)
        self._verify: Callable[..., Any] = (AsyncVerifier if later else Verifier)(**chosen).verify
        self.process_view: Callable[..., Any] = self._later if later else self._now
        if later:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Hand the request on; it is judged when its view is known."""
        return self._get_response(request)

    def _now(self, request: HttpRequest, view: Callable[..., Any], *_arguments: Any) -> HttpResponse | None:
        needed = getattr(view, _NEEDS, _NO_SCOPE)
        if needed is None:
            return None
        try:
            request.access_token = self._verify(_token(request), needed, self._client_address(request))
        except Refused as refused:
            return self._refusal(refused)
        return None

    async def _later(self, request: HttpRequest, view: Callable[..., Any], *_arguments: Any) -> HttpResponse | None:
        needed = getattr(view, _NEEDS, _NO_SCOPE)
        if needed is None:
            return None
        try:
            request.access_token = await self._verify(_token(request), needed, self._client_address(request))
        except Refused as refused:
            return self._refusal(refused)
        return None

    def _refusal(self, refused: Refused) -> HttpResponse:
        status, headers, body = answer(refused, self._realm)
        return HttpResponse(body, status=status, headers=dict(headers))


def _token(request: HttpRequest) -> str:
    field = request.META.get("HTTP_AUTHORIZATION")
    return presented([] if field is None else [field])
