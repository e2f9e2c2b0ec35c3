"""How a token is presented, and how a refusal is answered (RFC 6750): what all adapters share. No framework."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from keyturn_verify.errors import Refused, RequestMalformed, TokenMissing

_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Answer(NamedTuple):
    """What a refused request is answered with."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def presented(fields: Sequence[str]) -> str:
    """Find the token in the Authorization fields of a request; nowhere else is it looked for.

    raises   TokenMissing when there is none (RFC 6750 §3.1); RequestMalformed when nobody could tell which one counts
    """
    if len(fields) > 1:
        raise RequestMalformed("two Authorization fields")
    scheme, _, token = (fields[0] if fields else "").strip(" \t").partition(" ")
    if scheme.lower() != "bearer":  # RFC 9110 §11.1: in any case of letters
        raise TokenMissing
    token = token.strip(" ")
    if not _B64TOKEN.fullmatch(token):  # RFC 6750 §2.1
        raise RequestMalformed("no b64token")
    return token


def answer(refused: Refused, realm: str = "api", resource_metadata: str | None = None) -> Answer:
    """Write the answer to a refused request.

    realm               what the challenge names
    resource_metadata   the address of this service's metadata, if it publishes any (RFC 9728 §5.1)
    """
    said = {"error": refused.error or "unauthorized", "error_description": refused.description}
    headers = [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("WWW-Authenticate", refused.challenge(realm, resource_metadata)),
    ]
    if refused.retry_after is not None:
        said["error"] = "temporarily_unavailable"
        headers.append(("Retry-After", str(refused.retry_after)))
    return Answer(refused.status, headers, json.dumps(said).encode())
