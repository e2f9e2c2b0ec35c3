"""An API with FastAPI. Start: uvicorn fastapi_api:app"""

import os
from typing import Annotated

from fastapi import Depends, FastAPI

from keyturn_verify import AccessToken, AsyncVerifier
from keyturn_verify.asgi import Requires

credentials = (os.environ["KEY_ID"], os.environ["KEY_SECRET"]) if "KEY_ID" in os.environ else None
verifier = AsyncVerifier(os.environ["KEYTURN_ISSUER"], os.environ["KEYTURN_AUDIENCE"], credentials)
ContactsRead = Annotated[AccessToken, Depends(Requires(verifier, "contacts:read"))]
app = FastAPI()


@app.get("/contacts")
async def contacts(token: ContactsRead) -> dict[str, str | None]:
    """List the contacts of the caller's tenant."""
    return {"key": token.key_id, "tenant": token.tenant}


@app.get("/health")
async def health() -> dict[str, str]:
    """Nobody needs a token for this."""
    return {"status": "ok"}
