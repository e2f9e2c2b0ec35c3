"""Cursors: where a page of a list ended, signed so that nobody makes one up."""

from __future__ import annotations

import base64
import hmac
import json
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Any

from app.context import Context
from app.domain.refusals import Invalid, Problem

_MAC_SIZE = 16
LONGEST = 2000


def cursor(ctx: Context, of: str, place: Sequence[Any]) -> str:
    """Write down a place in a list.

    of        which list, in which order, of whom; the cursor opens for the same alone
    place     JSON values: what the last row of the page is ordered by
    returns   base64url, meaningless to its holder
    """
    payload = json.dumps(list(place), separators=(",", ":")).encode("ascii")
    return base64.urlsafe_b64encode(_mac(ctx, of, payload) + payload).decode("ascii").rstrip("=")


def place(ctx: Context, of: str, text: str, field: str = "after") -> list[Any]:
    """Read a cursor back; Invalid when it was made for another list, changed, or made up.

    field   the parameter to blame
    """
    try:
        blob = base64.urlsafe_b64decode(text[:LONGEST].encode("ascii") + b"=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        blob = b""
    mac, payload = blob[:_MAC_SIZE], blob[_MAC_SIZE:]
    if not hmac.compare_digest(mac, _mac(ctx, of, payload)):
        raise Invalid(
            Problem(field, "cursor", "This is no cursor of this list and this order. Begin again without it.")
        )
    found: list[Any] = json.loads(payload)
    return found


def _mac(ctx: Context, of: str, payload: bytes) -> bytes:
    return hmac.digest(ctx.vault.derive("cursor"), of.encode() + b"\0" + payload, "sha256")[:_MAC_SIZE]
