"""Status lists: what verifiers that work offline ask for again and again (Token Status List §8)."""

from __future__ import annotations

import re

import orjson

from app.actions import access, tokens
from app.actions.access import Caller
from app.domain import credentials, status_list
from app.domain.clients import client_name
from app.domain.policy import Attempt
from app.domain.propagation import Place, Poll
from app.domain.refusals import Refused
from app.runtime import log
from app.runtime.status_lists import SignedList
from app.web.faults import BadRequest, Fault
from app.web.public.discovery import OPEN
from app.web.replies import JSON, Answer
from app.web.request import Request, basic_credentials

MEDIA_TYPE = f"application/{status_list.TYPE}"
_PLACE = re.compile(r".*/status-lists/(0|[1-9][0-9]{0,11})")
_GZIP = re.compile(r"(?:^|[\s,])(?:gzip|x-gzip|\*)\s*(?:;\s*q\s*=\s*(?P<q>[0-9.]+))?\s*(?:,|$)", re.IGNORECASE)
_INSTANCE = re.compile(r"[A-Za-z0-9._:@/-]{1,100}")
# A cache must not answer a verifier that is known by its key: how fast that one learns is what we tell of it.
_VARY = ("Vary", "Accept-Encoding, Authorization")
_TOLD = ("Access-Control-Expose-Headers", "ETag")


def one(request: Request) -> Answer:
    """GET /status-lists/<n>."""
    found = _PLACE.fullmatch(request.path)
    number = int(found[1]) if found is not None else None
    signed = request.ctx.status_lists.current(number, request.now) if number is not None else None
    if signed is None or number is None:
        raise BadRequest(Fault.NOT_FOUND)
    caller = _known(request)
    if caller is not None:
        _note(request, caller, number, signed.version)
    return _sent(request, signed, "public" if caller is None else "private")


def every(request: Request) -> Answer:
    """GET /status-lists: where all of them are (§9.2)."""
    lists = request.ctx.status_lists
    cached = ("Cache-Control", f"public, max-age={lists.ttl}")
    return Answer(200, (("Content-Type", JSON), cached, *OPEN), orjson.dumps({"status_lists": lists.uris()}))


def _sent(request: Request, signed: SignedList, whose: str) -> Answer:
    zipped = _takes_gzip(request.header("Accept-Encoding"))
    etag = status_list.gzipped(signed.etag) if zipped else signed.etag
    cached = ("Cache-Control", f"{whose}, max-age={request.ctx.status_lists.ttl}")
    headers: tuple[tuple[str, str], ...] = (cached, ("ETag", etag), _VARY, _TOLD, *OPEN)
    if status_list.matches(request.header("If-None-Match") or "", signed.etag):
        return Answer(304, headers, b"")
    headers = (("Content-Type", MEDIA_TYPE), *headers)
    if not zipped:
        return Answer(200, headers, signed.body)
    return Answer(200, (("Content-Encoding", "gzip"), *headers), signed.gzipped)


def _known(request: Request) -> Caller | None:
    """The verifier that asks, when it shows credentials that are good; everybody may have the list."""
    try:
        authorization = request.authorization()
        if authorization is None or authorization[0] != "basic":
            return None
        client_id, secret = basic_credentials(authorization[1])
        presented = credentials.parse(secret)
        if presented.key_id != client_id:
            return None
        caller = access.admit(request.ctx, presented, Attempt(request.address), request.now)
    except (Refused, BadRequest):
        # A verifier whose secret was replaced must not lose the list as well, and refuse every caller of its API.
        log.told("verifier.not_recognised", address=str(request.address or ""), request_id=request.id)
        return None
    return caller if caller.facts.kind == tokens.RESOURCE_SERVER else None


def _note(request: Request, caller: Caller, number: int, version: int) -> None:
    called = request.header("X-Keyturn-Verifier") or ""
    address = str(request.address) if request.address is not None else ""
    place = Place(caller.key_id, called if _INSTANCE.fullmatch(called) else address, number)
    asked = status_list.held(request.header("If-None-Match") or "", number)
    client = client_name(request.header("User-Agent") or "")
    held = asked if asked is not None and asked <= version else None  # of a database that was restored since
    request.ctx.verifiers.polled(Poll(place, address, client, held, version, request.now))
    request.facts = caller.facts


def _takes_gzip(accepted: str | None) -> bool:
    found = _GZIP.search(accepted) if accepted is not None else None
    return found is not None and (found["q"] is None or found["q"].strip("0.") != "")
