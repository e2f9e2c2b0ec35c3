"""An API with Flask. Start: flask --app flask_api run"""

import os

from flask import Flask

from keyturn_verify import Verifier
from keyturn_verify.flask import Protect, access_token

credentials = (os.environ["KEY_ID"], os.environ["KEY_SECRET"]) if "KEY_ID" in os.environ else None
verifier = Verifier(os.environ["KEYTURN_ISSUER"], os.environ["KEYTURN_AUDIENCE"], credentials)
protect = Protect(verifier)
app = Flask(__name__)


@app.get("/contacts")
@protect("contacts:read")
def contacts() -> dict[str, str | None]:
    """List the contacts of the caller's tenant."""
    token = access_token()
    return {"key": token.key_id, "tenant": token.tenant}


@app.get("/health")
def health() -> dict[str, str]:
    """Nobody needs a token for this."""
    return {"status": "ok"}
