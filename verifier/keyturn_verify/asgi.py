"""Starlette and FastAPI: a dependency. In plain Starlette an endpoint awaits it itself."""

# Annotations are objects here, not text: FastAPI reads those of a dependency that is no function.
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from keyturn_verify.access_tokens import AccessToken
from keyturn_verify.bearer import answer, presented
from keyturn_verify.errors import Refused, scope_names
from keyturn_verify.verifier import AsyncVerifier


def peer(request: HTTPConnection) -> str | None:
    """Where a request comes from, as the server says; behind a proxy let the server find that out."""
    return None if request.client is None else request.client.host


class Requires:
    """`Depends(Requires(verifier, "contacts:read"))`, or `token = await contacts_read(request)`."""

    def __init__(
        self,
        verifier: AsyncVerifier,
        *scope: str,
        realm: str = "api",
        client_address: Callable[[HTTPConnection], str | None] = peer,
    ) -> None:
        self._verifier, self._realm, self._client_address = verifier, realm, client_address
        self._needed = scope_names(scope)

    async def __call__(self, request: HTTPConnection) -> AccessToken:
        """Verify the token of a request; raises HTTPException, which both frameworks answer with."""
        try:
            token = presented(request.headers.getlist("authorization"))
            return await self._verifier.verify(token, self._needed, self._client_address(request))
        except Refused as refused:
            status, headers, _ = answer(refused, self._realm)
            kept = {name: value for name, value in headers if name != "Content-Type"}
            raise HTTPException(status, refused.description, kept) from refused
