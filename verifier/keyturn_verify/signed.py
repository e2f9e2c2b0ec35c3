"""Read a signed JWT in compact form: its form, header and signature, before anything in it is believed."""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from jwt.exceptions import InvalidKeyError

from keyturn_verify.public_keys import PublicKey

# base64url to base64; what only base64 has becomes what neither has.
_ALPHABET = bytes.maketrans(b"-_+/=", b"+/!!!")
# The unused bits of the last character are zero: two spellings of one token would be two tokens to a cache.
_LAST = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}
_PADDING = {0: b"", 2: b"==", 3: b"="}
_LONGEST_HEADER, _MOST_HEADS = 1024, 64


class Unreadable(Exception):
    """This is not what it should be. The text is for our log, never for the caller."""


class UnknownKey(Unreadable):
    """It may be good, but its key is not among those that we hold."""


class Signed(NamedTuple):
    """A JWT whose signature is right: the key it was checked with, and its claims as JSON text."""

    key: PublicKey
    payload: bytes


def verified(
    text: str,
    keys: Mapping[str, PublicKey],
    types: frozenset[str],
    largest: int,
    heads: dict[bytes, PublicKey] | None = None,
) -> Signed:
    """Check the form, the header and the signature of a JWT.

    text      the compact form
    keys      public keys by `kid`
    types     the `typ` values that are wanted here, in lower case
    largest   the most characters to look at
    heads     headers that were found good here before: all tokens of a key have the same one
    raises    Unreadable; UnknownKey when only the key is missing
    """
    if len(text) > largest:  # rfc8725bis §3.15
        raise Unreadable("too long")
    try:
        head, body, signature = text.encode("ascii").split(b".")
    except ValueError as error:  # rfc8725bis §3.14
        raise Unreadable("no compact JWS") from error
    known = None if heads is None else heads.get(head)
    key = known if known is not None and keys.get(known.kid) is known else _key(head, keys, types)
    try:
        right = key.algorithm.verify(head + b"." + body, key.public, octets(signature))
    except (ValueError, TypeError, InvalidKeyError) as error:
        raise Unreadable("signature") from error
    if not right:
        raise Unreadable("signature")
    if heads is not None and known is not key and len(heads) < _MOST_HEADS:
        heads[head] = key
    return Signed(key, octets(body))


def _key(head: bytes, keys: Mapping[str, PublicKey], types: frozenset[str]) -> PublicKey:
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


def octets(segment: bytes) -> bytes:
    """Decode base64url without padding, in its one spelling.

    raises   Unreadable
    """
    rest = len(segment) & 3
    if rest and segment[-1] not in _LAST.get(rest, ()):
        raise Unreadable("base64url")
    try:
        return a2b_base64(segment.translate(_ALPHABET) + _PADDING[rest], strict_mode=True)
    except ValueError as error:
        raise Unreadable("base64url") from error


def members(text: bytes) -> dict[str, Any]:
    """Read a JSON object without repeated names.

    raises   Unreadable
    """
    try:
        value = _decode(text.decode("utf-8"))
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


_decode = json.JSONDecoder(object_pairs_hook=_unique).decode
