"""Answers about tokens: plain (RFC 7662), signed (RFC 9701), and many in one request."""

from __future__ import annotations

import re
from typing import Any

import orjson

from app.actions import introspection, tokens
from app.actions.access import Caller
from app.domain.networks import parse_address
from app.domain.tokens import LARGEST_TOKEN
from app.runtime.metrics import INTROSPECTIONS
from app.web.client_credentials import authenticated
from app.web.faults import BadRequest, Fault
from app.web.forms import Form
from app.web.replies import JSON, NO_STORE, Answer, json_answer
from app.web.request import Request

MEDIA_TYPE = f"application/{introspection.TYPE}"
INACTIVE = {"active": False}
MOST_TOKENS = 100
_OTHER_FIELDS = 12  # credentials, an address, and what a client may send along
LARGEST_BATCH = MOST_TOKENS * (LARGEST_TOKEN + 128)
BATCH_FIELDS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type", "client_address"})
_TOKENS = frozenset({"token"})
_UNSTORED = (("Content-Type", JSON), *NO_STORE)
_SIGNED = (("Content-Type", MEDIA_TYPE), *NO_STORE)
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)
Asked = tuple[str, str | None]


def look(http: Request, caller: Caller, token: str, address: str | None) -> dict[str, Any]:
    """What a caller may know about a token; `address` is where it was presented, if the caller says so."""
    at = parse_address(address) if address else None
    found = tokens.introspect(http.ctx, caller, token, at, http.now, address_given=address is not None)
    http.ctx.metrics.count(INTROSPECTIONS, "true" if found else "false")
    return found or INACTIVE


def told(http: Request, caller: Caller, found: dict[str, Any]) -> tuple[int, Any, Any]:
    """Tell it as the caller wants it: as JSON, or signed (RFC 9701 §5)."""
    accepted: str | None = http.environ.get("HTTP_ACCEPT")
    if accepted is None or introspection.TYPE not in accepted or not _wants_signature(accepted):
        return 200, found, _UNSTORED
    return 200, introspection.signed(http.ctx, caller, found, http.now), _SIGNED


def batch(http: Request) -> Answer:
    """POST /introspect/batch: up to MOST_TOKENS tokens, each answered as if it had been asked about alone."""
    http.require_secure()
    if http.media_type == JSON:
        caller, asked = authenticated(http, Form()), _of_json(http)
    else:
        form = http.form(BATCH_FIELDS, _TOKENS, MOST_TOKENS + _OTHER_FIELDS, LARGEST_BATCH)
        address = form.get("client_address")
        caller, asked = authenticated(http, form), [(token, address) for token in form.lists.get("token", ())]
    if not 1 <= len(asked) <= MOST_TOKENS:
        raise BadRequest(Fault.UNREADABLE)
    return json_answer({"items": [look(http, caller, token, address) for token, address in asked]})


def _wants_signature(accepted: str) -> bool:
    # The signed form when it is named and nothing else is liked better (RFC 9110 §12.5.1).
    qualities: dict[str, float] = {}
    for part in accepted.split(","):
        name, _, parameters = part.partition(";")
        quality = _QUALITY.search(f";{parameters}")
        qualities[name.strip().lower()] = float(quality[1]) if quality is not None else 1.0
    signed = qualities.get(MEDIA_TYPE, 0.0)
    return signed > 0 and signed >= qualities.get(JSON, 0.0)


def _of_json(http: Request) -> list[Asked]:
    try:
        body = orjson.loads(http.body(LARGEST_BATCH))
    except orjson.JSONDecodeError as error:
        raise BadRequest(Fault.UNREADABLE) from error
    named, everywhere = (body.get("tokens"), body.get("client_address")) if isinstance(body, dict) else (None, None)
    if not isinstance(named, list) or not isinstance(everywhere, str | None):
        raise BadRequest(Fault.UNREADABLE)
    return [_asked(one, everywhere) for one in named]


def _asked(one: Any, everywhere: str | None) -> Asked:
    token, address = (
        (one.get("token"), one.get("client_address", everywhere)) if isinstance(one, dict) else (one, everywhere)
    )
    if not isinstance(token, str) or not token or not isinstance(address, str | None):
        raise BadRequest(Fault.UNREADABLE)
    return token, address
