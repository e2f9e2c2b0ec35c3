"""Read a signed JWT in compact form: its form, header and signature, before anything in it is believed."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jwt.exceptions import InvalidKeyError

from keyturn_verify.public_keys import PublicKey

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ALPHABET = str.maketrans("-_", "+/")
# The unused bits of the last character are zero: two spellings of one token would be two tokens to a cache.
_LAST = {0: frozenset(), 2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
_LONGEST_HEADER = 1024


class Unreadable(Exception):
    """This is not what it should be. The text is for our log, never for the caller."""


class UnknownKey(Unreadable):
    """It may be good, but its key is not among those that we hold."""


class Signed(NamedTuple):
    """A JWT whose signature is right: the key it was checked with, and its claims as JSON text."""

    key: PublicKey
    payload: bytes


def verified(text: str, keys: Mapping[str, PublicKey], types: frozenset[str], largest: int) -> Signed:
    """Check the form, the header and the signature of a JWT.

    text      the compact form
    keys      public keys by `kid`
    types     the `typ` values that are wanted here, in lower case
    largest   the most characters to look at
    raises    Unreadable; UnknownKey when only the key is missing
    """
    if len(text) > largest or _COMPACT.fullmatch(text) is None:  # rfc8725bis §3.14, §3.15
        raise Unreadable("no compact JWS, or too long")
    head, body, signature = text.split(".")
    key = _key(head, keys, types)
    try:
        right = key.algorithm.verify(text[: len(head) + 1 + len(body)].encode("ascii"), key.public, octets(signature))
    except (ValueError, TypeError, InvalidKeyError) as error:
        raise Unreadable("signature") from error
    if not right:
        raise Unreadable("signature")
    return Signed(key, octets(body))


def _key(head: str, keys: Mapping[str, PublicKey], types: frozenset[str]) -> PublicKey:
    if len(head) > _LONGEST_HEADER:
        raise Unreadable("header too long")
    header = members(octets(head))
    if "crit" in header or "b64" in header:  # RFC 7515 §4.1.11: we understand no extension
        raise Unreadable("crit")
    # RFC 8725 §3.11: other JWTs under the same keys carry another type.
    typ, kid = header.get("typ"), header.get("kid")
    if not isinstance(typ, str) or typ.lower() not in types:
        raise Unreadable("typ")
    if not isinstance(kid, str):
        raise Unreadable("no kid")
    key = keys.get(kid)
    if key is None:
        raise UnknownKey("kid")
    if header.get("alg") not in key.names:  # RFC 8725 §3.1: the key decides the algorithm
        raise Unreadable("alg")
    return key


def octets(segment: str) -> bytes:
    """Decode base64url without padding, in its one spelling.

    raises   Unreadable
    """
    rest = len(segment) % 4
    if rest and segment[-1] not in _LAST.get(rest, ()):
        raise Unreadable("base64url")
    try:
        return binascii.a2b_base64(segment.translate(_ALPHABET) + "=" * (-len(segment) % 4), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("base64url") from error


def members(text: bytes) -> dict[str, Any]:
    """Read a JSON object without repeated names.

    raises   Unreadable
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Unreadable("JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("no JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7515 §4 and RFC 7519 §4 let us reject repeated names, and two readers can then never disagree.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("repeated name")
    return found
