"""Form bodies, strictly read (RFC 6749 §3.2 and Appendix B)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from app.web.faults import BadRequest, Fault

MOST_FIELDS = 100
FORM = "application/x-www-form-urlencoded"
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Form(dict[str, str]):
    """A form's parameters; `lists` has those that may come several times."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[str]] = {}


def pairs(data: bytes, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """Decode a form body; BadRequest unless all of it is well-formed UTF-8 in well-formed escapes, without NUL."""
    if data.count(b"&") >= most or b"\0" in data or b"%00" in data:
        raise BadRequest(Fault.ENCODING)
    try:
        if b"%" in data or b"+" in data:
            halves = [field.partition(b"=") for field in data.split(b"&") if field]
            return [(form_decoded(name), form_decoded(value)) for name, _, value in halves]
        # Most forms: nothing in them was encoded.
        return [
            (name, value) for name, _, value in [field.partition("=") for field in data.decode().split("&") if field]
        ]
    except ValueError as error:
        raise BadRequest(Fault.ENCODING) from error


def form_decoded(half: bytes) -> str:
    """Undo the form encoding of one name or value; ValueError unless it is UTF-8 (RFC 6749 Appendix B)."""
    if b"%" in half or b"+" in half:
        if _BAD_ESCAPE.search(half):
            raise ValueError("escape")
        half = unquote_to_bytes(half.replace(b"+", b" "))
    return half.decode("utf-8")


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case (RFC 9110 §8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=64)
def is_form(content_type: str) -> bool:
    """Whether this Content-Type is a form's, in UTF-8."""
    charset = re.search(r";\s*charset\s*=\s*\"?([^\s;\"]+)", content_type, re.IGNORECASE)
    return media_type(content_type) == FORM and (charset is None or charset[1].lower() == "utf-8")
