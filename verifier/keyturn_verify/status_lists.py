"""A Token Status List: read one that was signed, keep it packed, look an entry up."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from keyturn_verify.public_keys import PublicKey
from keyturn_verify.signed import Unreadable, members, octets, verified

MEDIA_TYPE = "application/statuslist+jwt"
# Token Status List, "Status List Token in JWT Format"; RFC 7515 §4.1.9: `application/` may stand before it.
TYPES = frozenset({"statuslist+jwt", MEDIA_TYPE})
WIDTHS = (1, 2, 4, 8)
LARGEST_ENTRIES = 1 << 20  # bytes, unpacked: 2^22 entries of 2 bits
LARGEST_BODY = 2 << 20
# How far the clock of the issuer may be ahead: a list of tomorrow would make every list of today a step back.
_AHEAD = 60


class Status(IntEnum):
    """What an entry says; 3 is Keyturn's own meaning of an application-specific value."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    RECHECK = 3


class StatusList(NamedTuple):
    """A list that was signed for its address.

    packed       entries side by side, least significant bits first
    width        bits an entry
    issued_at    `iat`, whole seconds since 1970
    expires_at   `exp`, or None
    ttl          seconds that it may be kept for before asking again, or None
    """

    packed: bytes
    width: int
    issued_at: int
    expires_at: int | None
    ttl: float | None

    def value(self, index: int) -> int | None:
        """Look an entry up; None when the list is not that long (Token Status List, "Compressed Byte Array")."""
        at = index * self.width
        try:
            return (self.packed[at >> 3] >> (at & 7)) & ((1 << self.width) - 1)
        except IndexError:
            return None


def status_list(text: str, uri: str, keys: Mapping[str, PublicKey], now: float, held: StatusList | None) -> StatusList:
    """Read a status list token.

    text      the compact JWT
    uri       the address it was asked from, which its `sub` must be
    now       seconds since 1970
    held      the list of this address that we have: an older one is a step back
    raises    Unreadable; UnknownKey when only its key is missing
    """
    claims = members(verified(text, keys, TYPES, LARGEST_BODY).payload)
    if claims.get("sub") != uri:
        raise Unreadable("sub is another list")
    issued_at, expires_at, ttl = claims.get("iat"), claims.get("exp"), claims.get("ttl")
    if type(issued_at) is not int or issued_at > now + _AHEAD:
        raise Unreadable("iat is missing or in the future")
    if held is not None and issued_at < held.issued_at:
        raise Unreadable("iat is older than that of the list held")
    if expires_at is not None and (type(expires_at) is not int or expires_at <= now):
        raise Unreadable("exp is past or no number")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int | float) or not ttl > 0):
        raise Unreadable("ttl is no positive number")
    packed, width = _entries(claims.get("status_list"))
    return StatusList(packed, width, issued_at, expires_at, ttl)


def _entries(value: Any) -> tuple[bytes, int]:
    if not isinstance(value, dict) or type(value.get("bits")) is not int or value["bits"] not in WIDTHS:
        raise Unreadable("bits")
    if not isinstance(value.get("lst"), str):
        raise Unreadable("lst")
    return _unpacked(octets(value["lst"].encode("utf-8"))), value["bits"]


def _unpacked(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, LARGEST_ENTRIES + 1)
    except zlib.error as error:
        raise Unreadable("lst is no zlib stream") from error
    if len(found) > LARGEST_ENTRIES:
        raise Unreadable("lst is too large")
    if not stream.eof or stream.unused_data or not found:
        raise Unreadable("lst is cut, empty or followed by something")
    return found
