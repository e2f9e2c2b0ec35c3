"""An API with Starlette. Start: uvicorn starlette_api:app"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from keyturn_verify import AsyncVerifier
from keyturn_verify.asgi import Requires

credentials = (os.environ["KEY_ID"], os.environ["KEY_SECRET"]) if "KEY_ID" in os.environ else None
verifier = AsyncVerifier(os.environ["KEYTURN_ISSUER"], os.environ["KEYTURN_AUDIENCE"], credentials)
contacts_read = Requires(verifier, "contacts:read")


async def contacts(request: Request) -> JSONResponse:
    """List the contacts of the caller's tenant."""
    token = await contacts_read(request)
    return JSONResponse({"key": token.key_id, "tenant": token.tenant})


async def health(_request: Request) -> JSONResponse:
    """Nobody needs a token for this."""
    return JSONResponse({"status": "ok"})


app = Starlette(routes=[Route("/contacts", contacts), Route("/health", health)])
