"""What is said about a token, signed: evidence that outlives the connection (RFC 9701)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.actions.access import Caller
from app.context import Context
from app.domain import statements
from app.domain.refusals import Unavailable

TYPE = "token-introspection+jwt"


def signed(ctx: Context, caller: Caller, found: dict[str, Any], now: datetime) -> bytes:
    """Sign an answer for the one who asked.

    found     the answer as JSON has it; becomes `token_introspection`. There is no top-level `sub` or `exp` (§5)
    returns   a JWT in compact form
    raises    Unavailable while no key can sign
    """
    signer = ctx.ring.at(caller.facts.signing_keys_version, now).signing
    if signer is None:
        raise Unavailable("No signing key can be used.")
    payload = {
        "iss": ctx.settings.issuer,
        "aud": caller.key_id,
        "iat": int(now.timestamp()),
        "token_introspection": found,
    }
    return statements.sign(signer, TYPE, orjson.dumps(payload))
