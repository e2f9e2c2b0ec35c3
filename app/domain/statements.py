"""What else we sign: JWTs that are no access tokens, told apart by their `typ` (RFC 8725 §3.11)."""

from __future__ import annotations

import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from app.domain.tokens import Signer, encoded

_HALF = 32


def sign(by: Signer, typ: str, payload: bytes) -> bytes:
    """Sign a JSON claim set as a JWT of a type.

    by        the prepared key
    payload   the claim set as JSON text in UTF-8
    returns   the compact form; the same bytes for the same claims, except under PS256, whose signatures are salted
    """
    header = encoded(json.dumps({"alg": by.alg, "typ": typ, "kid": by.kid}, separators=(",", ":")).encode())
    signed = header + b"." + encoded(payload)
    return signed + b"." + encoded(_signature(by, signed))


def _signature(by: Signer, signed: bytes) -> bytes:
    if by.alg != "ES256":
        return by.algorithm.sign(signed, by.private)
    try:
        # RFC 6979: what two processes say is then the same to the byte, as their entity tags promise.
        r, s = decode_dss_signature(by.private.sign(signed, ECDSA(SHA256(), deterministic_signing=True)))
    except UnsupportedAlgorithm:  # a library built against an OpenSSL older than 3.2
        return by.algorithm.sign(signed, by.private)
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)
