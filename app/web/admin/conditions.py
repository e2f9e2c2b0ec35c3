"""`If-Match` and `Idempotency-Key`: what a caller saw, and which request it repeats."""

from __future__ import annotations

import hashlib
import json
import re

from pydantic import BaseModel

from app.actions.once import Once
from app.domain.refusals import Conflict, Invalid, Problem
from app.web.faults import BadRequest, Fault
from app.web.request import Request

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,9}")
_ONCE = re.compile(r"[\x21-\x7e]{1,255}")


def etag(version: int) -> str:
    """An object's version as an entity tag (RFC 9110 §8.8.3)."""
    return f'"{version}"'


def not_the_version_seen() -> Conflict:
    """The object is not, or no longer, what the caller saw."""
    return Conflict(
        "precondition_failed",
        "The object was changed meanwhile.",
        ("Read it again and repeat the change if it still makes sense.",),
    )


def version(http: Request, *, versioned: bool) -> int | None:
    """The version that `If-Match` demands; None without one.

    versioned   whether the object has versions; none of its tags can match when not (RFC 9110 §13.1.1)
    raises      Conflict when no version can match, Invalid for what is no entity tag, BadRequest for several
    """
    wanted = http.header("If-Match")
    if wanted is None or wanted.strip() == "*":
        return None
    wanted = wanted.strip()
    tag = _TAG.fullmatch(wanted)
    if tag is None:
        if "," in wanted:
            raise BadRequest(Fault.REPEATED)
        raise Invalid(Problem("If-Match", "format", 'Must be an ETag as it was answered, such as "3".'))
    if tag[1] or not versioned or _VERSION.fullmatch(tag[2]) is None:  # RFC 9110 §13.1.1: a weak tag never matches
        raise not_the_version_seen()
    return int(tag[2])


def once(http: Request, key_id: str, body: BaseModel | None) -> Once | None:
    """Which request this one may repeat; None without `Idempotency-Key`."""
    key = http.header("Idempotency-Key")
    if key is None:
        return None
    if _ONCE.fullmatch(key) is None:
        raise Invalid(Problem("Idempotency-Key", "format", "Must be 1 to 255 visible ASCII characters."))
    members = {name: getattr(body, name) for name in body.model_fields_set} if body is not None else {}
    asked = json.dumps([http.method, http.path, members], sort_keys=True).encode("ascii")
    return Once(key_id, key, hashlib.sha256(asked).digest())
