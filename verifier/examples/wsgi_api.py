"""An API without a framework. Start: gunicorn wsgi_api:app"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from keyturn_verify import Verifier
from keyturn_verify.wsgi import Protected

credentials = (os.environ["KEY_ID"], os.environ["KEY_SECRET"]) if "KEY_ID" in os.environ else None
verifier = Verifier(os.environ["KEYTURN_ISSUER"], os.environ["KEYTURN_AUDIENCE"], credentials)


def api(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """List the contacts of the caller's tenant, or say that all is well."""
    token = environ.get("keyturn.token")
    said = {"status": "ok"} if token is None else {"key": token.key_id, "tenant": token.tenant}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]


def needed(environ: dict[str, Any]) -> str | None:
    """Nobody needs a token for /health."""
    return None if environ["PATH_INFO"] == "/health" else "contacts:read"


app = Protected(api, verifier, needed)
