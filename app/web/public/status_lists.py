"""Status lists: what verifiers that work offline ask for again and again (Token Status List §8)."""

from __future__ import annotations

import re

import orjson

from app.domain import status_list
from app.runtime.status_lists import SignedList
from app.web.faults import BadRequest, Fault
from app.web.public.discovery import OPEN
from app.web.replies import JSON, Answer
from app.web.request import Request

MEDIA_TYPE = f"application/{status_list.TYPE}"
_PLACE = re.compile(r".*/status-lists/(0|[1-9][0-9]{0,11})")
_GZIP = re.compile(r"(?:^|[\s,])(?:gzip|x-gzip|\*)\s*(?:;\s*q\s*=\s*(?P<q>[0-9.]+))?\s*(?:,|$)", re.IGNORECASE)
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
    return _sent(request, signed)


def every(request: Request) -> Answer:
    """GET /status-lists: where all of them are (§9.2)."""
    lists = request.ctx.status_lists
    cached = ("Cache-Control", f"public, max-age={lists.ttl}")
    return Answer(200, (("Content-Type", JSON), cached, *OPEN), orjson.dumps({"status_lists": lists.uris()}))


def _sent(request: Request, signed: SignedList) -> Answer:
    zipped = _takes_gzip(request.header("Accept-Encoding"))
    etag = status_list.gzipped(signed.etag) if zipped else signed.etag
    cached = ("Cache-Control", f"public, max-age={request.ctx.status_lists.ttl}")
    headers: tuple[tuple[str, str], ...] = (cached, ("ETag", etag), _VARY, _TOLD, *OPEN)
    if status_list.matches(request.header("If-None-Match") or "", signed.etag):
        return Answer(304, headers, b"")
    headers = (("Content-Type", MEDIA_TYPE), *headers)
    if not zipped:
        return Answer(200, headers, signed.body)
    return Answer(200, (("Content-Encoding", "gzip"), *headers), signed.gzipped)


def _takes_gzip(accepted: str | None) -> bool:
    found = _GZIP.search(accepted) if accepted is not None else None
    return found is not None and (found["q"] is None or found["q"].strip("0.") != "")
